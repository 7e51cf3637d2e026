import ByteIO
import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("What can be spliced where")
struct SpliceRuleTests {
  /// A graph of one initializer that a node reads.
  private static func graph(_ more: [UInt8] = []) -> [UInt8] {
    WireBytes.field(5, SpliceModels.tensor("w", 9)) + SpliceModels.node("Identity", "w", "y") + more
  }

  /// A node with one attribute.
  private static func node(_ operation: String, _ attribute: [UInt8], output: String = "w") -> [UInt8] {
    WireBytes.field(
      1,
      WireBytes.field(2, output) + WireBytes.field(4, operation) + WireBytes.field(5, attribute)
    )
  }

  private static func tensorAttribute(_ name: String) -> [UInt8] {
    WireBytes.field(1, name) + WireBytes.field(5, SpliceModels.tensor("t", 9)) + WireBytes.field(20, 4)
  }

  /// A function whose `Constant` is the tensor.
  private static func function(operatorSet: UInt64, _ attribute: [UInt8]) -> [UInt8] {
    let constant =
      WireBytes.field(2, "w") + WireBytes.field(4, "Constant") + WireBytes.field(5, attribute)
    let body =
      WireBytes.field(1, "F") + WireBytes.field(5, "y") + WireBytes.field(7, constant)
      + WireBytes.field(9, WireBytes.field(2, operatorSet)) + WireBytes.field(10, "my")
    let call =
      WireBytes.field(2, "y") + WireBytes.field(4, "F") + WireBytes.field(7, "my")
    return WireBytes.model(graph: WireBytes.field(1, call)) + WireBytes.field(25, body)
  }

  private static func input(_ name: String) -> [UInt8] { WireBytes.field(11, SpliceModels.value(name)) }
  private static func output(_ name: String) -> [UInt8] { WireBytes.field(12, SpliceModels.value(name)) }
  private static let sparseTensor: [UInt8] = {
    let indices = WireBytes.tensor("", 7, [1]) + WireBytes.field(7, [3])
    return WireBytes.field(1, SpliceModels.tensor("", 1)) + WireBytes.field(2, indices)
      + WireBytes.field(3, 9)
  }()

