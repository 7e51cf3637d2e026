import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("What a spliced model declares and keeps")
struct SpliceDeclarationTests {
  private static func graph(_ more: [UInt8] = []) -> [UInt8] {
    WireBytes.field(5, SpliceModels.tensor("w", 9)) + SpliceModels.node("Identity", "w", "y") + more
  }

  /// IR version, form, and the version afterwards.
  static let versions: [(UInt64, SpliceTarget, Int64)] = [
    (3, .raw, 3), (3, .external, 3), (3, .sparseValue, 6), (5, .sparseInitializer, 6), (5, .bitmask, 6),
    (6, .sparseValue, 6), (14, .sparseValue, 14),
  ]

  @Test("ir_version is raised to what a form needs, and never lowered", arguments: versions)
  func version(old: UInt64, target: SpliceTarget, new: Int64) throws {
    // `ir_version` behind the graph, and twice: the last one counts.
    let file =
      WireBytes.field(1, 1) + WireBytes.field(7, Self.graph()) + WireBytes.field(1, old)
      + WireBytes.field(8, WireBytes.field(2, 11))
    let (plan, bytes) = try SpliceModels.splice(file, "w", target)
    #expect(plan.notes == (Int64(old) < new ? [.raisedVersion(from: Int64(old), to: new)] : []))
    guard target != .external else { return }
    let model = try read(bytes).model
    #expect(model.irVersion == new)
    #expect(model.operatorSets.map(\.version) == [11])
  }

  @Test("A type that the model did not have raises ir_version, too")
  func typeVersion() throws {
    let reader = try read(WireBytes.model(graph: Self.graph(), irVersion: 8))
    let plan = try SplicePlan(reader, changes: [.init(.tensor(0), to: .raw, type: .int4)])
    #expect(plan.notes == [.raisedVersion(from: 8, to: 10)])
    let same = try SplicePlan(reader, changes: [.init(.tensor(0), to: .raw, type: .int8)])
    #expect(same.notes.isEmpty)
  }

  @Test("Initializers are no inputs any more where the version before asked for that")
  func inputs() throws {
    let names = ["w", "x", "v"]
    let graph =
      Self.graph(WireBytes.field(5, SpliceModels.tensor("v", 5)))
      + names.flatMap { WireBytes.field(11, SpliceModels.value($0)) }
    let file = WireBytes.model(graph: graph, irVersion: 3)
    let before = try ModelText(read(file)).lines
    for target in [SpliceTarget.sparseValue, .sparseInitializer, .bitmask] {
      let (plan, bytes) = try SpliceModels.splice(file, "w", target)
      #expect(plan.notes == [.raisedVersion(from: 3, to: 6), .removedInputs(2, first: "w")])
      let after = try read(bytes)
      #expect(after.model.graphs[0].inputs == ["x"])
      let expected = before.map { $0 == "0 inputs \(names) outputs []" ? "0 inputs [\"x\"] outputs []" : $0 }
      #expect(try ModelText(after).lines == expected)
    }
    #expect(try SpliceModels.splice(file, "w", .raw).bytes == file)
  }

  /// The versions that functions import, and the one that the model imports then; nil where there can be none.
  static let functionSets: [(functions: [UInt64], model: Int64?)] = [
    ([], 11), ([13], 13), ([13, 13], 13), ([10], nil), ([13, 14], nil),
  ]

  @Test(
    "ONNX's own operators are imported where no node is one of them, as functions do",
    arguments: functionSets
  )
  func operatorSet(functions: [UInt64], model: Int64?) throws {
    let own =
      WireBytes.field(1, "w") + WireBytes.field(2, "y") + WireBytes.field(4, "F0") + WireBytes.field(7, "my")
    var file =
      WireBytes.field(1, 8)
      + WireBytes.field(7, WireBytes.field(5, SpliceModels.tensor("w", 9)) + WireBytes.field(1, own))
      + WireBytes.field(8, WireBytes.field(1, "my") + WireBytes.field(2, 1))
    for (number, version) in functions.enumerated() {
      let node = WireBytes.field(2, "y") + WireBytes.field(4, "Neg")
      file += WireBytes.field(
        25,
        WireBytes.field(1, "F\(number)") + WireBytes.field(7, node)
          + WireBytes.field(9, WireBytes.field(1, "ai.onnx") + WireBytes.field(2, version))
          + WireBytes.field(10, "my")
      )
    }
    #expect(try SpliceModels.splice(file, "w", .sparseInitializer).plan.notes.isEmpty)
    guard let model else {
      #expect(throws: SpliceFault.self) { try SpliceModels.splice(file, "w", .bitmask) }
      return
    }
    let (plan, bytes) = try SpliceModels.splice(file, "w", .bitmask)
    #expect(plan.notes == [.addedOperatorSet(model)])
    let sets = try read(bytes).model.operatorSets
    #expect(sets.map(\.domain) == ["my", ""] && sets.map(\.version) == [1, model])
  }

