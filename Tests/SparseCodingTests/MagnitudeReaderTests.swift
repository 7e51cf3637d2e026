import ModelIR
import SparseCoding
import Testing

@Suite("What a pattern would remove")
struct MagnitudeReaderTests {
  /// The types with magnitudes.
  static let types: [ElementType] = [
    .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E4M3FNUZ, .float8E5M2FNUZ, .int16, .uint16,
    .float16, .bfloat16, .int32, .uint32, .float32, .float64, .int64, .uint64,
  ]

  /// The shares that go of rows, by sorting groups.
  static func naive(_ rows: [[UInt64]], _ type: ElementType, _ pattern: NMPattern) -> [Double?] {
    var (all, removed) = ([0.0, 0.0], [0.0, 0.0])
    for row in rows {
      for start in stride(from: 0, to: row.count, by: pattern.group) {
        let codes = row[start..<min(row.count, start + pattern.group)]
        let finite = codes.flatMap { NaiveNumbers.numbers($0, type) }.map(abs).filter(\.isFinite).sorted(
          by: >
        )
        for (place, number) in finite.enumerated() {
          let isRemoved = place + codes.count - finite.count >= pattern.kept
          for (power, value) in [number, number * number].enumerated() {
            all[power] += value
            if isRemoved { removed[power] += value }
          }
        }
      }
    }
    return [0, 1].map { power in
      guard all[power] > 0, all[power].isFinite else { return nil }
      let share = removed[power] / all[power]
      return power == 0 ? share : share.squareRoot()
    }
  }

  static func isClose(_ found: Double?, _ expected: Double?) -> Bool {
    guard let found, let expected else { return found == nil && expected == nil }
    return abs(found - expected) <= 1e-12 * max(expected, 1e-3)
  }

  @Test(
    "shares are those of sorted groups along and across rows of any length, whatever the numbers",
    arguments: types,
    KernelSet.allCases.filter(\.isAvailable)
  )
  func shares(_ type: ElementType, _ set: KernelSet) throws {
    var generator = SeededGenerator(stream: "shares \(type.name)")
    let reader = try #require(MagnitudeReader(type, kernels: set))
    for round in 0..<20 {
      let pattern = try #require(
        NMPattern(generator.pick(["2:4", "1:4", "3:4", "1:2", "4:8", "3:5", "16:32"]))
      )
      // Few rows of many groups, many rows of few, and rows that are one short group.
      let (rows, columns) =
        generator.pick([
          (Int.random(in: 1...3, using: &generator), Int.random(in: 1...700, using: &generator)),
          (Int.random(in: 1...90, using: &generator), Int.random(in: 1...20, using: &generator)),
          (Int.random(in: 1...9, using: &generator), 64),
        ])
      let sample = DenseSample(
        type: type,
        shape: .of(UInt64(rows), UInt64(columns)),
        percentage: generator.pick([0, 50, 100]),
        using: &generator
      )
      let matrix = (0..<rows).map { Array(sample.elements[$0 * columns..<($0 + 1) * columns]) }
      var along = MagnitudeLoss()
      reader.add(sample.bytes, rows: rows, columns: columns, pattern, to: &along)
      let note = "\(sample), \(pattern), round \(round)"
      let expected = Self.naive(matrix, type, pattern)
      try #require(Self.isClose(along.share1, expected[0]), "\(note)")
      try #require(Self.isClose(along.share2, expected[1]), "\(note)")

      var across = MagnitudeLoss()
      let rowBytes = columns * type.bitWidth / 8
      for start in stride(from: 0, to: rows, by: pattern.group) {
        let slices = min(pattern.group, rows - start)
        let bytes = Array(sample.bytes[start * rowBytes..<(start + slices) * rowBytes])
        reader.add(across: bytes, slices: slices, columns: columns, pattern, to: &across)
      }
      let transposed = (0..<columns).map { column in matrix.map { $0[column] } }
      let expectedAcross = Self.naive(transposed, type, pattern)
      try #require(Self.isClose(across.share1, expectedAcross[0]), "\(note)")
      try #require(Self.isClose(across.share2, expectedAcross[1]), "\(note)")
    }
  }

  @Test(
    "types that share bytes, have no zero or are two numbers have no magnitudes",
    arguments: [
      ElementType.float8E8M0, .complex64, .complex128, .float4E2M1, .float6E2M3, .float6E3M2, .int4, .uint2,
    ]
  )
  func none(_ type: ElementType) { #expect(MagnitudeReader(type) == nil) }
}
