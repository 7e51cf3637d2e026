import ModelIR
import Testing

@Suite("Shape")
struct ShapeTests {
  static let valid: [(extents: [UInt64], elements: UInt64, rows: UInt64, columns: UInt64)] = [
    ([], 1, 1, 1), ([7], 7, 1, 7), ([0], 0, 1, 0), ([2, 3], 6, 2, 3), ([2, 3, 4], 24, 6, 4),
    ([5, 0], 0, 5, 0),
    ([0, 5], 0, 0, 5), ([1, 1, 1], 1, 1, 1), ([.max], .max, 1, .max), ([.max, 1], .max, .max, 1),
    ([.max, 0], 0, .max, 0), ([0, .max, .max], 0, 0, .max),
    ([1 << 32, (1 << 32) - 1], .max - 0xFFFF_FFFF, 1 << 32, (1 << 32) - 1),
  ]

  @Test("A shape counts its elements, and as a matrix its rows and columns", arguments: valid)
  func counts(extents: [UInt64], elements: UInt64, rows: UInt64, columns: UInt64) throws {
    let shape = try #require(Shape(extents))
    #expect(shape.extents == extents)
    #expect(shape.rank == extents.count)
    #expect(shape.elementCount == elements)
    #expect(shape.rows == rows)
    #expect(shape.columns == columns)
  }

  @Test(
    "A product that exceeds 64 bits on the way from the left makes no shape, even if a later extent is 0",
    arguments: [
      [1 << 32, 1 << 32], [.max, 2], [1 << 63, 1 << 63, 0], [2, .max, 0], [3, 1 << 63],
      [1 << 16, 1 << 16, 1 << 16, 1 << 16],
    ] as [[UInt64]]
  )
  func overflow(extents: [UInt64]) {
    #expect(Shape(extents) == nil)
  }

  @Test("A zero on the left keeps every product small")
  func zeroFirst() {
    #expect(Shape([0, 1 << 63, 1 << 63])?.elementCount == 0)
  }

  static let byteCounts: [(extents: [UInt64], type: ElementType, bytes: UInt64?)] = [
    ([], .float32, 4), ([3], .bfloat16, 6), ([0], .uint64, 0), ([2], .float4E2M1, 1), ([3], .float4E2M1, nil),
    ([4], .float6E2M3, 3), ([2], .float6E3M2, nil), ([0], .float6E3M2, 0), ([2, 3], .complex64, 48),
    // Counted in bits, as the reference does: 2^61 bytes are the first that do not fit.
    ([1 << 61], .uint8, nil), ([(1 << 61) - 1], .uint8, (1 << 61) - 1), ([1 << 58], .float64, nil),
    ([(1 << 58) - 1], .float64, ((1 << 58) - 1) * 8), ([1 << 62], .float4E2M1, nil),
  ]

  @Test("Bytes are a whole number whose bits fit 64, or none", arguments: byteCounts)
  func byteCount(extents: [UInt64], type: ElementType, bytes: UInt64?) throws {
    #expect(try #require(Shape(extents)).byteCount(of: type) == bytes)
  }

  @Test("Another number of columns is checked for overflow too")
  func replacingColumns() throws {
    #expect(try #require(Shape([2, 3, 4])).replacingColumns(with: 9)?.extents == [2, 3, 9])
    #expect(try #require(Shape([])).replacingColumns(with: 9)?.extents == [9])
    #expect(try #require(Shape([5])).replacingColumns(with: 0)?.extents == [0])
    #expect(try #require(Shape([1 << 40, 1])).replacingColumns(with: 1 << 24) == nil)
  }

  @Test("A vector is a shape of one axis", arguments: [0, 1, UInt64.max])
  func vector(count: UInt64) {
    #expect(Shape.vector(count) == Shape([count]))
  }

  @Test("A shape is described as people write it")
  func description() throws {
    #expect(try #require(Shape([4096, 11008])).description == "[4096, 11008]")
    #expect(try #require(Shape([])).description == "[]")
  }
}