  @Test("Documentation, metadata and unknown fields of a tensor go with it through every form and back")
  func kept() throws {
    let trailing =
      WireBytes.field(12, "about w") + WireBytes.field(16, WireBytes.field(1, "k") + WireBytes.field(2, "v"))
      + WireBytes.field(999, "new")
    let file = WireBytes.model(
      graph: WireBytes.field(5, SpliceModels.tensor("w", 9, trailing: trailing))
        + SpliceModels.node("Identity", "w", "y")
    )
    for target in [SpliceTarget.sparseValue, .sparseInitializer, .bitmask] {
      let spliced = try SpliceModels.splice(file, "w", target).bytes
      #expect(spliced.firstRange(of: trailing) != nil)
      let after = try read(spliced)
      let back = try Splicing.bytes(spliced, after, Splicing.subjects(after).map { ($0, .raw) })
      #expect(back.firstRange(of: trailing) != nil)
      if target == .sparseInitializer { #expect(back == file) }
    }
  }

  @Test("Documentation of a Constant's attribute and its node's own fields stay")
  func constant() throws {
    let attribute =
      WireBytes.field(1, "value") + WireBytes.field(5, SpliceModels.tensor("inner", 9))
      + WireBytes.field(13, "about it") + WireBytes.field(20, 4)
    let node =
      WireBytes.field(2, "w") + WireBytes.field(3, "the node") + WireBytes.field(4, "Constant")
      + WireBytes.field(5, attribute) + WireBytes.field(6, "about the node")
    let file = WireBytes.model(graph: WireBytes.field(1, node))
    let spliced = try SpliceModels.splice(file, "w", .sparseValue).bytes
    let back = try SpliceModels.splice(spliced, "w", .raw).bytes
    for bytes in [spliced, back] {
      for text in ["about it", "the node", "about the node", "inner"] {
        #expect(bytes.firstRange(of: Array(text.utf8)) != nil)
      }
      let nodes = try read(bytes).model.graphs[0].nodes
      #expect(nodes.count == 1 && nodes[0].outputs == ["w"] && nodes[0].name == "the node")
    }
  }

  @Test("More documentation than can be carried along is refused")
  func tooMuch() throws {
    let trailing = WireBytes.field(12, [UInt8](repeating: 32, count: 1 << 20))
    let file = WireBytes.model(graph: WireBytes.field(5, SpliceModels.tensor("w", 9, trailing: trailing)))
    let fault = #expect(throws: SpliceFault.self) { try SpliceModels.splice(file, "w", .sparseValue) }
    #expect(fault?.rule == .tooMuchBeside(UInt64(trailing.count), limit: 1 << 20))
    #expect(fault?.tensor == "w")
  }

  @Test("Metadata is set in its place, added at the end, or taken out; the last of several requests counts")
  func metadata() throws {
    func entry(_ key: String, _ value: String) -> [UInt8] {
      WireBytes.field(14, WireBytes.field(1, key) + WireBytes.field(2, value))
    }
    let model = WireBytes.model(graph: Self.graph())
    let file = entry("a", "1") + model + entry("b", "2") + entry("a", "3") + entry("c", "4")
    let reader = try read(file)
    func set(_ metadata: [(key: String, value: String?)]) throws -> [UInt8] {
      try Splicing.bytes(file, reader, [], metadata: metadata)
    }
    #expect(
      try set([("a", "5")]) == entry("a", "5") + model + entry("b", "2") + entry("c", "4")
    )
    #expect(try set([("b", nil), ("z", nil)]) == entry("a", "1") + model + entry("a", "3") + entry("c", "4"))
    #expect(try set([("d", "x"), ("d", "6")]) == file + entry("d", "6"))
    #expect(try set([("c", "4"), ("b", "2")]) == file)
  }

