import ModelIR
import SparseCoding
import Testing

@Suite("Magnitudes")
struct MagnitudeHistogramTests {
  @Test("each nonzero, finite value counts in the bucket of its power of two, by its sign")
  func buckets() throws {
    // 1, -1, 1.5, 2, 0.25, 0, -0, infinity, NaN
    let values: [UInt16] = [0x3F80, 0xBF80, 0x3FC0, 0x4000, 0x3E80, 0, 0x8000, 0x7F80, 0x7FC0]
    var histogram = try #require(MagnitudeHistogram(.bfloat16))
    histogram.add(values.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, count: values.count, width: 2)
    let found = histogram.byBucket.filter { $0.count > 0 }
    #expect(found.map(\.bucket) == [-2, 0, 1])
    #expect(found.map(\.count) == [1, 3, 1])
    #expect(histogram.negative.reduce(0, +) == 1)
  }

  @Test(
    "every float of single precision counts where its logarithm says",
    arguments: [1.0, -0.7, 3e-20, 6e37]
  )
  func logarithm(_ value: Double) throws {
    let float = Float(value)
    var histogram = try #require(MagnitudeHistogram(.float32))
    let bits = float.bitPattern
    histogram.add((0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }, count: 1, width: 4)
    #expect(histogram.byBucket.first { $0.count > 0 }?.bucket == Int(float.exponent))
  }

  @Test("integers count by the bits of their magnitude, the smallest included")
  func integers() throws {
    var histogram = try #require(MagnitudeHistogram(.int8))
    histogram.add([0, 1, 0xFF, 4, 0x80, 7], count: 6, width: 1)
    #expect(histogram.positive[0] == 1)
    #expect(histogram.negative[0] == 1)
    #expect(histogram.positive[2] == 2)
    #expect(histogram.negative[7] == 1)
  }

  @Test("subnormals count below the smallest normal, and sums add up")
  func subnormals() throws {
    var histogram = try #require(MagnitudeHistogram(.float16))
    histogram.add([1, 0, 0, 4], count: 2, width: 2)
    #expect(histogram.byBucket.filter { $0.count > 0 }.map(\.bucket) == [-15, -14])
    var twice = histogram
    twice.add(histogram)
    #expect(twice.positive.reduce(0, +) == 4)
  }

  @Test(
    "booleans, complex numbers, scales and shared bytes have none",
    arguments: [ElementType.bool, .complex64, .float8E8M0, .float4E2M1, .float8E4M3FNUZ]
  )
  func none(_ type: ElementType) { #expect(MagnitudeHistogram(type) == nil) }
}
