internal import ModelIR
internal import SparseCoding

/// The scans of chunks in memory, against a sum of the same bytes.
struct ScanBenchmarks {
  private static let bar = 0.35
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    var rows: [Row] = []
    for type in WeightType.allCases {
      for pruning in [Pruning.percent(50), .percent(90), .twoOfFour] { rows += try measure(type, pruning) }
    }
    return rows
  }

  private func measure(_ type: WeightType, _ pruning: Pruning) throws -> [Row] {
    let matrix = ChunkedMatrix(Weights(type, pruning), byteCount: setting.bufferBytes)
    let (pattern, byteCount) = (NMPattern.common[1], matrix.byteCount)
    if pruning.isCompliant { try check(matrix, pattern) }
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 5 : 15,
      [
        { Interleaved.seconds { Blackhole.take(Self.sum(matrix)) } },
        { Interleaved.seconds { Blackhole.take(Self.scan(matrix).nonzero) } },
        { Interleaved.seconds { Blackhole.take(Self.tally(matrix, pattern).violatingGroups) } },
      ]
    )
    let input = "\(type.rawValue), \(pruning.text) zeros"
    return [
      .throughput(
        .scans,
        "statistics, six patterns, \(input)",
        bytes: byteCount,
        samples[1],
        against: samples[0],
        named: "sum",
        bar: .ratioAtLeast(Self.bar)
      ),
      .throughput(
        .scans,
        "groups of \(pattern), \(input)",
        bytes: byteCount,
        samples[2],
        against: samples[0],
        named: "sum"
      ),
    ]
  }

  private func check(_ matrix: ChunkedMatrix, _ pattern: NMPattern) throws {
    let (counts, tally) = (Self.scan(matrix), Self.tally(matrix, pattern))
    guard counts.patterns[1].violations == 0, tally.violatingGroups == 0,
      counts.nonzero * 2 == counts.elements
    else { throw WrongResult(description: "the scans miscount 2:4 weights") }
  }

  private static func sum(_ matrix: ChunkedMatrix) -> UInt64 {
    matrix.chunks.reduce(0) { sum, chunk in sum &+ chunk.withUnsafeBytes(PlainMemory.sum) }
  }

  private static func scan(_ matrix: ChunkedMatrix) -> ScanCounts {
    var scanner = ChunkScanner()
    var total = ScanCounts()
    for (index, chunk) in matrix.chunks.enumerated() {
      // As an inspection does it: each chunk counted for itself.
      var counts = ScanCounts()
      scanner.scan(chunk, matrix.grid[index], of: matrix.grid, matrix.elementType, into: &counts)
      total.add(counts)
    }
    return total
  }

  private static func tally(_ matrix: ChunkedMatrix, _ pattern: NMPattern) -> GroupTally {
    var workspace = GroupTally.Workspace()
    var tally = GroupTally(pattern, firstLimit: 5)
    for (index, chunk) in matrix.chunks.enumerated() {
      tally.add(
        chunk,
        matrix.grid[index],
        of: matrix.grid,
        matrix.elementType,
        ignoresTail: false,
        &workspace
      )
    }
    return tally
  }
}

extension Pruning {
  /// Whether no group of four has more than two nonzero values.
  fileprivate var isCompliant: Bool {
    switch self {
    case .percent: false
    case .twoOfFour, .twoOfFourAndMore: true
    }
  }
}
