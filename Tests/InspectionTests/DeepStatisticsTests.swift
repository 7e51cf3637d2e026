import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite struct DeepStatisticsTests {
  /// The second look at elements of a type.
  private func deep(_ type: ElementType, _ bytes: [UInt8], columns: UInt64, threads: Int = 1) throws
    -> DeepStatistics
  {
    let rows = UInt64(bytes.count / (type.byteWidth ?? 1)) / columns
    let region = Region(file: 0, offset: 0, byteCount: UInt64(bytes.count))
    let source = MemorySource(bytes, named: "m")
    let file = ModelFile(
      source: source,
      name: "m",
      skeleton: region,
      metadata: Metadata(),
      declaresMetadata: false
    )
    let shape = try #require(Shape([rows, columns]))
    let tensor = Tensor(name: "w", elementType: type, shape: shape, storage: .dense(region))
    let model = Model(container: .safetensors, files: [file], tensors: [tensor])
    let inspector = Inspector(
      pool: ChunkPool(threads: threads),
      chunkBytes: 512,
      progress: WorkProgress(),
      deep: .only("w")
    )
    return try #require(try inspector.inspect(model)[0].statistics?.deep)
  }

  @Test("a matrix that can be counted by hand")
  func byHand() throws {
    // 1, 2, 0, -4 / 0, 0, 0, 0 / 1, 1, 1, NaN in BF16.
    let words: [UInt16] = [0x3F80, 0x4000, 0, 0xC080, 0, 0x8000, 0, 0, 0x3F80, 0x3F80, 0x3F80, 0x7FC0]
    let bytes = words.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let found = try deep(.bfloat16, bytes, columns: 4)
    let moments = try #require(found.moments)
    #expect(moments.count == 11)
    #expect((moments.least, moments.greatest) == (-4, 2))
    #expect(abs(moments.mean - 2.0 / 11) < 1e-15)
    // The sum of squares is 1 + 4 + 16 + 3.
    #expect(abs(moments.deviation - (24.0 / 11 - 4.0 / 121).squareRoot()) < 1e-14)
    #expect(found.rowDensities?.counts.first == 1)
    #expect(found.rowDensities?.counts.last == 1)
    #expect(found.rowDensities?.counts[15] == 1)
    #expect((found.rowDensities?.fewest, found.rowDensities?.most) == (0, 4))
    #expect((found.columnDensities?.fewest, found.columnDensities?.most) == (1, 2))
    let bins = try #require(found.distribution?.counts)
    #expect(bins.reduce(0, +) == 11)
    #expect((bins[0], bins[40]) == (1, 1))
    // The lower bytes: 0 of 0x4000, 0x8000 and the zeros, 0x80 of 0x3F80 and 0xC080, 0xC0 of 0x7FC0.
    let low = [6.0, 5, 1].reduce(0.0) { sum, count in sum - count / 12 * logarithm2(count / 12) }
    #expect(abs(found.planeEntropies[1] - low) < 1e-12)
  }

  @Test(
    "the result does not depend on threads",
    arguments: [ElementType.bfloat16, .float32, .float64, .int8]
  )
  func threads(_ type: ElementType) throws {
    var random = SeededGenerator(seed: 11)
    var bytes = (0..<96 * 200).map { _ in UInt8.random(in: 0...255, using: &random) }
    // No number so large that its square is infinite.
    if type == .float64 { for index in stride(from: 7, to: bytes.count, by: 8) { bytes[index] = 0x3F } }
    let (one, two) = (try deep(type, bytes, columns: 48), try deep(type, bytes, columns: 48, threads: 3))
    #expect(one.moments == two.moments)
    #expect(one.distribution == two.distribution)
    #expect(one.planeEntropies == two.planeEntropies)
    #expect(one.rowDensities == two.rowDensities)
    #expect(one.densityMap == two.densityMap)
  }

  @Test("random bytes have eight bits of entropy each, and equal ones none")
  func entropies() throws {
    let all = (0..<65536).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    for entropy in try deep(.uint16, all, columns: 256).planeEntropies { #expect(abs(entropy - 8) < 1e-9) }
    #expect(
      try deep(.float32, [UInt8](repeating: 7, count: 4096), columns: 32).planeEntropies == [0, 0, 0, 0]
    )
  }

  private func logarithm2(_ value: Double) -> Double {
    // By halving: independent of the library's logarithm.
    var (result, x, step) = (0.0, value, 1.0)
    while x < 1 { (x, result) = (x * 2, result - 1) }
    for _ in 0..<60 {
      step /= 2
      x *= x
      if x >= 2 { (x, result) = (x / 2, result + step) }
    }
    return result
  }
}
