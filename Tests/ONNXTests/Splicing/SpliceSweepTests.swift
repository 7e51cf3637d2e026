import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Splicing damaged models")
struct SpliceSweepTests {
  /// The plan's file, with zeros for all payloads.
  static func zeros(_ plan: SplicePlan, of file: [UInt8]) throws -> [UInt8] {
    try plan.pieces.reduce(into: []) { result, piece in
      switch piece {
      case .copied(let range): result += file[Int(range.lowerBound)..<Int(range.upperBound)]
      case .bytes(let bytes): result += bytes
      case .payload(_, _, let byteCount):
        try #require(byteCount <= 1 << 24)
        result += [UInt8](repeating: 0, count: Int(byteCount))
      }
    }
  }

  /// Whatever can be read can be spliced, and the result can be read.
  static func splice(_ file: [UInt8], _ reader: ONNXReader) throws {
    let rules: SpliceRules
    do {
      rules = try SpliceRules(reader)
    } catch is ONNXFault {
      // What the reader passes over: the bindings of a training, the operator sets of a function.
      return
    }
    for target in [SpliceTarget.raw, .sparseValue, .sparseInitializer, .bitmask] {
      var changes: [SplicePlan.Change] = []
      for subject in try Splicing.subjects(reader) where rules.obstacle(to: target, of: subject) == nil {
        let replacement: SplicePlan.Replacement =
          switch target {
          case .sparseValue: .sparseValue(IndexCounts(), .linearVarints)
          case .sparseInitializer: .sparseInitializer(IndexCounts(), .coordinateVarints)
          case .bitmask: .bitmask(nnz: 0)
          default: .raw
          }
        // Only what fits a test's memory.
        let count =
          switch subject {
          case .tensor(let index): reader.model.tensors[index].shape.elementCount
          case .expansion(let expansion): expansion.extents.reduce(1, *)
          }
        if count <= 1 << 16 { changes.append(.init(subject, to: replacement)) }
      }
      let plan: SplicePlan
      do {
        plan = try SplicePlan(reader, rules: rules, changes: changes, metadata: [("lacuna.version", "1")])
      } catch let fault as SpliceFault where fault.rule == .overlap {
        // A Constant's node that holds another tensor besides.
        continue
      }
      let spliced = try zeros(plan, of: file)
      try #require(UInt64(spliced.count) == plan.byteCount)
      let after = try read(spliced, lenient: true, in: Fixture.path(GoldenModel.folder))
      try #require(after.model.tensors.count >= reader.model.tensors.count - 8 * changes.count)
      try #require(after.model.metadata.last?.key == "lacuna.version")
    }
  }

  @Test("What can be read of a damaged model can be spliced and read again", arguments: GoldenModel.all)
  func damaged(model: GoldenModel) throws {
    let file = try model.bytes()
    guard file.count < 1 << 14 else { return }
    try withSeed { generator in
      for _ in 0..<12 {
        var file = file
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          let place = Int.random(in: file.indices, using: &generator)
          switch Int.random(in: 0..<3, using: &generator) {
          case 0: file[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
          case 1: file[place] = UInt8.random(in: .min ... .max, using: &generator)
          default: file.swapAt(place, Int.random(in: file.indices, using: &generator))
          }
        }
        guard let reader = try? read(file, lenient: true, in: Fixture.path(GoldenModel.folder)) else {
          continue
        }
        try Self.splice(file, reader)
      }
    }
  }
}
