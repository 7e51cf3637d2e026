import ModelIR
import SparseCoding
import Testing

@Suite("Layout sizes")
struct LayoutSizeTests {
  @Test("The size is the bytes that encoding makes", arguments: LayoutCases.sparse + [.dense])
  func sizeIsExact(layout: Layout) throws {
    var generator = SeededGenerator(stream: "size \(layout)")
    var pattern: NMPattern?
    if case .nm(let complied) = layout { pattern = complied }
    for type in ElementType.allCases where type.byteWidth != nil {
      for shape in LayoutCases.shapes(layout, using: &generator).prefix(4) {
        let sample = DenseSample(
          type: type,
          shape: shape,
          percentage: generator.pick(DenseSample.percentages),
          complyingWith: pattern,
          using: &generator
        )
        let parts = try #require(NaiveCoding.encode(sample, layout), "\(sample)")
        let nnz = UInt64(sample.elements.count { $0 != 0 })
        #expect(
          layout.byteCount(elementType: type, shape: shape, nnz: nnz) == UInt64(parts.byteCount),
          "\(sample)"
        )
        #expect(layout.obstacle(elementType: type, shape: shape) == nil, "\(sample)")
      }
    }
  }

  /// A CSR tensor's columns and values, and the bytes that an index takes then.
  struct Widths: Sendable {
    let columns: UInt64
    let nnz: UInt64
    let offset: UInt64
    let column: UInt64
  }

  @Test(
    "CSR indices have the smallest widths that hold them",
    arguments: [
      Widths(columns: 256, nnz: 10, offset: 4, column: 1),
      Widths(columns: 257, nnz: 10, offset: 4, column: 2),
      Widths(columns: 65_536, nnz: 10, offset: 4, column: 2),
      Widths(columns: 65_537, nnz: 10, offset: 4, column: 4),
      Widths(columns: 0x1_0000_0000, nnz: 10, offset: 4, column: 4),
      Widths(columns: 0x1_0000_0000, nnz: 0xffff_ffff, offset: 4, column: 4),
      Widths(columns: 0x1_0000_0000, nnz: 0x1_0000_0000, offset: 8, column: 4),
    ]
  )
  func widths(widths: Widths) {
    let size = Layout.csr.byteCount(elementType: .uint8, shape: .of(1000, widths.columns), nnz: widths.nnz)
    #expect(size == 1001 * widths.offset + widths.nnz * (widths.column + 1))
  }

  @Test("Rows that 32 bits do not count have no CSR size")
  func longestRows() {
    #expect(Layout.csr.byteCount(elementType: .uint8, shape: .of(1, 0x1_0000_0001), nnz: 10) == nil)
  }

  /// A type and shape that a layout cannot hold.
  struct Obstacle: Sendable, CustomStringConvertible {
    let layout: Layout
    let type: ElementType
    let shape: Shape
    let expected: LayoutObstacle?
    var description: String { "\(layout) \(type.name) \(shape)" }
  }

  static let obstacles: [Obstacle] =
    LayoutCases.few.flatMap { layout in
      [
        Obstacle(layout: layout, type: .float4E2M1, shape: .of(2, 4), expected: .subByteType(.float4E2M1)),
        Obstacle(layout: layout, type: .float6E3M2, shape: .of(2, 4), expected: .subByteType(.float6E3M2)),
        Obstacle(layout: layout, type: .float6E2M3, shape: .of(0), expected: .subByteType(.float6E2M3)),
        Obstacle(layout: layout, type: .uint8, shape: .of(0), expected: .empty),
        Obstacle(layout: layout, type: .uint8, shape: .of(3, 0), expected: .empty),
        Obstacle(layout: layout, type: .uint8, shape: .of(0, 3), expected: .empty),
        Obstacle(layout: layout, type: .uint8, shape: .of(1), expected: nil),
        Obstacle(layout: layout, type: .uint8, shape: .of(1, 1 << 32), expected: nil),
        Obstacle(layout: layout, type: .float64, shape: .of(1 << 62, 1), expected: .tooLarge),
        Obstacle(layout: layout, type: .float64, shape: .of(1 << 32, 1 << 31), expected: .tooLarge),
      ]
    } + [
      Obstacle(layout: .csr, type: .uint8, shape: .of(1, 1 << 32 + 1), expected: .rowsTooLong(1 << 32 + 1)),
      Obstacle(layout: .csr, type: .uint8, shape: .of(1, 1 << 63), expected: .rowsTooLong(1 << 63)),
      Obstacle(layout: .csr, type: .uint8, shape: .of(1 << 62, 1), expected: .tooLarge),
      Obstacle(layout: .csr, type: .uint8, shape: .of(.max, 1), expected: .tooLarge),
      Obstacle(layout: .bitmask, type: .uint8, shape: .of(.max), expected: .tooLarge),
      Obstacle(layout: .bitmask, type: .uint8, shape: .of(1 << 63, 1), expected: .tooLarge),
      Obstacle(layout: .dense, type: .float4E2M1, shape: .of(0), expected: nil),
      Obstacle(layout: .dense, type: .float64, shape: .of(.max), expected: nil),
    ]

  @Test("A layout says what stops it from holding a type and shape", arguments: obstacles)
  func obstaclesAreNamed(obstacle: Obstacle) {
    #expect(obstacle.layout.obstacle(elementType: obstacle.type, shape: obstacle.shape) == obstacle.expected)
  }

  @Test("Obstacles have a reason in words")
  func reasons() throws {
    let pattern = try #require(NMPattern("2:4"))
    let all: [LayoutObstacle] = [
      .subByteType(.float4E2M1), .empty, .rankBelowTwo, .rowsTooLong(5), .notCompliant(pattern, groups: 1),
      .notCompliant(pattern, groups: 2), .nameTaken("x"), .tooLarge,
    ]
    #expect(Set(all.map(\.reason)).count == all.count)
  }

  @Test(
    "Sizes up to the largest shapes are exact, and none is given where 64 bits do not hold it",
    arguments: [
      [1 << 62, 1], [1, 1 << 63], [1 << 32, 1 << 31], [.max], [.max, 1], [1 << 61], [1 << 60, 5],
      [7, 1 << 58],
    ]
      as [[UInt64]]
  )
  func hugeSizes(extents: [UInt64]) throws {
    let shape = try #require(Shape(extents))
    let (rows, columns) = (Wide(shape.rows), Wide(shape.columns))
    for type in [ElementType.uint8, .bfloat16, .float32, .float64] {
      let width = Wide(type.bitWidth / 8)
      // Sizes have their limit in bits, as the dense form has.
      let hasDense = rows * columns * width * 8 <= Wide(UInt64.max)
      func expected(_ size: Wide) -> UInt64? { hasDense ? UInt64(exactly: size) : nil }
      let nnz = shape.elementCount
      #expect(
        Layout.dense.byteCount(elementType: type, shape: shape, nnz: nnz) == expected(rows * columns * width)
      )
      #expect(
        Layout.bitmask.byteCount(elementType: type, shape: shape, nnz: nnz)
          == expected(rows * ((columns + 7) / 8) + Wide(nnz) * width)
      )
      for pattern in LayoutCases.patterns {
        let (kept, group) = (Wide(pattern.kept), Wide(pattern.group))
        let perRow = columns / group * kept + min(kept, columns % group)
        let indexBytes = (perRow * Wide(pattern.indexBits) + 7) / 8
        #expect(
          Layout.nm(pattern).byteCount(elementType: type, shape: shape, nnz: nnz)
            == expected(rows * (perRow * width + indexBytes)),
          "\(pattern)"
        )
      }
    }
  }

  /// Wide enough for every size.
  private typealias Wide = UInt128

  @Test("Of equal sizes the simpler layout is first: dense, bitmask, N:M, CSR")
  func simplicity() throws {
    let pattern = try #require(NMPattern("2:4"))
    let layouts: [Layout] = [.dense, .bitmask, .nm(pattern), .csr]
    #expect(layouts.map(\.simplicity) == layouts.map(\.simplicity).sorted())
    #expect(Set(layouts.map(\.simplicity)).count == layouts.count)
  }
}
