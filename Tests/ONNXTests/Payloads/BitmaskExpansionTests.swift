import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Tensors that nodes put together from a mask")
struct BitmaskExpansionTests {
  @Test("The golden model's weight is found, and its zeros are where its mask has none")
  func golden() throws {
    var model = try StoredModel(golden: "bitmask_selfexpanding.onnx")
    let found = try model.storage.bitmaskExpansions(in: model.model)
    try #require(found.count == 1)
    let expansion = found[0]
    #expect(expansion.output == "w" && expansion.extents == [64, 64] && expansion.nodes == Array(0..<8))
    let names = expansion.constants.map { model.model.tensors[$0].name }
    #expect(Set(names) == ["bm.left", "bm.seven", "bm.m1", "bm.ax0", "w.shape"])
    let (mask, values) = (try model.dense("w.mask"), try model.dense("w.values"))
    let dense = try model.dense(expansion)
    var next = 4
    for element in 0..<4096 {
      let isStored = mask[element / 8] >> (element % 8) & 1 == 1
      let expected = isStored ? Array(values[next..<next + 4]) : [0, 0, 0, 0]
      #expect(Array(dense[(element * 4)..<(element * 4 + 4)]) == expected)
      if isStored { next += 4 }
    }
    #expect(next == values.count)
  }

  @Test("Rows of whole bytes are read where they lie in the file; no view is made")
  func noViews() throws {
    var model = try StoredModel(golden: "bitmask_selfexpanding.onnx")
    let expansion = try #require(try model.storage.bitmaskExpansions(in: model.model).first)
    guard
      case .bitmask(let mask, let values) = try model.storage.storage(of: expansion, in: model.model).storage
    else { throw StoredModel.Missing(name: "bitmask") }
    #expect(mask.file == 0 && values.file == 0 && mask.byteCount == 512 && values.byteCount == 8192)
    #expect(model.storage.views.isEmpty)
  }

  @Test(
    "The mask of rows that end within a byte can be read in any range",
    arguments: [[500, 13], [3, 70_001], [7, 1, 1001], [1, 5]] as [[UInt64]]
  )
  func anyRange(extents: [UInt64]) throws {
    try withSeed { generator in
      let sample = SparseSample(.uint8, extents, percentage: 40, using: &generator)
      let file = try WireBytes.model(
        graph: FormTests.graph(sample, .bitmask, .linearVarints) + FormTests.shared()
      )
      var model = try StoredModel(file)
      let expansion = try #require(try model.storage.bitmaskExpansions(in: model.model).first)
      guard case .bitmask(let mask, _) = try model.storage.storage(of: expansion, in: model.model).storage
      else { throw StoredModel.Missing(name: "bitmask") }
      let whole = MaskPiece(
        firstRow: 0,
        rowCount: Int(sample.shape.rows),
        firstColumn: 0,
        columnCount: Int(sample.shape.columns)
      )
      let expected = sample.mask(whole, columns: sample.shape.columns)
      try #require(mask.byteCount == UInt64(expected.count))
      for _ in 0..<100 {
        let start = Int.random(in: 0..<expected.count, using: &generator)
        let end = Int.random(in: start...expected.count, using: &generator)
        let part = Region(
          file: Int(mask.file),
          offset: mask.offset + UInt64(start),
          byteCount: UInt64(end - start)
        )
        try #require(try model.bytes(part) == Array(expected[start..<end]))
      }
    }
  }

  /// The model of a sample of 9 x 13 elements, whose fields are changed before it is read.
  private func found(_ change: (inout ONNXModel) -> Void) throws -> [BitmaskExpansion] {
    var generator = SeededGenerator(seed: 1)
    let sample = SparseSample(.float, [9, 13], percentage: 50, using: &generator)
    let file = try WireBytes.model(
      graph: FormTests.graph(sample, .bitmask, .linearVarints) + FormTests.shared()
    )
    let stored = try StoredModel(file)
    var model = stored.model
    change(&model)
    return try stored.storage.bitmaskExpansions(in: model)
  }

  /// An empty graph within the model's own.
  private static func body(of model: ONNXModel) -> ONNXGraph {
    var body = model.graphs[0]
    body.role = .body(node: 0, attribute: "then_branch")
    body.parent = 0
    (body.nodes, body.inputs, body.outputs, body.initializers) = ([], [], [], [])
    return body
  }

