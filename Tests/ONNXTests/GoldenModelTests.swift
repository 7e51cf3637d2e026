import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Golden models")
struct GoldenModelTests {
  /// What onnx finds, a list of lines for each file.
  static let expected: [String: [String]] = {
    let rows = (try? Fixture.table("\(GoldenModel.folder)/tensors.tsv")) ?? []
    return Dictionary(grouping: rows) { $0[0] }.mapValues { $0.map { $0.dropFirst().joined(separator: " ") } }
  }()

  @Test("The list has 66 models and 177 tensors")
  func list() {
    #expect(GoldenModel.all.count == 66)
    #expect(Self.expected.values.map(\.count).reduce(0, +) == 177)
  }

  @Test("Every tensor that onnx finds is found, with its type, shape and place", arguments: GoldenModel.all)
  func tensors(model: GoldenModel) throws {
    let reader = try model.reader(model.bytes())
    let found = reader.model.tensors.map { line($0, reader) }
    #expect(found.sorted() == (Self.expected[model.name] ?? []).map(simplified).sorted())
    #expect(Set(reader.model.tensors.map(\.scopedName)).count == reader.model.tensors.count)
  }

  /// The line of a tensor as onnx has it, but for where strings and typed elements are.
  private func line(_ tensor: ONNXTensor, _ reader: ONNXReader) -> String {
    let (place, name): (String, String) =
      switch tensor.place {
      case .initializer: ("initializer", tensor.name)
      case .sparseInitializer: ("sparseInitializer", tensor.name)
      case .attribute(_, let name, _), .functionAttribute(let name, _): ("attribute", name)
      }
    let dims = tensor.shape.extents.map(String.init).joined(separator: "x")
    var stored = text(tensor.values, reader)
    if let indices = tensor.indices {
      let form = indices.areCoordinates ? "coordinates" : "linear"
      stored += "+\(text(indices.payload, reader)):\(form):\(indices.nnz)"
    } else if name.hasPrefix("value_") || tensor.type == .string {
      stored = "here"
    }
    let shown = name.split(separator: "\0", omittingEmptySubsequences: false).joined(separator: "\\0")
    return [place, shown, tensor.type.name, dims.isEmpty ? "scalar" : dims, stored].joined(separator: " ")
  }

  private func text(_ payload: ONNXPayload, _ reader: ONNXReader) -> String {
    switch payload {
    case .raw, .typed: "here"
    case .none: "none"
    case .external(let file, _): "external:" + reader.externalFiles[file].location
    }
  }

  /// onnx's line, of whose fields of a tensor only that the elements are there is kept.
  private func simplified(_ line: String) -> String {
    var line = line
    for field in [
      "raw_data", "float_data", "int32_data", "uint64_data", "int64_data", "double_data", "string_data",
    ] {
      line = line.split(separator: field, omittingEmptySubsequences: false).joined(separator: "here")
    }
    return line.hasSuffix(" plain") ? line.dropLast(5) + "here" : line
  }

  @Test(
    "However a model is written, it says the same",
    arguments: GoldenModel.all.filter { $0.name.hasPrefix("wire_") }
  )
  func encodings(model: GoldenModel) throws {
    let reader = try model.reader(model.bytes())
    let graph = try #require(reader.model.graphs.first)
    #expect(graph.nodes.count == 1)
    #expect(reader.model.irVersion > 0 && reader.model.operatorSets.count == 1)
    let tensor = try #require(reader.model.tensors.first { $0.name == "w" })
    #expect(tensor.type == .float && tensor.shape.elementCount == 4)
    var elements: [UInt8] = []
    let bytes = try model.bytes()
    switch tensor.values {
    case .raw(let range): elements += bytes[Int(range.lowerBound)..<Int(range.upperBound)]
    case .typed(let runs, .fixed32):
      for run in runs { elements += bytes[Int(run.lowerBound)..<Int(run.upperBound)] }
    default: break
    }
    // 0, 1, 2, 3.
    #expect(elements == [0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64])
  }

  @Test("Graphs, their parents and what names their tensors have")
  func scopes() throws {
    let nested = GoldenModel(name: "subgraph_initializers.onnx")
    let model = try nested.reader(nested.bytes()).model
    #expect(model.graphs.count == 9)
    for graph in model.graphs.dropFirst() {
      let parent = try #require(graph.parent)
      guard case .body(let node, let attribute) = graph.role else {
        Issue.record("a body is expected")
        continue
      }
      #expect(model.graphs[parent].nodes[node].operation == "If")
      guard case .graphs(let bodies)? = model.graphs[parent].nodes[node].attribute(attribute) else {
        Issue.record("graphs are expected")
        continue
      }
      #expect(bodies.contains { model.graphs[$0].role == graph.role })
    }
    #expect(
      model.tensors.contains { $0.scopedName == "y.then_branch/o3.then_branch/w_2" && $0.name == "w_2" }
    )

    let training = GoldenModel(name: "training_info.onnx")
    let names = try training.reader(training.bytes()).model.tensors.map(\.scopedName)
    #expect(names == ["w", "training0.algorithm/lr"])

    let function = GoldenModel(name: "function_constants.onnx")
    let found = try function.reader(function.bytes()).model
    #expect(found.tensors.map(\.scopedName) == ["my::F/w", "my::F/s"])
    #expect(found.graphs.last?.role == .function(domain: "my", name: "F", overload: ""))
  }
}
