import CompressedTensors
import ModelIR
import TestSupport
import Testing

/// A marlin-24 weight in memory, decoded from the byte ranges that the tiling names and no others.
struct StoredMarlin {
  let tiling: MarlinTiling
  var packed: [UInt8]
  var meta: [UInt8]

  /// Decodes a rectangle; rows are the matrix's, units are column tiles.
  func decode(_ rectangle: DecodedRectangle) throws -> [UInt8] {
    let blocks = rectangle.rows.lowerBound / 64...(rectangle.rows.upperBound - 1) / 64
    var (tiles, places): ([UInt8], [UInt8]) = ([], [])
    for tile in rectangle.units {
      for block in blocks {
        let offset = Int(tiling.packedOffset(rowBlock: UInt64(block), columnTile: UInt64(tile)))
        tiles += packed[offset..<(offset + tiling.packedTileBytes)]
        let metaOffset = Int(tiling.metaOffset(rowBlock: UInt64(block), columnTile: UInt64(tile)))
        places += meta[metaOffset..<(metaOffset + MarlinTiling.metaTileBytes)]
      }
    }
    let above = blocks.lowerBound * 64
    var buffer = rectangle.buffer
    try tiling.decode(
      rows: (rectangle.rows.lowerBound - above)..<(rectangle.rows.upperBound - above),
      tileCount: rectangle.units.count,
      blockCount: blocks.count,
      packed: tiles,
      meta: places,
      into: &buffer,
      at: rectangle.start,
      rowStride: rectangle.rowStride
    )
    return buffer
  }

  /// Decodes the whole matrix, a block at a time.
  func decodeAll() throws -> [UInt8] {
    let columns = Int(tiling.columns)
    var codes = [UInt8](repeating: DecodedRectangle.filler, count: Int(tiling.rows) * columns)
    let tileCount = Int(tiling.columnTiles)
    for block in 0..<tiling.rowBlocks {
      var (tiles, places): ([UInt8], [UInt8]) = ([], [])
      for tile in 0..<tiling.columnTiles {
        let offset = Int(tiling.packedOffset(rowBlock: block, columnTile: tile))
        tiles += packed[offset..<(offset + tiling.packedTileBytes)]
        let metaOffset = Int(tiling.metaOffset(rowBlock: block, columnTile: tile))
        places += meta[metaOffset..<(metaOffset + MarlinTiling.metaTileBytes)]
      }
      try tiling.decode(
        rows: 0..<64,
        tileCount: tileCount,
        packed: tiles,
        meta: places,
        into: &codes,
        at: Int(block) * 64 * columns,
        rowStride: columns
      )
    }
    return codes
  }
}

@Suite("marlin-24 tiles")
struct MarlinTilingTests {
  /// A reference file of compressed-tensors 0.14.
  struct Reference: CustomTestStringConvertible {
    let folder: String
    let bits: Int
    let isGrouped: Bool
    let permutesScales: Bool
    var testDescription: String { folder }
  }
  static let references = [
    Reference(folder: "08-marlin-24-int4-g128", bits: 4, isGrouped: true, permutesScales: true),
    Reference(folder: "09-marlin-24-int8-channel", bits: 8, isGrouped: false, permutesScales: false),
  ]