  @Test("Names of a bitmask's parts give way to those that are there, in any graph")
  func names() throws {
    let inner =
      WireBytes.field(5, SpliceModels.tensor("w.mask", 3))
      + SpliceModels.node("Neg", "w.mask", "bitmask.zero")
    let file = WireBytes.model(
      graph: SpliceModels.nested(inner, depth: 1) + Self.graph(SpliceModels.node("Neg", "y", "w.1.flags"))
    )
    let before = try ModelText(read(file))
    let spliced = try SpliceModels.splice(file, "w", .bitmask).bytes
    let after = try read(spliced)
    let names = after.model.graphs.flatMap { graph in
      graph.nodes.flatMap(\.outputs) + graph.initializers.map { after.model.tensors[$0].name }
    }
    #expect(Set(names).count == names.count)
    #expect(names.contains("w.2.mask") && names.contains("bitmask1.zero"))
    #expect(try ModelText(after).lines == before.lines)
  }

  @Test("Bitmasks share their constants once, where all of them see it")
  func sharing() throws {
    let inner = WireBytes.field(5, SpliceModels.tensor("a", 16)) + SpliceModels.node("Neg", "a", "b")
    let file = WireBytes.model(graph: SpliceModels.nested(inner, depth: 2) + Self.graph())
    let reader = try read(file)
    let subjects = try Splicing.subjects(reader)
    let both = try Splicing.bytes(file, reader, subjects.map { ($0, .bitmask) })
    let after = try read(both)
    let shared = after.model.tensors.filter { $0.name.hasPrefix("bitmask.") }
    #expect(shared.count == 5 && shared.allSatisfy { $0.graph == 0 })
    #expect(try ModelText(after).lines == ModelText(reader).lines)
    // One of them alone needs them still; of the last one nothing is left.
    let expansions = try Splicing.subjects(after)
    let one = try Splicing.bytes(both, after, [(expansions[0], .raw)])
    let left = try read(one)
    #expect(try ModelText(left).lines == ModelText(reader).lines)
    #expect(left.model.tensors.contains { $0.name.hasPrefix("bitmask.") })
    let none = try Splicing.bytes(one, left, Splicing.subjects(left).map { ($0, .raw) })
    #expect(try read(none).model.tensors.count == 2)
    #expect(try ModelText(read(none)).lines == ModelText(reader).lines)
  }

  @Test("Elements in another file are found there, and come back")
  func external() throws {
    let folder = try TemporaryFolder()
    try folder.write(SpliceModels.elements(9), to: "w.bin")
    let constant =
      WireBytes.field(1, "value") + WireBytes.field(5, SpliceModels.tensor("t", 9)) + WireBytes.field(20, 4)
    let files = [
      WireBytes.model(graph: Self.graph()),
      WireBytes.model(
        graph: WireBytes.field(
          1,
          WireBytes.field(2, "w") + WireBytes.field(4, "Constant") + WireBytes.field(5, constant)
        )
      ),
    ]
    for file in files {
      let before = try ModelText(read(file)).lines
      var forms = [file]
      for target in [SpliceTarget.sparseValue, .sparseInitializer, .bitmask] {
        forms.append(try SpliceModels.splice(file, "w", target).bytes)
      }
      for form in forms {
        let reader = try read(form)
        let subject = try #require(try Splicing.subjects(reader).first)
        let spliced = try Splicing.bytes(form, reader, [(subject, .external)])
        let after = try read(spliced, in: folder.path)
        #expect(after.externalFiles.map(\.location) == ["w.bin"])
        #expect(try ModelText(after).lines == before)
        let back = try Splicing.bytes(spliced, after, [(.tensor(0), .raw)])
        #expect(try ModelText(read(back)).lines == before)
      }
    }
  }
}
