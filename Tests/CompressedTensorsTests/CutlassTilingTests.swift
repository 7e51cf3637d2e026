import CompressedTensors
import ModelIR
import TestSupport
import Testing

/// A semi-structured weight in memory, decoded from the byte ranges that the tiling names and no others.
struct StoredCutlass {
  let tiling: CutlassTiling
  var packed: [UInt8]
  var meta: [UInt8]

  /// Decodes a rectangle of rows and units.
  func decode(_ rectangle: DecodedRectangle) throws -> [UInt8] {
    let blockRows = tiling.blockRows
    let blocks = rectangle.rows.lowerBound / blockRows...(rectangle.rows.upperBound - 1) / blockRows
    var (values, places): ([UInt8], [UInt8]) = ([], [])
    for row in rectangle.rows {
      let offset = Int(tiling.packedOffset(row: UInt64(row), unit: UInt64(rectangle.units.lowerBound)))
      values += packed[offset..<(offset + rectangle.units.count * CutlassTiling.packedUnitBytes)]
    }
    for unit in rectangle.units {
      let offset = Int(tiling.metaOffset(rowBlock: UInt64(blocks.lowerBound), unit: UInt64(unit)))
      places += meta[offset..<(offset + blocks.count * CutlassTiling.metaUnitBytes)]
    }
    let above = blocks.lowerBound * blockRows
    var buffer = rectangle.buffer
    try tiling.decode(
      rows: (rectangle.rows.lowerBound - above)..<(rectangle.rows.upperBound - above),
      unitCount: rectangle.units.count,
      blockCount: blocks.count,
      packed: values,
      meta: places,
      into: &buffer,
      at: rectangle.start,
      rowStride: rectangle.rowStride
    )
    return buffer
  }

  /// Decodes the whole matrix in one call: both parts are then passed as they are stored.
  func decodeAll() throws -> [UInt8] {
    let rowBytes = Int(tiling.columnUnits) * CutlassTiling.denseUnitBytes
    var dense = [UInt8](repeating: DecodedRectangle.filler, count: Int(tiling.rows) * rowBytes)
    try tiling.decode(
      rows: 0..<Int(tiling.rows),
      unitCount: Int(tiling.columnUnits),
      blockCount: Int(tiling.rowBlocks),
      packed: packed,
      meta: meta,
      into: &dense,
      at: 0,
      rowStride: rowBytes
    )
    return dense
  }
}

@Suite("CUTLASS tiles")
struct CutlassTilingTests {
  static let types: [ElementType] = [.float16, .bfloat16, .int8, .float32]

  /// A random matrix of the type, every bit pattern possible.
  static func sample(
    _ type: ElementType,
    rows: Int,
    units: Int,
    using generator: inout SeededGenerator
  ) -> TwoOfFourSample {
    let width = type.bitWidth / 8
    return TwoOfFourSample(
      rows: rows,
      columns: units * 64 / width,
      placesPerElement: type == .float32 ? 2 : 1,
      using: &generator
    ) { generator in
      littleEndian(generator.bytes(width))
    }
  }