  /// What makes nodes mean something else than a mask's expansion.
  static let changes: [(String, @Sendable (inout ONNXModel) -> Void)] = [
    ("another operator", { $0.graphs[0].nodes[5].operation = "Add" }),
    ("another domain", { $0.graphs[0].nodes[6].domain = "com.example" }),
    ("another direction", { $0.graphs[0].nodes[0].attributes[0].value = .string("RIGHT") }),
    ("another type", { $0.graphs[0].nodes[2].attributes[0].value = .integer(1) }),
    ("another axis", { $0.graphs[0].nodes[7].attributes[0].value = .integer(1) }),
    (
      "sums that leave out their own",
      { model in
        var attribute = model.graphs[0].nodes[2].attributes[0]
        (attribute.name, attribute.value) = ("exclusive", .integer(1))
        model.graphs[0].nodes[5].attributes = [attribute]
      }
    ),
    ("other constants", { $0.graphs[0].nodes[1].inputs[1] = "bitmask.zero" }),
    ("flags of something else", { $0.graphs[0].nodes[6].inputs[1] = "w.flags" }),
    ("a sum that is an output", { $0.graphs[0].outputs.append("w.sums") }),
    (
      "flags that are read once more",
      { model in
        var node = model.graphs[0].nodes[6]
        node.outputs = ["more"]
        model.graphs[0].nodes.append(node)
      }
    ),
    (
      "flags that a graph within reads",
      { model in
        var body = body(of: model)
        body.outputs = ["w.flags"]
        model.graphs.append(body)
      }
    ),
    ("values that a caller can set", { $0.graphs[0].inputs.append("w.values") }),
    ("a mask that a caller can set", { $0.graphs[0].inputs.append("w.mask") }),
    (
      "a mask of another length",
      { model in
        let index = model.tensors.firstIndex { $0.name == "w.mask" } ?? 0
        model.tensors[index].shape = Shape([16, 1]) ?? .vector(0)
      }
    ),
    (
      "a first value that is not zero",
      { model in
        let index = model.tensors.firstIndex { $0.name == "w.values" } ?? 0
        guard case .raw(let range) = model.tensors[index].values else { return }
        model.tensors[index].values = .raw((range.lowerBound + 4)..<(range.upperBound))
        model.tensors[index].shape = .vector(model.tensors[index].shape.elementCount - 1)
      }
    ),
  ]

  @Test("Nodes that mean something else are not taken for an expansion", arguments: changes.indices)
  func changed(index: Int) throws {
    #expect(try found(Self.changes[index].1).isEmpty, "\(Self.changes[index].0)")
  }

  @Test("The order of factors, and names of graphs within that hide the same, do not matter")
  func unchanged() throws {
    #expect(try found { _ in }.count == 1)
    #expect(try found { $0.graphs[0].nodes[6].inputs.reverse() }.count == 1)
    let hidden = try found { model in
      var body = Self.body(of: model)
      body.inputs = ["w.flags"]
      body.outputs = ["w.flags"]
      model.graphs.append(body)
    }
    #expect(hidden.count == 1)
  }

  @Test("Nodes that lead in a circle end the search")
  func circle() throws {
    #expect(try found { $0.graphs[0].nodes[0].inputs[0] = "w.flags" }.isEmpty)
    #expect(try found { $0.graphs[0].nodes[3].inputs[0] = "w" }.isEmpty)
  }

  @Test("No two names of a tensor's parts are the same, and all that are written are told")
  func names() throws {
    let names = BitmaskMessages.Names(tensor: "w")
    let all = names.new + names.newShared
    #expect(Set(all).count == all.count)
    var generator = SeededGenerator(seed: 2)
    let sample = SparseSample(.float, [9, 13], percentage: 50, using: &generator)
    let file = try WireBytes.model(
      graph: FormTests.graph(sample, .bitmask, .linearVarints) + FormTests.shared()
    )
    let model = try StoredModel(file).model
    let written = model.tensors.map(\.name) + model.graphs[0].nodes.flatMap(\.outputs)
    #expect(Set(written) == Set(all + ["w"]))
  }
}
