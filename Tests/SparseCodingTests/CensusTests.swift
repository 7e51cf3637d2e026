import ModelIR
import SparseCoding
import Testing

@Suite("Second look") struct CensusTests {
  /// A matrix of random bits, some elements of which are zero.
  private static func matrix(_ type: ElementType, _ rows: Int, _ columns: Int, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(stream: "census \(seed)")
    let width = type.byteWidth ?? 1
    return (0..<rows * columns).flatMap { _ -> [UInt8] in
      switch UInt8.random(in: 0..<8, using: &random) {
      case 0..<3: [UInt8](repeating: 0, count: width)
      case 3 where type.isFloatingPoint: [UInt8](repeating: 0, count: width - 1) + [0x80]
      default: (0..<width).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
    }
  }

  private static func reader(
    _ type: ElementType,
    _ rows: Int,
    _ columns: Int,
    _ bytes: [UInt8],
    chunkBytes: Int
  ) throws
    -> DenseReader
  {
    let shape = try #require(Shape([UInt64(rows), UInt64(columns)]))
    let tensor = Tensor(
      name: "w",
      elementType: type,
      shape: shape,
      storage: .dense(Region(file: 0, offset: 0, byteCount: UInt64(bytes.count)))
    )
    return DenseReader(tensor: tensor, source: MemorySource(bytes, named: "w"), chunkBytes: chunkBytes)
  }

  /// Whether the value of an element is not zero, by its bits.
  private static func isNonzero(_ element: ArraySlice<UInt8>, _ type: ElementType) -> Bool {
    guard type.isFloatingPoint, let last = element.last else { return element.contains { $0 != 0 } }
    return last & 0x7F != 0 || element.dropLast().contains { $0 != 0 }
  }

  static let types: [ElementType] = [
    .float8E4M3, .int8, .bfloat16, .float16, .uint16, .float32, .int32, .float64, .int64,
  ]
  static let extents = [(1, 1), (3, 63), (5, 64), (7, 65), (300, 17), (70, 130), (2, 700)]

  @Test("nonzeros of rows, columns, cells and blocks are those of a plain count", arguments: types, extents)
  func zeroMap(_ type: ElementType, _ extent: (Int, Int)) throws {
    let (rows, columns) = extent
    let bytes = Self.matrix(type, rows, columns, seed: UInt64(rows * 1000 + columns))
    let width = try #require(type.byteWidth)
    for chunkBytes in [256, 1 << 20] {
      let reader = try Self.reader(type, rows, columns, bytes, chunkBytes: chunkBytes)
      // Chunks are spread over two maps, as over two threads.
      var maps = [try #require(ZeroMap(of: reader)), try #require(ZeroMap(of: reader))]
      var workspace = DenseReader.Workspace()
      for index in 0..<reader.grid.count {
        _ = try reader.read(index, &workspace)
        maps[index % 2].add(workspace.dense, reader.grid[index])
      }
      maps[0].add(maps[1])
      let map = maps[0]
      var (rowCounts, columnCounts) = (
        [UInt32](repeating: 0, count: rows), [UInt32](repeating: 0, count: columns)
      )
      var cells = [UInt64](repeating: 0, count: map.density.counts.count)
      var elements = cells
      var (blocks, zeroBlocks) = (UInt64(0), UInt64(0))
      for row in 0..<rows {
        var run = 0
        for column in 0..<columns {
          let start = (row * columns + column) * width
          let isNonzero = Self.isNonzero(bytes[start..<start + width], type)
          // A place belongs to the last cell that starts at or before it.
          let cellRow = (0..<map.density.cells.rows).last { $0 * rows / map.density.cells.rows <= row } ?? 0
          let cellColumn =
            (0..<map.density.cells.columns).last { $0 * columns / map.density.cells.columns <= column } ?? 0
          let cell = cellRow * map.density.cells.columns + cellColumn
          elements[cell] += 1
          run = isNonzero ? 0 : run + 1
          if column % 16 == 0 { run = isNonzero ? 0 : 1 }
          if column % 16 == 15 {
            blocks += 1
            zeroBlocks += run >= 16 ? 1 : 0
          }
          guard isNonzero else { continue }
          rowCounts[row] += 1
          columnCounts[column] += 1
          cells[cell] += 1
        }
      }
      #expect(map.rowCounts == rowCounts)
      #expect(map.columnCounts == columnCounts)
      #expect(map.density.counts == cells)
      #expect(map.density.counts.indices.map { map.density.elements(ofCell: $0) } == elements)
      #expect((map.blocks16, map.zeroBlocks16) == (blocks, zeroBlocks))
    }
  }

  @Test("a chunk of zeros that is not read counts as one that is")
  func void() throws {
    let reader = try Self.reader(.bfloat16, 40, 40, [UInt8](repeating: 0, count: 3200), chunkBytes: 1 << 20)
    var (read, told) = (try #require(ZeroMap(of: reader)), try #require(ZeroMap(of: reader)))
    var workspace = DenseReader.Workspace()
    _ = try reader.read(0, &workspace)
    read.add(workspace.dense, reader.grid[0])
    told.addVoid(reader.grid[0])
    #expect((read.blocks16, read.zeroBlocks16) == (told.blocks16, told.zeroBlocks16))
    #expect(read.density.counts == told.density.counts)
  }

  @Test("every element counts once in every plane, by its own bits", arguments: types)
  func planes(_ type: ElementType) throws {
    let bytes = Self.matrix(type, 30, 40, seed: 7)
    let width = try #require(type.byteWidth)
    var (first, second) = (try #require(ValueCensus(type)), try #require(ValueCensus(type)))
    _ = first.add(bytes, count: 700)
    _ = second.add(Array(bytes[(700 * width)...]), count: 500)
    first.addCounts(second)
    #expect(first.count == 1200)
    #expect(first.lower.count == max(0, width - 2))
    for plane in 0..<max(0, width - 2) {
      var counts = [UInt64](repeating: 0, count: 256)
      for element in 0..<1200 { counts[Int(bytes[element * width + plane])] += 1 }
      #expect(first.lower[plane] == counts)
    }
    var upper = [UInt64](repeating: 0, count: width == 1 ? 256 : 65536)
    for element in 0..<1200 {
      let last = (element + 1) * width
      upper[width == 1 ? Int(bytes[last - 1]) : Int(bytes[last - 2]) | Int(bytes[last - 1]) << 8] += 1
    }
    #expect(first.upper == upper)
  }

  @Test(
    "moments are those of a sum in one piece, however large the mean is beside the spread",
    arguments: [0, 1e6, -3e8]
  )
  func moments(_ offset: Double) throws {
    var random = SeededGenerator(stream: "moments")
    let values = (0..<20_000).map { _ in Float(offset) + Float.random(in: -100...100, using: &random) }
    var bytes: [UInt8] = []
    for value in values + [Float.nan, Float.infinity] {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += Array($0) }
    }
    var census = try #require(ValueCensus(.float32))
    var moments = census.add(bytes, count: 12_345)
    moments.add(census.add(Array(bytes[(12_345 * 4)...]), count: 20_002 - 12_345))
    var sum = 0.0
    for value in values { sum += Double(value) - offset }
    let mean = sum / 20_000 + offset
    var squares = 0.0
    for value in values { squares += (Double(value) - mean) * (Double(value) - mean) }
    #expect(moments.count == 20_000)
    #expect(abs(moments.mean - mean) <= 1e-12 * max(1, abs(mean)))
    #expect(abs(moments.deviation - (squares / 20_000).squareRoot()) <= 1e-9)
    #expect(moments.least == values.map(Double.init).min())
    #expect(moments.greatest == values.map(Double.init).max())
  }

  @Test("types that share bytes, and pairs of numbers, have no census")
  func refuses() {
    for type in [ElementType.float4E2M1, .int4, .complex64, .complex128] { #expect(ValueCensus(type) == nil) }
  }
}