  @Test(
    "Elements of PyTorch's tensors are those that it was given",
    arguments: [("f16", .float16), ("bf16", .bfloat16), ("i8", .int8), ("f32", .float32)]
      as [(String, ElementType)]
  )
  func reference(name: String, type: ElementType) throws {
    let folder = "21-torch-semi-structured-cutlass"
    let stored = try FixtureTensor.all(of: folder + "/model.safetensors")
    let dense = try #require(try FixtureTensor.all(of: folder + "/input.safetensors")[name])
    let packed = try #require(stored[name + ".packed"])
    let meta = try #require(stored[name + ".meta"])
    let tiling = try #require(CutlassTiling.matches(packed: packed.described, meta: meta.described))
    #expect(
      tiling == CutlassTiling(elementType: type, rows: dense.shape.rows, columns: dense.shape.columns)
    )
    let weight = StoredCutlass(tiling: tiling, packed: packed.bytes, meta: meta.bytes)
    #expect(try weight.decodeAll() == dense.bytes)
    let width = type.bitWidth / 8
    let sample = TwoOfFourSample(
      rows: Int(tiling.rows),
      columns: Int(tiling.columns),
      placesPerElement: type == .float32 ? 2 : 1,
      elements: stride(from: 0, to: dense.bytes.count, by: width).map {
        littleEndian(dense.bytes[$0..<($0 + width)])
      },
      isZero: { $0 == 0 }
    )
    let naive = NaiveCutlass.encode(sample, type)
    #expect(naive.packed == packed.bytes)
    #expect(naive.meta == meta.bytes)
  }

  @Test(
    "Any rectangle decodes to its part of the matrix, bit for bit, and nothing around it is written",
    arguments: types,
    [(32, 1), (32, 2), (96, 5), (64, 16), (192, 7)]
  )
  func rectangles(type: ElementType, size: (Int, Int)) throws {
    try withSeed { generator in
      let (rows, units) = size
      let sample = Self.sample(type, rows: rows, units: units, using: &generator)
      let parts = NaiveCutlass.encode(sample, type)
      let tiling = try #require(
        CutlassTiling(elementType: type, rows: UInt64(rows), columns: UInt64(sample.columns))
      )
      let weight = StoredCutlass(tiling: tiling, packed: parts.packed, meta: parts.meta)
      try #require(tiling.packedShape.byteCount(of: type) == UInt64(parts.packed.count))
      try #require(tiling.metaShape.byteCount(of: tiling.metaType) == UInt64(parts.meta.count))
      let whole = sample.elements.flatMap { littleEndianBytes(of: $0, width: type.bitWidth / 8) }
      try #require(try weight.decodeAll() == whole)
      for _ in 0..<10 {
        let rectangle = DecodedRectangle(rows: rows, units: units, unitBytes: 64, using: &generator)
        let decoded = try weight.decode(rectangle)
        try #require(decoded == rectangle.expected(of: whole, units: units, unitBytes: 64), "\(rectangle)")
      }
    }
  }

  @Test(
    "Negative zeros and NaNs keep their bits",
    arguments: [
      (.float16, [0x8000, 0x7C01, 0xFE00, 0xFC01]), (.bfloat16, [0x8000, 0x7F81, 0xFFC1, 0xFF81]),
      (.float32, [0x8000_0000, 0x7F80_0001, 0x7C01_7C01, 0xFC01_FC01]), (.int8, [0x80, 0xFF, 0x7F, 1]),
    ] as [(ElementType, [UInt64])]
  )
  func bits(type: ElementType, patterns: [UInt64]) throws {
    try withSeed { generator in
      let width = type.bitWidth / 8
      let sample = TwoOfFourSample(
        rows: 32,
        columns: 128 / width,
        placesPerElement: type == .float32 ? 2 : 1,
        using: &generator
      ) { patterns[Int.random(in: patterns.indices, using: &$0)] }
      let parts = NaiveCutlass.encode(sample, type)
      let tiling = try #require(CutlassTiling(elementType: type, rows: 32, columns: UInt64(sample.columns)))
      let weight = StoredCutlass(tiling: tiling, packed: parts.packed, meta: parts.meta)
      let dense = sample.elements.flatMap { littleEndianBytes(of: $0, width: width) }
      try #require(try weight.decodeAll() == dense)
    }
  }

  @Test(
    "A unit of a block of rows is one run of the metadata",
    arguments: types,
    [(32, 1), (96, 3), (64, 8)]
  )
  func runs(type: ElementType, size: (Int, Int)) throws {
    let (rows, units) = size
    let columns = UInt64(units * 512 / type.bitWidth)
    let tiling = try #require(CutlassTiling(elementType: type, rows: UInt64(rows), columns: columns))
    let wordBytes = tiling.metaType.bitWidth / 8
    #expect(tiling.metaShape.columns == UInt64(units * 2))
    var starts: Set<UInt64> = []
    for row in 0..<rows {
      for word in 0..<(units * 2) {
        let offset = UInt64(NaiveCutlass.wordOffset(row: row, column: word, rows: rows, type) * wordBytes)
        let start = tiling.metaOffset(rowBlock: UInt64(row / tiling.blockRows), unit: UInt64(word / 2))
        #expect(offset >= start && offset + UInt64(wordBytes) <= start + 128, "row \(row), word \(word)")
        starts.insert(start)
      }
    }
    #expect(UInt64(starts.count) * 128 == tiling.metaShape.byteCount(of: tiling.metaType))
  }

  @Test(
    "A metadata code that the type does not have is refused where it is, and only if its row is wanted",
    arguments: types.flatMap { type in
      let allowed = type == .float32 ? TwoOfFourSample.pairCodes : TwoOfFourSample.codes
      return (0..<16).filter { !allowed.contains($0) }.map { (type, $0) }
    }
  )
  func badMetadata(type: ElementType, code: Int) throws {
    try withSeed { generator in
      let (rows, units) = (64, 3)
      var sample = Self.sample(type, rows: rows, units: units, using: &generator)
      let packed = NaiveCutlass.encode(sample, type).packed
      let tiling = try #require(
        CutlassTiling(elementType: type, rows: UInt64(rows), columns: UInt64(sample.columns))
      )
      let groupsPerRow = sample.groups.count / rows
      for _ in 0..<4 {
        let group = Int.random(in: sample.groups.indices, using: &generator)
        let (row, place) = group.quotientAndRemainder(dividingBy: groupsPerRow)
        let saved = sample.groups[group]
        sample.groups[group] = code
        let words = sample.words(codesPerWord: type == .int8 ? 8 : 4)
        sample.groups[group] = saved
        let meta = NaiveCutlass.meta(words, rows: rows, type)
        let weight = StoredCutlass(tiling: tiling, packed: packed, meta: meta)
        let problem = #expect(throws: TileProblem.self) { try weight.decodeAll() }
        try #require(problem == .badMetadata(row: row, column: place * sample.groupColumns))
        for other in [row - 1, row + 1] where other >= 0 && other < rows {
          let rectangle = DecodedRectangle(rows: other..<(other + 1), units: 0..<units, rowStride: 192)
          _ = try weight.decode(rectangle)
        }
      }
    }
  }

  @Test(
    "Sizes that do not tile or do not fit 64 bits have no tiling, nor has any other type",
    arguments: [
      (.float16, 0, 64), (.float16, 32, 0), (.float16, 16, 64), (.float16, 48, 64), (.float16, 33, 64),
      (.float16, 32, 16), (.float16, 32, 48), (.bfloat16, 32, 65), (.int8, 8, 128), (.int8, 24, 128),
      (.int8, 16, 32), (.int8, 16, 96), (.float32, 16, 32), (.float32, 32, 8), (.float32, 32, 24),
      (.float16, 1 << 32, 1 << 31), (.float32, 1 << 59, 16), (.int8, 1 << 32, 1 << 32),
      (.int8, .max - 15, 64), (.int8, 16, .max - 63), (.float32, .max, .max),
      (.float64, 32, 64), (.uint8, 32, 64), (.float8E4M3, 32, 64), (.int16, 32, 64), (.bool, 32, 64),
      (.int32, 32, 64), (.float4E2M1, 32, 64),
    ] as [(ElementType, UInt64, UInt64)]
  )
  func refusedSizes(type: ElementType, rows: UInt64, columns: UInt64) {
    #expect(CutlassTiling(elementType: type, rows: rows, columns: columns) == nil)
  }

  @Test(
    "The smallest and the largest sizes have a tiling",
    arguments: [
      (.float16, 32, 32), (.bfloat16, 32, 32), (.int8, 16, 64), (.float32, 32, 16),
      (.float16, 1 << 30, 1 << 29), (.int8, 1 << 30, 1 << 30), (.float32, 1 << 30, 1 << 28),
    ] as [(ElementType, UInt64, UInt64)]
  )
  func acceptedSizes(type: ElementType, rows: UInt64, columns: UInt64) throws {
    let tiling = try #require(CutlassTiling(elementType: type, rows: rows, columns: columns))
    let (row, unit, block) = (rows - 1, tiling.columnUnits - 1, tiling.rowBlocks - 1)
    #expect(tiling.packedOffset(row: row, unit: unit) + 32 == tiling.packedShape.byteCount(of: type))
    #expect(
      tiling.metaOffset(rowBlock: block, unit: unit) + 128
        == tiling.metaShape.byteCount(of: tiling.metaType)
    )
  }

  @Test(
    "Two tensors that cannot belong together match nothing",
    arguments: [
      (.float16, [64, 64], .int32, [64, 8]), (.float16, [64, 64], .int16, [64, 4]),
      (.float16, [64, 64], .int16, [32, 8]), (.float32, [64, 64], .int16, [64, 8]),
      (.int8, [32, 64], .int16, [32, 4]), (.int8, [32, 64], .uint32, [32, 4]),
      (.float16, [64, 64], .int16, [64, 8, 1]), (.float16, [4096], .int16, [64, 8]),
      (.float16, [2, 32, 64], .int16, [64, 8]), (.float64, [64, 64], .int16, [64, 8]),
      (.float16, [1, 1 << 63], .int16, [1, 1 << 59]), (.float16, [0, 64], .int16, [0, 8]),
    ] as [(ElementType, [UInt64], ElementType, [UInt64])]
  )
  func mismatches(packedType: ElementType, packed: [UInt64], metaType: ElementType, meta: [UInt64]) throws {
    let packedShape = try #require(Shape(packed))
    let metaShape = try #require(Shape(meta))
    #expect(CutlassTiling.matches(packed: (packedType, packedShape), meta: (metaType, metaShape)) == nil)
  }
}
