import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Lengths around what is spliced")
struct LengthTests {
  /// Bytes of padding beside a tensor, so that contents come to either side of 127 and of 16383 bytes, and how many
  /// graphs are around.
  static let cases: [(padding: Int, depth: Int)] =
    (0...3).flatMap { depth in
      (Array(stride(from: 0, through: 126, by: 3)) + Array(16_200...16_260).filter { $0 % 7 == 0 })
        .map { (padding: $0, depth: depth) }
    }

  @Test("Lengths grow and shrink with what they enclose, at every depth", arguments: 0...3)
  func growth(depth: Int) throws {
    var crossed: Set<Int> = []
    for padding in Self.cases.filter({ $0.depth == depth }).map(\.padding) {
      let graph =
        SpliceModels.node("Identity", "w", "o")
        + WireBytes.field(5, SpliceModels.tensor("w", 24))
        + WireBytes.field(10, String(repeating: "d", count: padding))
      let file = WireBytes.model(graph: SpliceModels.nested(graph, depth: depth))
      let before = try ModelText(read(file))
      for target in [SpliceTarget.sparseValue, .sparseInitializer, .bitmask] {
        let spliced = try SpliceModels.splice(file, "w", target).bytes
        let after = try read(spliced)
        try #require(ModelText(after).lines == before.lines, "\(padding) \(target)")
        // Written as short as can be, as the plain writer of this test does it.
        for frame in after.structure.frames {
          let length = frame.content.upperBound - frame.content.lowerBound
          let bytes = Int(frame.length.upperBound - frame.length.lowerBound)
          try #require(bytes == WireBytes.varint(length).count)
          crossed.insert(bytes)
        }
        let subjects = try Splicing.subjects(after)
        let back = try Splicing.bytes(spliced, after, subjects.map { ($0, .raw) })
        try #require(ModelText(read(back)).lines == before.lines)
        if target == .sparseInitializer { try #require(back == file) }
      }
    }
    #expect(crossed == [1, 2, 3])
  }

  @Test("A length that stays what it is keeps its bytes, also more than it needs")
  func overlong() throws {
    // Around one tensor that changes its size and one that does not.
    func graph(_ tensor: [UInt8]) -> [UInt8] {
      WireBytes.varint(5 << 3 | 2) + WireBytes.varint(UInt64(tensor.count), padding: 3) + tensor
    }
    let typed =
      WireBytes.tensor("w", 5, [2]) + WireBytes.varint(5 << 3 | 2) + WireBytes.varint(2) + [7, 8]
    let raw = SpliceModels.tensor("v", 2)
    let content = graph(typed) + graph(raw)
    let file =
      WireBytes.field(1, 10) + WireBytes.varint(7 << 3 | 2)
      + WireBytes.varint(UInt64(content.count), padding: 4) + content
    // The graph's length and the tensor's are new; that of the other tensor is not.
    for (name, lengths) in [("w", [1, 1, 4]), ("v", [1, 4, 1])] {
      let reader = try read(SpliceModels.splice(file, name, .raw).bytes)
      #expect(reader.structure.frames.map(\.length.count) == lengths)
      #expect(try ModelText(reader).lines == ModelText(read(file)).lines)
    }
  }

  @Test("What is replaced by as much leaves the lengths around it alone")
  func sameSize() throws {
    let content = WireBytes.field(5, SpliceModels.tensor("v", 20))
    let file =
      WireBytes.field(1, 10) + WireBytes.varint(7 << 3 | 2)
      + WireBytes.varint(UInt64(content.count), padding: 4) + content
    #expect(try SpliceModels.splice(file, "v", .raw).bytes == file)
  }

  @Test("A graph in two parts: tensors of one, nodes of the other")
  func parts() throws {
    for (first, second) in [(0, 1), (1, 0)] {
      let pieces = [
        WireBytes.field(5, SpliceModels.tensor("w", 200)) + WireBytes.field(2, "g"),
        SpliceModels.node("Identity", "w", "o") + SpliceModels.node("Identity", "o", "p"),
      ]
      let file =
        WireBytes.field(1, 10) + WireBytes.field(7, pieces[first]) + WireBytes.field(2, "producer")
        + WireBytes.field(7, pieces[second])
        + WireBytes.field(8, WireBytes.field(2, 21))
      let before = try ModelText(read(file))
      for target in [SpliceTarget.raw, .sparseValue, .sparseInitializer, .bitmask] {
        let spliced = try SpliceModels.splice(file, "w", target).bytes
        let after = try read(spliced)
        try #require(ModelText(after).lines == before.lines)
        try #require(after.structure.graphs[0].frames.count == 2)
        let subjects = try Splicing.subjects(after)
        let back = try Splicing.bytes(spliced, after, subjects.map { ($0, .raw) })
        try #require(ModelText(read(back)).lines == before.lines)
      }
    }
  }

  @Test("What is put in at the end of a message comes before what is put in behind it")
  func ends() throws {
    func constant(_ name: String) -> [UInt8] {
      let value = WireBytes.field(1, "value") + WireBytes.field(5, SpliceModels.tensor("", 9))
      return WireBytes.field(
        1,
        WireBytes.field(2, name) + WireBytes.field(4, "Constant") + WireBytes.field(5, value)
      )
    }
    /// A node that ends where the graph in it does.
    func branch(_ output: String, _ graph: [UInt8]) -> [UInt8] {
      let body = WireBytes.field(1, "body") + WireBytes.field(6, graph)
      return WireBytes.field(
        1,
        WireBytes.field(2, output) + WireBytes.field(4, "If") + WireBytes.field(5, body)
      )
    }
    // Graphs that end together, before an initializer and at the end of the file.
    let inner = constant("a") + branch("b", constant("c"))
    let graph =
      branch("d", inner) + WireBytes.field(5, SpliceModels.tensor("e", 9)) + constant("f")
      + branch("g", inner)
    let file =
      WireBytes.field(1, 10) + WireBytes.field(8, WireBytes.field(2, 21)) + WireBytes.field(7, graph)
    let reader = try read(file)
    let before = try ModelText(reader)
    let subjects = try Splicing.subjects(reader)
    for order in [subjects, subjects.reversed()] {
      for target in [SpliceTarget.sparseInitializer, .bitmask] {
        let spliced = try Splicing.bytes(file, reader, order.map { ($0, target) }, metadata: [("k", "v")])
        let after = try read(spliced)
        try #require(ModelText(after).lines == ["metadata k = v"] + before.lines)
      }
    }
  }

  @Test("Changes within one another, and side by side, in any order")
  func several() throws {
    try withSeed { generator in
      let inner = WireBytes.field(5, SpliceModels.tensor("a", 90)) + SpliceModels.node("Neg", "a", "b")
      let middle =
        SpliceModels.nested(inner, depth: 2) + WireBytes.field(5, SpliceModels.tensor("c", 10))
        + SpliceModels.node("Neg", "c", "d")
      let file = WireBytes.model(
        graph: WireBytes.field(5, SpliceModels.tensor("e", 70)) + SpliceModels.nested(middle, depth: 1)
          + WireBytes.field(5, SpliceModels.tensor("f", 3)) + SpliceModels.node("Add", "e", "g")
      )
      let reader = try read(file)
      let before = try ModelText(reader)
      let targets = [SpliceTarget.raw, .sparseValue, .sparseInitializer, .bitmask]
      for _ in 0..<60 {
        let changes = try Splicing.subjects(reader).shuffled(using: &generator).map {
          ($0, targets.randomElement(using: &generator) ?? .raw)
        }
        let spliced = try Splicing.bytes(file, reader, changes)
        let after = try read(spliced)
        try #require(ModelText(after).lines == before.lines)
        // And from any forms to any others.
        let again = try Splicing.subjects(after).shuffled(using: &generator).map {
          ($0, targets.randomElement(using: &generator) ?? .raw)
        }
        let end = try Splicing.bytes(spliced, after, again)
        try #require(ModelText(read(end)).lines == before.lines)
      }
    }
  }
}
