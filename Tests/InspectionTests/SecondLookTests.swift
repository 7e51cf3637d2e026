import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("The second look at what violates a pattern")
struct SecondLookTests {
  /// The removed shares by a naive walk.
  static func naive(
    _ values: [Double],
    _ extents: [UInt64],
    _ axis: Int,
    _ pattern: NMPattern
  ) -> (first: Double, second: Double) {
    let extents = extents.map(Int.init)
    let inner = extents[(axis + 1)...].reduce(1, *)
    var (all1, all2, removed1, removed2) = (0.0, 0.0, 0.0, 0.0)
    for row in 0..<values.count / extents[axis] {
      let (outer, column) = row.quotientAndRemainder(dividingBy: inner)
      for start in stride(from: 0, to: extents[axis], by: pattern.group) {
        let group = (start..<min(extents[axis], start + pattern.group))
          .map { abs(values[(outer * extents[axis] + $0) * inner + column]) }.sorted(by: >)
        for (place, value) in group.enumerated() {
          all1 += value
          all2 += value * value
          if place >= pattern.kept {
            removed1 += value
            removed2 += value * value
          }
        }
      }
    }
    return (removed1 / all1, (removed2 / all2).squareRoot())
  }

  @Test(
    "the removed magnitude is that of a naive walk, for any type, pattern and axis, and for any number of threads",
    arguments: [ElementType.float32, .bfloat16, .float16, .float64, .int8, .uint8, .uint32, .int64]
  )
  func removed(_ type: ElementType) throws {
    try withSeed { generator in
      for (extents, axis) in [([24, 40], 1), ([24, 40], 0), ([5, 24, 3], 1), ([3, 16, 1], 1)]
        as [([UInt64], Int)]
      {
        for pattern in ["2:4", "1:2", "3:8", "1:4"] {
          let count = Int(extents.reduce(1, *))
          let values = (0..<count).map { _ in Double(Int.random(in: 0...100, using: &generator)) }
          let model = try SampleWeights.model("w", type, extents, values)
          let found = try [1, 3].map {
            try SampleWeights.check(
              model,
              pattern,
              axis: .number(axis),
              threads: $0,
              chunkBytes: 128,
              all: true
            )
            .tensors[0].removed
          }
          let first = try #require(found[0])
          try #require(found[1] == first, "the same for any number of threads")
          let expected = Self.naive(values, extents, axis, try #require(NMPattern(pattern)))
          try #require(
            abs(first.first - expected.first) < 1e-12,
            "\(type.name) \(extents) \(axis) \(pattern)"
          )
          try #require(abs(first.second - expected.second) < 1e-12)
        }
      }
    }
  }

  @Test(
    "the removed magnitude counts what stands before the first violation, wherever that is",
    arguments: [([24, 256], 1), ([24, 16], 0), ([1100, 256], 1), ([1100, 8, 3], 1)] as [([UInt64], Int)],
    [0.0, 0.03, 0.5, 0.999]
  )
  func lateViolations(_ view: ([UInt64], Int), place: Double) throws {
    let (extents, axis) = view
    var generator = SeededGenerator(seed: 23)
    var values = SampleWeights.elements(extents, .twoOfFour, along: axis, &generator)
    // What stands before this element complies with the pattern, and nothing behind it does.
    let first = Int(Double(values.count) * place) / 256 * 256
    for index in first..<values.count { values[index] = Double(index % 99 + 1) }
    let model = try SampleWeights.model("w", .uint8, extents, values)
    let found = try [1, 3].map {
      try SampleWeights.check(model, "2:4", axis: .number(axis), threads: $0, chunkBytes: 256, all: true)
        .tensors[0].removed
    }
    let removed = try #require(found[0])
    #expect(found[1] == removed, "the same for any number of threads")
    let expected = Self.naive(values, extents, axis, .twoOfFour)
    #expect(abs(removed.first - expected.first) < 1e-12)
    #expect(abs(removed.second - expected.second) < 1e-12)
  }

