import ModelIR
import ONNX
import TestSupport
import Testing

/// Models that the tests of splicing change.
enum SpliceModels {
  /// A `TensorProto` of 16-bit integers 0, 1, 0, 2, 0, 3 and so on.
  static func tensor(_ name: String, _ count: Int, trailing: [UInt8] = []) -> [UInt8] {
    WireBytes.tensor(name, ONNXDataType.int16.rawValue, [UInt64(count)])
      + WireBytes.field(9, elements(count)) + trailing
  }

  /// Its elements.
  static func elements(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { place -> [UInt8] in
      let value: UInt64 = place % 2 == 0 ? 0 : UInt64(place / 2 + 1)
      return WireBytes.littleEndian(value, 2)
    }
  }

  /// A node of one input and one output.
  static func node(_ operation: String, _ input: String, _ output: String) -> [UInt8] {
    WireBytes.field(
      1,
      WireBytes.field(1, input) + WireBytes.field(2, output) + WireBytes.field(4, operation)
    )
  }

  /// A `ValueInfoProto` of this name.
  static func value(_ name: String) -> [UInt8] { WireBytes.field(1, name) }

  /// The fields of a graph within `depth` others, in the attribute of a node each.
  static func nested(_ fields: [UInt8], depth: Int) -> [UInt8] {
    (0..<depth).reduce(fields) { inner, number in
      let attribute =
        WireBytes.field(1, "body") + WireBytes.field(6, inner + WireBytes.field(2, "g\(number)"))
        + WireBytes.field(20, 5)
      return WireBytes.field(
        1,
        WireBytes.field(2, "y\(number)") + WireBytes.field(4, "If") + WireBytes.field(5, attribute)
      ) + node("Identity", "y\(number)", "z\(number)")
    }
  }

  /// The plan of one change, and the file that it makes.
  static func splice(
    _ file: [UInt8],
    _ name: String,
    _ target: SpliceTarget
  ) throws -> (plan: SplicePlan, bytes: [UInt8]) {
    let reader = try read(file)
    var stored = StoredModel(reader)
    let index = try #require(reader.model.tensors.firstIndex { $0.name == name })
    let tensor = reader.model.tensors[index]
    let content = Splicing.content(
      target,
      tensor.type,
      tensor.shape.extents,
      dense: try stored.dense(of: tensor)
    )
    let plan = try SplicePlan(reader, changes: [.init(.tensor(index), to: content.replacement)])
    return (plan, try Splicing.bytes(plan, of: file, [content.payloads]))
  }

  /// What stops a tensor from taking a form.
  static func obstacle(_ file: [UInt8], _ name: String, _ target: SpliceTarget) throws -> SpliceObstacle? {
    let reader = try read(file)
    let index = try #require(reader.model.tensors.firstIndex { $0.scopedName.text == name })
    let obstacle = try SpliceRules(reader).obstacle(to: target, of: .tensor(index))
    if let obstacle {
      // Who does not ask is refused, with the same words.
      let tensor = reader.model.tensors[index]
      let content = Splicing.content(target, .int16, [2], dense: [0, 0, 1, 0])
      let fault = #expect(throws: SpliceFault.self) {
        try SplicePlan(reader, changes: [.init(.tensor(index), to: content.replacement)])
      }
      #expect(fault?.tensor == tensor.scopedName)
      #expect(fault?.diagnosis.problem.hasSuffix(obstacle.reason) == true)
    }
    return obstacle
  }
}
