import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Patterns along other axes")
struct AxisSearchTests {
  /// A weight that follows a pattern along an axis, and where an inspection finds it.
  struct Case: CustomTestStringConvertible {
    var extents: [UInt64]
    var along: Int
    var pattern: NMPattern
    /// The axes that are found; nil where the pattern is that of the weight's own axis.
    var axes: [Int]?
    var testDescription: String { "\(extents) \(pattern) along \(along)" }
  }

  private static func pattern(_ kept: Int, _ group: Int) -> NMPattern {
    NMPattern(kept: kept, group: group) ?? .twoOfFour
  }

  static let cases = [
    Case(extents: [64, 48], along: 0, pattern: .twoOfFour, axes: [0]),
    Case(extents: [64, 48], along: 1, pattern: .twoOfFour, axes: nil),
    Case(extents: [32, 80], along: 0, pattern: pattern(4, 8), axes: [0]),
    Case(extents: [32, 80], along: 0, pattern: pattern(8, 16), axes: [0]),
    Case(extents: [64, 96], along: 0, pattern: pattern(1, 2), axes: [0]),
    // Groups of 8, but not of 16, fit the axis.
    Case(extents: [24, 96], along: 0, pattern: pattern(4, 8), axes: [0]),
    Case(extents: [48, 32, 3, 3], along: 0, pattern: .twoOfFour, axes: [0]),
    Case(extents: [48, 32, 3, 3], along: 1, pattern: .twoOfFour, axes: nil),
  ]

  @Test("are found where the tensor's own follows none", arguments: cases)
  func found(_ item: Case) throws {
    try withSeed { generator in
      let values = SampleWeights.elements(item.extents, item.pattern, along: item.along, &generator)
      let model = try SampleWeights.model("layer.weight", .bfloat16, item.extents, values)
      for (threads, chunk) in [(1, 256), (3, 1024)] {
        let report = try InspectorTests.inspect(model, threads: threads, chunkBytes: chunk)[0]
        let elsewhere = report.statistics?.elsewhere
        #expect(elsewhere?.axes == item.axes)
        #expect(elsewhere?.pattern == item.axes.map { _ in item.pattern })
        let advice = Advice.on([report])
        #expect(advice.map(\.rule) == (item.axes == nil ? [] : [.wrongAxis]))
        #expect(advice.first?.axes == item.axes)
      }
    }
  }

  @Test("are found in the order of memory, where groups run over several axes")
  func flattened() throws {
    try withSeed { generator in
      let values = SampleWeights.elements([16, 64 * 9], .twoOfFour, along: 1, &generator)
      let model = try SampleWeights.model("conv.weight", .float32, [16, 64, 3, 3], values)
      let report = try InspectorTests.inspect(model)[0]
      #expect(report.statistics?.compliant == [])
      #expect(report.statistics?.elsewhere == AxisPattern(pattern: .twoOfFour, axes: [1, 2, 3]))
    }
  }

  @Test("are not looked for in embeddings, nor found in what is sparse without order")
  func nothing() throws {
    try withSeed { generator in
      let values = SampleWeights.elements([64, 48], .twoOfFour, along: 0, &generator)
      let model = try SampleWeights.model("wte.weight", .bfloat16, [64, 48], values)
      #expect(try InspectorTests.inspect(model)[0].statistics?.elsewhere == nil)
      let random = (0..<64 * 48).map { _ in Double(Int.random(in: 0...1, using: &generator)) }
      let other = try SampleWeights.model("layer.weight", .bfloat16, [64, 48], random)
      #expect(try InspectorTests.inspect(other)[0].statistics?.elsewhere == nil)
    }
  }
}