  @Test("what is not finite takes a kept place and counts in no sum")
  func notFinite() throws {
    let values: [Double] = [.infinity, 3, 2, 1, .nan, .nan, 4, 4]
    let model = try SampleWeights.model("w", .float32, [1, 8], values)
    let removed = try #require(try SampleWeights.check(model).tensors[0].removed)
    // Of the first group 2 and 1 go, of the second both fours.
    #expect(abs(removed.first - 11.0 / 14) < 1e-12)
    #expect(abs(removed.second - (37.0 / 46).squareRoot()) < 1e-12)
  }

  @Test(
    "the axis along which the pattern holds instead is named",
    arguments: [
      ([16, 24], 0, 1), ([16, 24], 1, 0), ([4, 8, 12], 0, 2), ([8, 8, 4, 4], 3, 1), ([8, 8, 4, 4], 0, 1),
    ] as [([UInt64], Int, Int)]
  )
  func otherAxis(_ extents: [UInt64], _ along: Int, _ asked: Int) throws {
    var generator = SeededGenerator(seed: 11)
    let values = SampleWeights.elements(extents, .twoOfFour, along: along, &generator)
    let model = try SampleWeights.model("w", .float32, extents, values)
    let result = try SampleWeights.check(model, axis: .number(asked)).tensors[0]
    #expect(result.status == .violating)
    let holding = result.otherAxes.filter(\.holds).map(\.axes)
    // Groups along the last axis of whole groups are groups of the flattened rows too.
    let flattened = along == extents.count - 1 && extents.count > 2 ? [Array(1..<extents.count)] : []
    #expect(holding == [[along]] + flattened)
  }

  @Test("a convolution that was pruned along its flattened rows is told so")
  func flattened() throws {
    var generator = SeededGenerator(seed: 3)
    // 8 x 9 elements a row: groups of 4 cross kernels.
    let values = SampleWeights.elements([6, 72], .twoOfFour, along: 1, &generator)
    let model = try SampleWeights.model("conv.weight", .float32, [6, 8, 3, 3], values)
    let result = try SampleWeights.check(model, for: .tensorrt).tensors[0]
    #expect(result.status == .violating)
    #expect(result.otherAxes.filter(\.holds).map(\.axes) == [[1, 2, 3]])
  }

  @Test("an axis with few violations is named with their number, and one with many is not counted to its end")
  func nearly() throws {
    var generator = SeededGenerator(seed: 5)
    var values = SampleWeights.elements([64, 64], .twoOfFour, along: 0, &generator)
    // One group down column 0 is full.
    for row in 0..<4 { values[row * 64] = 1 }
    let model = try SampleWeights.model("w", .float32, [64, 64], values)
    let result = try SampleWeights.check(model).tensors[0]
    #expect(result.otherAxes.map(\.violatingGroups) == [1])
    let dense = try SampleWeights.model("w", .float32, [64, 64], [Double](repeating: 1, count: 4096))
    #expect(try SampleWeights.check(dense).tensors[0].otherAxes.map(\.violatingGroups) == [nil])
  }

  @Test(
    "an order of columns is found where columns were put in another order",
    arguments: ["2:4", "1:2", "1:4"]
  )
  func order(_ text: String) throws {
    // A greedy search promises nothing: these are orders that it does find.
    for seed in [1, 2, 3] {
      var generator = SeededGenerator(seed: UInt64(seed))
      let pattern = try #require(NMPattern(text))
      let (rows, columns) = (96, 64)
      let values = SampleWeights.elements([UInt64(rows), UInt64(columns)], pattern, along: 1, &generator)
      let order = (0..<columns).shuffled(using: &generator)
      let shuffled = (0..<rows * columns).map { values[$0 / columns * columns + order[$0 % columns]] }
      let model = try SampleWeights.model("w", .float32, [UInt64(rows), UInt64(columns)], shuffled)
      let result = try SampleWeights.check(model, text, searchesOrders: true).tensors[0]
      try #require(result.status == .violating)
      guard case .found(let groups)? = result.columnOrder else {
        Issue.record("no order found: \(String(describing: result.columnOrder))")
        return
      }
      try #require(groups.flatMap { $0 }.sorted() == Array(0..<columns))
      for group in groups {
        try #require(group.count == pattern.group)
        for row in 0..<rows {
          try #require(group.count { shuffled[row * columns + $0] != 0 } <= pattern.kept)
        }
      }
    }
  }

