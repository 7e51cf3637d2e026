internal import ByteIO
internal import Inspection
internal import ModelIR
internal import ONNX

/// Elements that lie beside a model file: those of the input that are still read, and those that go out anew.
struct ExternalData {
  /// A file of the graph's that the output reads too.
  struct Carried {
    var components: [String]
    var source: any ByteSource
  }

  /// The file that takes elements, and its length; nil where none is written.
  private(set) var written: (name: String, byteCount: UInt64)?
  /// The file of others that elements are read from where they are.
  private(set) var shared: (name: String, source: any ByteSource)?
  /// The files that have to stand beside the output.
  private(set) var carried: [Carried] = []

  /// Where elements start: what memory maps can take, as ONNX recommends it.
  private static let alignment: UInt64 = 4096
  /// Tensors of fewer bytes stay in the model file.
  private static let leastBytes: UInt64 = 1024

  /// Nothing lies outside.
  init() {}

  /// Gives all large tensors of a graph a place in the file `name` beside the model.
  init(_ name: String, _ changes: inout [ONNXChange], _ graph: ONNXImport, _ rules: SpliceRules) {
    var end: UInt64 = 0
    for index in changes.indices {
      guard changes[index].form == .dense, changes[index].denseByteCount >= Self.leastBytes,
        rules.obstacle(to: .external, of: changes[index].subject) == nil
      else { continue }
      let start = (end + Self.alignment - 1) / Self.alignment * Self.alignment
      changes[index].external = (name, start)
      end = start + changes[index].denseByteCount
    }
    written = (name, end)
  }

  /// Reads tensors from where they are: a safetensors file beside the output.
  init(sharing name: String, _ changes: inout [ONNXChange], _ model: Model, file: Int) {
    shared = (name, model.files[file].source)
    for index in changes.indices {
      let change = changes[index]
      guard change.form == .dense, change.isGrafted, !change.isDecoded,
        change.denseByteCount >= Self.leastBytes,
        case .dense(let region) = change.tensor.storage, Int(region.file) == file
      else { continue }
      changes[index].external = (name, region.offset)
    }
  }

  /// Finds the graph's files that unchanged tensors are still read from, and that do not stand there already.
  mutating func carry(_ graph: ONNXImport, besides changed: Set<Int>, to folder: String) throws {
    var needed: Set<Int> = []
    for (number, tensor) in graph.reader.model.tensors.enumerated() where !changed.contains(number) {
      for payload in [tensor.values, tensor.indices?.payload ?? .none] {
        if case .external(let file, _) = payload { needed.insert(file) }
      }
    }
    for file in needed.sorted() {
      let external = graph.reader.externalFiles[file]
      let path = folder + "/" + external.location
      // Files of a model that was opened are files.
      guard let backing = InputFile.backing(external.source) else { continue }
      if let there = try FileIdentity.at(path), there.isSameFile(as: backing.identity) { continue }
      carried.append(
        Carried(
          components: external.location.split(separator: "/").map(String.init),
          source: external.source
        )
      )
    }
  }
}