  @Test("Codes of the library's files are those that it was given", arguments: references)
  func referenceCodes(reference: Reference) throws {
    let stored = try FixtureTensor.all(of: reference.folder + "/model.safetensors")
    let truth = try FixtureTensor.all(of: reference.folder + "/decompressed.safetensors")
    let codes = try #require(truth["fc1.weight_int"])
    let packed = try #require(stored["fc1.weight_packed"])
    let meta = try #require(stored["fc1.meta"])
    let tiling = try #require(MarlinTiling.matches(packed: packed.described, meta: meta.described))
    #expect(
      tiling
        == MarlinTiling(rows: codes.shape.rows, columns: codes.shape.columns, bits: reference.bits)
    )
    let weight = StoredMarlin(tiling: tiling, packed: packed.bytes, meta: meta.bytes)
    #expect(try weight.decodeAll() == codes.bytes)
    let sample = TwoOfFourSample(
      rows: Int(tiling.rows),
      columns: Int(tiling.columns),
      elements: codes.bytes.map { UInt64($0) },
      isZero: { $0 == 0 }
    )
    let naive = NaiveMarlin.encode(sample, bits: reference.bits)
    #expect(naive.packed == packed.bytes)
    #expect(naive.meta == meta.bytes)
  }

  @Test("Scales of the library's files are found where they were put", arguments: references)
  func referenceScales(reference: Reference) throws {
    let stored = try FixtureTensor.all(of: reference.folder + "/model.safetensors")
    let dense = try FixtureTensor.all(of: reference.folder + "/input.safetensors")
    let weight = try #require(dense["fc1.weight"])
    let natural = try #require(dense["fc1.weight_scale"])
    let packed = try #require(stored["fc1.scale_packed"])
    let tiling = try #require(
      MarlinTiling(rows: weight.shape.rows, columns: weight.shape.columns, bits: reference.bits)
    )
    #expect(tiling.scaleShape(isGrouped: reference.isGrouped, groupSize: 128) == packed.shape)
    let isPermuted = MarlinTiling.permutesScales(
      isGrouped: reference.isGrouped,
      groupSize: 128,
      columns: tiling.columns
    )
    #expect(isPermuted == reference.permutesScales)
    let (rows, groups) = (Int(tiling.rows), Int(packed.shape.rows))
    for row in 0..<rows {
      let place = Int(MarlinTiling.scaleColumn(ofRow: UInt64(row), isPermuted: isPermuted))
      for group in 0..<groups {
        let expected = natural.bytes[((row * groups + group) * 2)...].prefix(2)
        let found = packed.bytes[((group * rows + place) * 2)...].prefix(2)
        #expect(Array(found) == Array(expected), "row \(row), group \(group)")
      }
    }
  }

  @Test(
    "Any rectangle decodes to its part of the matrix, and nothing around it is written",
    arguments: [(64, 32), (64, 64), (128, 96), (192, 256), (64, 1024), (192, 1024)],
    [4, 8]
  )
  func rectangles(size: (Int, Int), bits: Int) throws {
    try withSeed { generator in
      let (rows, columns) = size
      let half = 1 << (bits - 1)
      let sample = TwoOfFourSample(rows: rows, columns: columns, using: &generator) { generator in
        UInt64(truncatingIfNeeded: Int.random(in: -half..<half, using: &generator)) & 0xFF
      }
      let parts = NaiveMarlin.encode(sample, bits: bits)
      let tiling = try #require(MarlinTiling(rows: UInt64(rows), columns: UInt64(columns), bits: bits))
      let weight = StoredMarlin(tiling: tiling, packed: parts.packed, meta: parts.meta)
      try #require(tiling.packedShape.byteCount(of: .int32) == UInt64(parts.packed.count))
      try #require(tiling.metaShape.byteCount(of: .int16) == UInt64(parts.meta.count))
      let whole = sample.elements.map { UInt8($0) }
      try #require(try weight.decodeAll() == whole)
      for _ in 0..<10 {
        let units = columns / 32
        let rectangle = DecodedRectangle(rows: rows, units: units, unitBytes: 32, using: &generator)
        let decoded = try weight.decode(rectangle)
        try #require(decoded == rectangle.expected(of: whole, units: units, unitBytes: 32), "\(rectangle)")
      }
    }
  }

  @Test("A tile is one run of both parts", arguments: [(64, 32), (64, 96), (192, 64), (128, 160)], [4, 8])
  func runs(size: (Int, Int), bits: Int) throws {
    let (rows, columns) = size
    let tiling = try #require(MarlinTiling(rows: UInt64(rows), columns: UInt64(columns), bits: bits))
    var metaStarts: Set<UInt64> = []
    for row in 0..<rows {
      for word in 0..<(columns / 16) {
        let offset = UInt64(NaiveMarlin.wordOffset(row: row, column: word, rows: rows) * 2)
        let start = tiling.metaOffset(rowBlock: UInt64(row / 64), columnTile: UInt64(word / 2))
        #expect(offset >= start && offset + 2 <= start + 256, "row \(row), word \(word)")
        metaStarts.insert(start)
      }
    }
    var packedStarts: Set<UInt64> = []
    let order = NaiveMarlin.order(rows: rows, columns: columns, bits: bits)
    for (position, source) in order.enumerated() {
      let (row, stored) = source.quotientAndRemainder(dividingBy: columns / 2)
      let start = tiling.packedOffset(rowBlock: UInt64(row / 64), columnTile: UInt64(stored / 16))
      let byte = UInt64(position * bits / 8)
      #expect(byte >= start && byte < start + UInt64(tiling.packedTileBytes), "row \(row), \(stored)")
      packedStarts.insert(start)
    }
    let tiles = rows / 64 * (columns / 32)
    #expect(metaStarts.count == tiles && packedStarts.count == tiles)
    #expect(UInt64(tiles * tiling.packedTileBytes) == tiling.packedShape.byteCount(of: .int32))
    #expect(UInt64(tiles * 256) == tiling.metaShape.byteCount(of: .int16))
  }

  @Test(
    "A metadata code of no two ascending places is refused where it is, and only if its row is wanted",
    arguments: (0..<16).filter { !TwoOfFourSample.codes.contains($0) }
  )
  func badMetadata(code: Int) throws {
    try withSeed { generator in
      let (rows, columns) = (128, 96)
      let tiling = try #require(MarlinTiling(rows: UInt64(rows), columns: UInt64(columns), bits: 4))
      var sample = TwoOfFourSample(rows: rows, columns: columns, using: &generator) { _ in 1 }
      let packed = NaiveMarlin.encode(sample, bits: 4).packed
      for _ in 0..<8 {
        let group = Int.random(in: sample.groups.indices, using: &generator)
        let (row, place) = group.quotientAndRemainder(dividingBy: columns / 4)
        let saved = sample.groups[group]
        sample.groups[group] = code
        let meta = NaiveMarlin.meta(sample.words(codesPerWord: 4), rows: rows)
        sample.groups[group] = saved
        let weight = StoredMarlin(tiling: tiling, packed: packed, meta: meta)
        let problem = #expect(throws: TileProblem.self) { try weight.decodeAll() }
        try #require(problem == .badMetadata(row: row % 64, column: place * 4))
        for other in [row - 1, row + 1] where other >= 0 && other < rows {
          let rectangle = DecodedRectangle(rows: other..<(other + 1), units: 0..<3, rowStride: 96)
          _ = try weight.decode(rectangle)
        }
      }
    }
  }

  @Test(
    "Sizes that do not tile or do not fit 64 bits have no tiling",
    arguments: [
      (0, 32, 4), (64, 0, 4), (32, 32, 4), (96, 32, 8), (64, 16, 4), (64, 48, 8), (65, 32, 4), (64, 33, 4),
      (64, 32, 2), (64, 32, 3), (64, 32, 16), (64, 32, 0), (64, 32, -4), (1 << 59, 32, 4), (64, 1 << 58, 4),
      (1 << 32, 1 << 32, 4), (.max - 63, 32, 4), (64, .max - 31, 8), (.max, .max, 4), (1 << 31, 1 << 31, 8),
    ] as [(UInt64, UInt64, Int)]
  )
  func refusedSizes(rows: UInt64, columns: UInt64, bits: Int) {
    #expect(MarlinTiling(rows: rows, columns: columns, bits: bits) == nil)
  }

  @Test(
    "The largest sizes have offsets of 64 bits",
    arguments: [(1 << 30, 1 << 30, 4), (1 << 30, 1 << 30, 8), (64, 1 << 55, 8)] as [(UInt64, UInt64, Int)]
  )
  func largestSizes(rows: UInt64, columns: UInt64, bits: Int) throws {
    let tiling = try #require(MarlinTiling(rows: rows, columns: columns, bits: bits))
    let (block, tile) = (rows / 64 - 1, columns / 32 - 1)
    let packedEnd =
      tiling.packedOffset(rowBlock: block, columnTile: tile) + UInt64(tiling.packedTileBytes)
    #expect(packedEnd == rows * columns / 16 * UInt64(bits))
    #expect(tiling.metaOffset(rowBlock: block, columnTile: tile) + 256 == rows * columns / 8)
  }

  @Test(
    "Tensors of other types or shapes are no marlin-24 weight",
    arguments: [
      (.int32, [16, 128], .int16, [16, 126]), (.int32, [16, 128], .int16, [8, 128]),
      (.int32, [16, 128], .uint16, [16, 128]), (.uint32, [16, 128], .int16, [16, 128]),
      (.int32, [16, 64], .int16, [16, 128]), (.int32, [16, 128, 1], .int16, [16, 128]),
      (.int32, [16, 128], .int16, [2048]), (.int32, [0, 128], .int16, [0, 128]),
      (.int32, [16, 64], .int16, [16, 64]), (.int32, [1 << 60, 1], .int16, [1 << 60, 1]),
    ] as [(ElementType, [UInt64], ElementType, [UInt64])]
  )
  func mismatches(packedType: ElementType, packed: [UInt64], metaType: ElementType, meta: [UInt64]) throws {
    let packedShape = try #require(Shape(packed))
    let metaShape = try #require(Shape(meta))
    #expect(MarlinTiling.matches(packed: (packedType, packedShape), meta: (metaType, metaShape)) == nil)
  }

  @Test(
    "Scales are permuted only in groups smaller than half a row",
    arguments: [
      (true, 128, 128, false), (true, 128, 256, false), (true, 128, 288, true), (true, 128, 512, true),
      (true, 64, 128, false), (true, 64, 160, true), (false, 128, 512, false), (false, 0, 512, false),
    ] as [(Bool, UInt64, UInt64, Bool)]
  )
  func scaleRule(isGrouped: Bool, groupSize: UInt64, columns: UInt64, permutes: Bool) {
    #expect(
      MarlinTiling.permutesScales(isGrouped: isGrouped, groupSize: groupSize, columns: columns) == permutes
    )
  }

  @Test("A permuted row of scales is read in the order of the weight's rows", arguments: [64, 128, 192])
  func scaleOrder(rows: Int) {
    let natural = Array(0..<rows)
    let stored = NaiveMarlin.permutedScales(natural)
    let places = natural.map { Int(MarlinTiling.scaleColumn(ofRow: UInt64($0), isPermuted: true)) }
    #expect(places.map { stored[$0] } == natural)
    #expect(natural.allSatisfy { MarlinTiling.scaleColumn(ofRow: UInt64($0), isPermuted: false) == $0 })
  }

  @Test("Groups that do not divide a row have no scales")
  func scaleShapes() throws {
    let tiling = try #require(MarlinTiling(rows: 64, columns: 192, bits: 4))
    #expect(tiling.scaleShape(isGrouped: true, groupSize: 64)?.extents == [3, 64])
    #expect(tiling.scaleShape(isGrouped: false, groupSize: 128)?.extents == [1, 64])
    #expect(tiling.scaleShape(isGrouped: true, groupSize: 128) == nil)
    #expect(tiling.scaleShape(isGrouped: true, groupSize: 0) == nil)
  }
}
