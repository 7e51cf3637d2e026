import ModelIR
import SparseCoding
import Testing

@Suite("Group tally")
struct GroupTallyTests {
  /// A tally counted group by group.
  struct Naive: Equatable {
    var histogram: [UInt64]
    var raggedGroups: UInt64 = 0
    /// Row, group and nonzeros of the first violations.
    var first: [[UInt64]] = []

    init(_ tally: GroupTally) {
      histogram = tally.histogram
      raggedGroups = tally.raggedGroups
      first = tally.first.map { [$0.row, $0.group, UInt64($0.nonzeros)] }
    }

    init(_ sample: DenseSample, _ pattern: NMPattern, firstLimit: Int, ignoresTail: Bool) {
      histogram = [UInt64](repeating: 0, count: pattern.group + 1)
      for (row, elements) in sample.rows.enumerated() {
        let isNonzero = elements.map { NaiveNumbers.kind($0, sample.type) != .zero }
        for (index, group) in NaivePatterns.groups(of: pattern.group, [isNonzero[...]]).enumerated() {
          let isRagged = group.count < pattern.group
          if isRagged && ignoresTail { continue }
          let nonzeros = group.count { $0 }
          histogram[nonzeros] += 1
          raggedGroups += isRagged ? 1 : 0
          if nonzeros > pattern.kept && first.count < firstLimit {
            first.append([UInt64(row), UInt64(index), UInt64(nonzeros)])
          }
        }
      }
    }
  }

  /// Any N:M that layouts support, those whose M divides a word as often as the others.
  private func pattern(using generator: inout SeededGenerator) throws -> NMPattern {
    let group =
      Bool.random(using: &generator)
      ? generator.pick([2, 4, 8, 16, 32]) : Int.random(in: 2...32, using: &generator)
    return try #require(NMPattern(kept: .random(in: 1..<group, using: &generator), group: group))
  }

  @Test(
    "Groups along rows are counted and the first violations kept, in whatever order chunks come",
    arguments: ScanTests.scannable
  )
  func groupsAlongRows(type: ElementType) throws {
    var generator = SeededGenerator(stream: "tally \(type.name)")
    for round in 0..<24 {
      let pattern = try pattern(using: &generator)
      let group = UInt64(pattern.group)
      // Whole words, whole groups, and neither; split where chunks are small.
      let columns = generator.pick([64, 128, group, group * 5, group + 1, 64 * group + 30, 100])
      let sample = DenseSample(
        type: type,
        shape: .of(.random(in: 1...6, using: &generator), columns),
        percentage: generator.pick(DenseSample.percentages),
        using: &generator
      )
      let chunkBytes = generator.pick([1, 200, 1 << 20])
      let limit = generator.pick([0, 1, 3, 1000])
      let ignoresTail = Bool.random(using: &generator)
      let expected = Naive(sample, pattern, firstLimit: limit, ignoresTail: ignoresTail)
      let grid = ChunkGrid(
        shape: sample.shape,
        elementBytes: type.bitWidth / 8,
        chunkBytes: chunkBytes,
        group: pattern.group
      )
      for kernels in LayoutCases.kernels {
        var workspace = GroupTally.Workspace(kernels: kernels)
        var sequential = GroupTally(pattern, firstLimit: limit)
        var merged = sequential
        for index in (0..<grid.count).shuffled(using: &generator) {
          let range = grid.denseRange(of: grid[index])
          let dense = Array(sample.bytes[Int(range.offset)..<(Int(range.offset) + range.byteCount)])
          var own = GroupTally(pattern, firstLimit: limit)
          own.add(dense, grid[index], of: grid, type, ignoresTail: ignoresTail, &workspace)
          merged.add(own)
          sequential.add(dense, grid[index], of: grid, type, ignoresTail: ignoresTail, &workspace)
        }
        let story = "\(sample), \(pattern), round \(round), chunks of \(chunkBytes), \(kernels)"
        #expect(Naive(merged) == expected, "\(story)")
        #expect(Naive(sequential) == expected, "\(story)")
        #expect(merged.groups == expected.histogram.reduce(0, +), "\(story)")
        #expect(merged.violatingGroups == expected.histogram[(pattern.kept + 1)...].reduce(0, +), "\(story)")
      }
    }
  }

  @Test("Groups across rows are counted and the first violations kept, though they end in another order")
  func groupsAcrossRows() throws {
    var generator = SeededGenerator(stream: "across")
    for round in 0..<40 {
      let pattern = try pattern(using: &generator)
      let type = generator.pick(ScanTests.scannable)
      // Few columns are counted in another way than many.
      let widest = generator.pick([20, 300])
      let (rows, columns) = (
        Int.random(in: 1...70, using: &generator), Int.random(in: 1...widest, using: &generator)
      )
      let across = DenseSample(
        type: type,
        shape: .of(UInt64(rows), UInt64(columns)),
        percentage: 60,
        using: &generator
      )
      let transposed = DenseSample(
        type: type,
        shape: .of(UInt64(columns), UInt64(rows)),
        elements: (0..<columns).flatMap { column in (0..<rows).map { across.elements[$0 * columns + column] }
        }
      )
      let limit = generator.pick([0, 2, 1000])
      var tally = GroupTally(pattern, firstLimit: limit)
      var counter = try #require(VerticalCounter(type))
      counter.reset(columns: columns)
      for row in 0..<rows {
        counter.add(across.bytes, at: row * columns * (type.bitWidth / 8))
        if (row + 1) % pattern.group == 0 || row + 1 == rows {
          tally.add(counter, firstRow: 0, group: UInt64(row / pattern.group))
          counter.reset(columns: columns)
        }
      }
      tally.raggedGroups = rows % pattern.group == 0 ? 0 : UInt64(columns)
      let expected = Naive(transposed, pattern, firstLimit: limit, ignoresTail: false)
      #expect(Naive(tally) == expected, "\(across), \(pattern), round \(round)")
    }
  }

  @Test("Void groups have no nonzero value")
  func voidGroups() throws {
    var tally = GroupTally(try #require(NMPattern("2:4")), firstLimit: 5)
    tally.add(voidGroups: 7)
    tally.add(row: 0, group: 0, nonzeros: 3)
    #expect(tally.histogram == [7, 0, 0, 1, 0])
    #expect(tally.groups == 8)
    #expect(tally.violatingGroups == 1)
  }
}
