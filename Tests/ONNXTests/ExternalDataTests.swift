import ByteIO
import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("External data")
struct ExternalDataTests {
  let temporary: TemporaryFolder

  init() throws {
    temporary = try TemporaryFolder()
    try temporary.createFolder("model/sub")
    try temporary.write([UInt8](repeating: 1, count: 64), to: "model/data.bin")
    try temporary.write([UInt8](repeating: 2, count: 64), to: "model/sub/data.bin")
    try temporary.write([UInt8](repeating: 3, count: 64), to: "secret.bin")
  }

  /// A tensor of 4 floats in another file.
  private func fill(_ builder: inout ProtoBuilder, _ entries: [(String, String)]) {
    builder.tensorHead("w", type: 1, [4])
    for (key, value) in entries { builder.external(key, value) }
    builder.integer(14, 1)
  }

  private func model(_ entries: [(String, String)]) -> [UInt8] {
    ProtoBuilder.model(ofTensor: { fill(&$0, entries) })
  }

  private func place(_ entries: [(String, String)]) throws -> (location: String, range: Range<UInt64>)? {
    let reader = try read(model(entries), in: temporary.path("model"))
    guard case .external(let file, let range)? = reader.model.tensors.first?.values else { return nil }
    return (reader.externalFiles[file].location, range)
  }

  @Test(
    "Paths within the folder are followed, however they are written",
    arguments: [
      ("data.bin", "data.bin"), ("./data.bin", "data.bin"), ("sub/data.bin", "sub/data.bin"),
      (".//sub/./data.bin", "sub/data.bin"),
    ]
  )
  func locations(location: String, plain: String) throws {
    let place = try #require(try place([("location", location)]))
    #expect(place.location == plain && place.range == 0..<16)
  }

  @Test("Offset and length say where in the file; without a length it is what the elements take")
  func ranges() throws {
    #expect(try place([("location", "data.bin"), ("offset", "48"), ("length", "16")])?.range == 48..<64)
    #expect(try place([("offset", "7"), ("location", "data.bin")])?.range == 7..<23)
    #expect(try place([("location", "data.bin"), ("offset", "048")])?.range == 48..<64)
  }

  @Test(
    "A range that is not in the file is refused",
    arguments: [("49", nil), ("48", "17"), ("65", nil), ("9223372036854775808", nil), ("", nil), ("+1", nil)]
      as [(String, String?)]
  )
  func wrongRanges(offset: String, length: String?) throws {
    let entries = [("location", "data.bin"), ("offset", offset)] + (length.map { [("length", $0)] } ?? [])
    let fault = try #require(try fault(model(entries), in: temporary.path("model")))
    #expect(fault.tensor == "w")
    #expect(fault.field?.hasPrefix("graph.initializer[0].external_data.") == true)
  }

  @Test("A link within the folder is followed, one out of it is not, nor a folder that is one")
  func links() throws {
    try temporary.link("model/inner.bin", to: "sub/data.bin")
    try temporary.link("model/outer.bin", to: "../secret.bin")
    try temporary.link("model/up", to: "..")
    try temporary.link("model/system", to: "/etc")
    #expect(try place([("location", "inner.bin")])?.range == 0..<16)
    for location in ["outer.bin", "up/secret.bin", "system/passwd", "up/model/data.bin/x"] {
      let fault = try #require(
        try fault(model([("location", location)]), in: temporary.path("model")),
        "\(location)"
      )
      #expect(caseName(of: fault.rule) == "unusableFile" && fault.tensor == "w")
    }
  }

  @Test(
    "In the Hub's cache, links of a snapshot and of the folders in it lead to the blobs",
    arguments: ["", "onnx/"]
  )
  func snapshot(folder: String) throws {
    let up = folder.isEmpty ? "../../" : "../../../"
    let snapshot = "models--a--b/snapshots/1234/\(folder)"
    try temporary.createFolder(snapshot)
    try temporary.createFolder("models--a--b/blobs")
    try temporary.write([UInt8](repeating: 9, count: 16), to: "models--a--b/blobs/abc")
    try temporary.write(model([("location", "model.onnx_data")]), to: "models--a--b/blobs/def")
    try temporary.link("\(snapshot)model.onnx_data", to: "\(up)blobs/abc")
    try temporary.link("\(snapshot)model.onnx", to: "\(up)blobs/def")
    let reader = try ONNXReader(path: temporary.path("\(snapshot)model.onnx"))
    #expect(reader.externalFiles.map(\.location) == ["model.onnx_data"])
    #expect(reader.externalFiles.first?.source.displayName.hasSuffix("model.onnx_data") == true)

    try temporary.link("\(snapshot)other", to: "\(up)../secret.bin")
    #expect(try fault(model([("location", "other")]), in: temporary.path(snapshot)) != nil)
  }

  @Test("Every place of a tensor is under the rule", arguments: 0..<8)
  func places(number: Int) throws {
    let entries = [("location", "../secret.bin")]
    let graph: (inout ProtoBuilder) -> Void = { $0.message(5) { fill(&$0, entries) } }
    let indices: (inout ProtoBuilder) -> Void = {
      $0.tensorHead("", type: 7, [2])
      $0.external("location", "../secret.bin")
      $0.integer(14, 1)
    }
    let sparse: (inout ProtoBuilder) -> Void = {
      $0.message(1) {
        $0.tensorHead("s", type: 1, [2])
        $0.bytes(9, [UInt8](repeating: 0, count: 8))
      }
      $0.message(2, indices)
      $0.integer(3, 9)
    }
    let attributes: [(inout ProtoBuilder) -> Void] = [
      { $0.message(5) { fill(&$0, entries) } }, { $0.message(10) { fill(&$0, entries) } },
      { $0.message(6, graph) }, { $0.message(11, graph) }, { $0.message(22, sparse) },
      { $0.message(23, sparse) },
    ]
    let bytes: [UInt8] =
      switch number {
      case 0..<6: ProtoBuilder.model("Any", attribute: attributes[number])
      case 6: ProtoBuilder.model(graph: { $0.message(15, sparse) })
      default:
        ProtoBuilder.model(graph: { _ in })
          + ProtoBuilder { $0.message(25) { $0.message(11, attributes[0]) } }.bytes
      }
    let fault = try #require(try fault(bytes, in: temporary.path("model")))
    #expect(fault.rule == .locationLeavesFolder("../secret.bin"))
  }

  @Test("A file is opened once, and keeps the first checksum")
  func sharedFile() throws {
    let bytes = ProtoBuilder.model(graph: {
      for (name, location) in [("a", "data.bin"), ("b", "./data.bin"), ("c", "sub/data.bin")] {
        $0.message(5) {
          $0.tensorHead(name, type: 1, [4])
          $0.external("location", location)
          $0.external("checksum", "sum of \(name)")
          $0.integer(14, 1)
        }
      }
    })
    let files = try read(bytes, in: temporary.path("model")).externalFiles
    #expect(files.map(\.location) == ["data.bin", "sub/data.bin"])
    #expect(files.map(\.checksum) == ["sum of a", "sum of c"])
  }

  @Test("Without a folder, a model with external data is refused")
  func noFolder() throws {
    #expect(try fault(model([("location", "data.bin")]))?.rule == .noFolder)
  }
}