  @Test("a row with too many nonzeros proves that there is no order")
  func noOrder() throws {
    var values = [Double](repeating: 0, count: 8 * 16)
    for column in 0..<9 { values[3 * 16 + column] = 1 }
    let model = try SampleWeights.model("w", .float32, [8, 16], values)
    let result = try SampleWeights.check(model, searchesOrders: true).tensors[0]
    #expect(result.columnOrder == .impossible(row: 3, nonzeros: 9, most: 8))
    #expect(try SampleWeights.check(model).tensors[0].columnOrder == nil, "only if it is asked for")
  }

  @Test("what is larger than the bound is not searched, and says so")
  func tooLarge() throws {
    let columns = ColumnOrder.mostColumns + 4
    var values = [Double](repeating: 0, count: Int(columns))
    for place in 0..<3 { values[place] = 1 }
    let model = try SampleWeights.model("w", .uint8, [1, columns], values)
    guard case .skipped? = try SampleWeights.check(model, searchesOrders: true).tensors[0].columnOrder else {
      Issue.record("it was searched")
      return
    }
  }

  @Test("a dense layer among pruned ones is said to look never pruned")
  func neighbours() throws {
    let pruned = [UInt8]([1, 1, 0, 0, 1, 0, 1, 0])
    let dense = [UInt8](repeating: 1, count: 8)
    /// The remarks on the layers of a model.
    func remarks(_ layers: [[UInt8]]) throws -> [[String]] {
      let model = try InspectorTests.model(
        layers.enumerated().map { ("h.\($0.offset + 8).mlp.weight", .int8, [1, 8], $0.element) }
      )
      return try SampleWeights.check(model).tensors.map(\.remarks)
    }
    #expect(
      try remarks([pruned, dense, pruned]) == [
        [], ["looks never pruned: its neighbours in layers 8 and 10 are 50.0% zero"], [],
      ]
    )
    #expect(
      try remarks([dense, pruned])[0] == ["looks never pruned: its neighbour in layer 9 is 50.0% zero"]
    )
    #expect(try remarks([dense, dense, pruned]) == [[], [], []])
  }

  @Test(
    "transformers' Conv1D sums over the first axis, where the architecture says that it is one",
    arguments: [
      ("gpt2", "h.0.attn.c_attn.weight", [0]), ("gpt2", "transformer.h.11.mlp.c_fc.weight", [0]),
      ("gpt2", "h.0.mlp.c_proj.weight", [0]), ("gpt2", "h.0.crossattention.q_attn.weight", [0]),
      ("openai-gpt", "h.0.attn.c_proj.weight", [0]), ("imagegpt", "h.0.attn.c_attn.weight", [0]),
      ("gpt2", "h.0.attn.c_attn.bias", nil), ("gpt2", "wte.weight", nil), ("gpt2", "lm_head.weight", nil),
      ("gpt_bigcode", "transformer.h.0.attn.c_attn.weight", nil), ("llama", "model.c_proj.weight", nil),
      ("gpt2", "my_c_attn.weight", nil), ("gpt2", "", nil),
    ] as [(String, String, [Int]?)]
  )
  func architecture(_ type: String, _ name: String, _ axes: [Int]?) throws {
    let tensor = try WeightKindTests.tensor(name, .float32, [8, 24])
    #expect(ReductionAxis.byArchitecture(type, tensor)?.axes == axes)
    #expect(ReductionAxis.byArchitecture(type, tensor)?.evidence == axes.map { _ in .convention })
    let vector = try WeightKindTests.tensor(name, .float32, [8])
    #expect(ReductionAxis.byArchitecture(type, vector) == nil)
  }
}