  /// A model, the tensor, and what stops it from each form: raw, external, sparse value, sparse initializer, bitmask.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let file: [UInt8]
    var tensor = "w"
    let expected: [SpliceObstacle?]
  }

  static let cases: [Case] = [
    Case(
      testDescription: "an initializer",
      file: WireBytes.model(graph: graph()),
      expected: [nil, nil, nil, nil, nil]
    ),
    Case(
      testDescription: "an input that callers can set",
      file: WireBytes.model(graph: graph(input("w"))),
      expected: [nil, nil, .input, nil, .input]
    ),
    Case(
      testDescription: "an input because IR 3 asks for it",
      file: WireBytes.model(graph: graph(input("w")), irVersion: 3),
      expected: [nil, nil, nil, nil, nil]
    ),
    Case(
      testDescription: "an output",
      file: WireBytes.model(graph: graph(output("w"))),
      expected: [nil, nil, .output, .output, nil]
    ),
    Case(
      testDescription: "operators of version 10",
      file: WireBytes.model(graph: graph(), operatorSet: 10),
      expected: [
        nil, nil, .operatorSet(found: 10, needed: 11), nil, .operatorSet(found: 10, needed: 11),
      ]
    ),
    Case(
      testDescription: "no operator sets, before IR 3",
      file: WireBytes.field(1, 2) + WireBytes.field(7, graph()),
      expected: [nil, nil, .operatorSet(found: 1, needed: 11), nil, .operatorSet(found: 1, needed: 11)]
    ),
    Case(
      testDescription: "no operator sets, and operators",
      file: WireBytes.field(1, 8) + WireBytes.field(7, graph()),
      expected: [
        nil, nil, .operatorSet(found: nil, needed: 11), nil, .operatorSet(found: nil, needed: 11),
      ]
    ),
    Case(
      testDescription: "set by training",
      file: WireBytes.model(graph: graph())
        + WireBytes.field(20, WireBytes.field(4, WireBytes.field(1, "w") + WireBytes.field(2, "w2"))),
      expected: [nil, nil, .trained, .trained, .trained]
    ),
    Case(
      testDescription: "in a graph for training",
      file: WireBytes.model(graph: SpliceModels.node("Neg", "a", "b"))
        + WireBytes.field(20, WireBytes.field(2, graph())),
      tensor: "training0.algorithm/w",
      expected: [nil, .unsupportedPlace, nil, nil, nil]
    ),
    Case(
      testDescription: "a Constant",
      file: WireBytes.model(graph: node("Constant", tensorAttribute("value"))),
      expected: [nil, nil, nil, nil, nil]
    ),
    Case(
      testDescription: "a Constant that is an output",
      file: WireBytes.model(graph: node("Constant", tensorAttribute("value")) + output("w")),
      expected: [nil, nil, .output, .output, nil]
    ),
    Case(
      testDescription: "a Constant that nothing can read",
      file: WireBytes.model(graph: node("Constant", tensorAttribute("value"), output: "")),
      tensor: "Constant_0.value",
      expected: [nil, nil, nil, .unnamed, .unnamed]
    ),
    Case(
      testDescription: "an attribute of another operator",
      file: WireBytes.model(graph: node("ConstantOfShape", tensorAttribute("value"))),
      tensor: "w.value",
      expected: [nil, nil, .attribute, .attribute, .attribute]
    ),
    Case(
      testDescription: "a sparse attribute of another operator",
      file: WireBytes.model(
        graph: node(
          "Own",
          WireBytes.field(1, "a") + WireBytes.field(22, sparseTensor) + WireBytes.field(20, 11)
        )
      ),
      tensor: "w.a",
      expected: [.sparseAttribute, .sparseAttribute, .sparseAttribute, .sparseAttribute, .sparseAttribute]
    ),
    Case(
      testDescription: "a Constant of a function",
      file: function(operatorSet: 13, tensorAttribute("value")),
      tensor: "my::F/w",
      expected: [nil, nil, nil, .noInitializers, .noInitializers]
    ),
    Case(
      testDescription: "a Constant of a function with earlier operators",
      file: function(operatorSet: 10, tensorAttribute("value")),
      tensor: "my::F/w",
      expected: [nil, nil, .operatorSet(found: 10, needed: 11), .noInitializers, .noInitializers]
    ),
    Case(
      testDescription: "a Constant whose value is the caller's",
      file: function(operatorSet: 13, tensorAttribute("value") + WireBytes.field(21, "v")),
      tensor: "my::F/w",
      expected: [.reference, .reference, .reference, .reference, .reference]
    ),
    Case(
      testDescription: "an initializer that a graph within takes as its input",
      file: WireBytes.model(
        graph: SpliceModels.nested(graph(input("w")), depth: 1),
        irVersion: 3
      ),
      tensor: "y0.body/w",
      expected: [nil, nil, .input, nil, .input]
    ),
    Case(
      testDescription: "strings",
      file: WireBytes.model(
        graph: WireBytes.field(5, WireBytes.tensor("w", 8, [1]) + WireBytes.field(6, "text"))
      ),
      expected: Array(repeating: .form(.type(.string)), count: 5)
    ),
    Case(
      testDescription: "a scalar",
      file: WireBytes.model(
        graph: WireBytes.field(5, WireBytes.tensor("w", 5, []) + WireBytes.field(9, [1, 0]))
      ),
      expected: [nil, nil, .form(.scalar), .form(.scalar), nil]
    ),
  ]

  @Test("A tensor that cannot have a form where it stands is refused with the reason", arguments: cases)
  func obstacles(given: Case) throws {
    for (target, expected) in zip(SpliceTarget.allCases, given.expected) {
      let found = try SpliceModels.obstacle(given.file, given.tensor, target)
      #expect(found == expected, "\(target)")
    }
  }

  @Test("An initializer that is declared as an input keeps its type and shape")
  func declared() throws {
    let reader = try read(WireBytes.model(graph: Self.graph(Self.input("w"))))
    let rules = try SpliceRules(reader)
    let shape = try #require(Shape([3, 3]))
    #expect(rules.obstacle(to: .raw, of: .tensor(0), type: .int8) == .declaredInput)
    #expect(rules.obstacle(to: .raw, of: .tensor(0), shape: shape) == .declaredInput)
    #expect(rules.obstacle(to: .raw, of: .tensor(0), type: .int16, shape: .vector(9)) == nil)
  }

  @Test("Names that are no UTF-8 stay where they stand, and are not written elsewhere")
  func brokenNames() throws {
    let name: [UInt8] = [0x77, 0xFF]
    let tensor =
      WireBytes.field(1, 9) + WireBytes.field(2, 5) + WireBytes.field(8, name)
      + WireBytes.field(9, SpliceModels.elements(9))
    let file = WireBytes.model(graph: WireBytes.field(5, tensor))
    let reader = try read(file, lenient: true)
    let rules = try SpliceRules(reader)
    #expect(rules.obstacle(to: .sparseValue, of: .tensor(0)) == .nameNotUTF8)
    #expect(rules.obstacle(to: .bitmask, of: .tensor(0)) == .nameNotUTF8)
    for target in [SpliceTarget.raw, .sparseInitializer] {
      let spliced = try Splicing.bytes(file, reader, [(.tensor(0), target)])
      let after = try read(spliced, lenient: true)
      #expect(after.model.tensors[0].name == reader.model.tensors[0].name)
      #expect(try ModelText(after).lines == ModelText(reader).lines)
      #expect(spliced.firstRange(of: name) != nil)
    }
  }

  @Test("A model of 2 GiB is refused, and one of a byte less is not")
  func tooLarge() throws {
    let file = WireBytes.model(graph: Self.graph())
    let reader = try read(file)
    /// A plan of so many elements.
    func plan(_ count: UInt64) throws -> SplicePlan {
      let change = SplicePlan.Change(.tensor(0), to: .raw, type: .uint8, shape: .vector(count))
      return try SplicePlan(reader, changes: [change])
    }
    let around = try plan(1 << 30).byteCount - 1 << 30
    let most = UInt64(Int32.max) - around
    #expect(try plan(most).byteCount == UInt64(Int32.max))
    let fault = #expect(throws: SpliceFault.self) { try plan(most + 1) }
    #expect(fault?.rule == .tooLarge(1 << 31))
    let huge = #expect(throws: SpliceFault.self) { try plan(1 << 63) }
    #expect(huge?.rule == .tooLarge(nil))
  }

  @Test("Two changes of one tensor, and a tensor that is not there, are refused")
  func impossible() throws {
    let reader = try read(WireBytes.model(graph: Self.graph()))
    let twice = #expect(throws: SpliceFault.self) {
      try SplicePlan(reader, changes: [.init(.tensor(0), to: .raw), .init(.tensor(0), to: .raw)])
    }
    #expect(twice?.rule == .overlap)
    for index in [1, -1] {
      let missing = #expect(throws: SpliceFault.self) {
        try SplicePlan(reader, changes: [.init(.tensor(index), to: .raw)])
      }
      #expect(missing?.rule == .noSuchTensor(index))
    }
  }
}
