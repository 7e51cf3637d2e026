internal import ModelIR

/// Finds the codes of a weight and their zero points, and makes numbers of them.
struct WeightCodes {
  let model: ONNXModel
  let storage: ONNXStorage

  /// The codes of a tensor as numbers, and their shape.
  struct Found {
    let numbers: CodeNumbers
    let shape: Shape
  }

  /// The numbers that count instead of what is stored; nil where what is stored counts, where it has no numbers, and
  /// where scales or zero points do not fit.
  /// - Throws: ``PayloadFault``, ``ONNXStorage/Obstacle``.
  func codes(of tensor: Int, _ quantization: WeightQuantization?) throws -> Found? {
    let stored = model.tensors[tensor]
    guard stored.indices == nil, stored.shape.elementCount > 0 else { return nil }
    if let quantization, quantization.refusal != nil || quantization.source == .fakeQuantized { return nil }
    if let quantization, quantization.packing != .none { return try packed(stored, quantization) }
    guard let meaning = Self.meaning(stored.type) else { return nil }
    let bits = stored.type.bitWidth
    let zeroPoints = try quantization.map { try map($0, of: stored.type, stored.shape) } ?? .constant(0)
    guard let zeroPoints else { return nil }
    // Bytes around 0 are counted as they are.
    if zeroPoints.isNothing && bits >= 8 { return nil }
    // 16-bit codes around a zero point need more bits than there are.
    if bits > 8 { return nil }
    let columns = stored.shape.columns
    let (rowBits, overflow) = columns.multipliedReportingOverflow(by: UInt64(bits))
    guard !overflow, let bytes = stored.type.byteCount(ofElements: stored.shape.elementCount) else {
      return nil
    }
    let rows = CodeRows(
      try self.bytes(of: stored, count: bytes),
      bits: bits,
      meaning,
      columns: columns,
      rowBits: rowBits
    )
    return Found(
      numbers: CodeNumbers(rows, rows: stored.shape.rows, around: zeroPoints),
      shape: stored.shape
    )
  }

  /// How codes of a type are numbers; nil for types that are none, and for floats that are counted themselves.
  private static func meaning(_ type: ONNXDataType) -> CodeRows.Meaning? {
    switch type {
    case .uint8, .uint4, .uint2: .unsigned
    case .int8, .int4, .int2: .signed
    case .float4E2M1, .float6E2M3, .float6E3M2: .float
    default: nil
    }
  }

  private func bytes(of tensor: ONNXTensor, count: UInt64) throws -> any RowDecoding {
    switch try storage.parts(of: tensor) {
    case .region(let region):
      return StoredBytes(count, of: 1, at: region.offset, in: storage.files[Int(region.file)])
    case .decoded(let elements):
      return elements.elementBytes == 1 && elements.rows == 1 ? elements : ByteView(elements)
    }
  }

  /// Codes that share bytes in a way of their operator's.
  private func packed(_ stored: ONNXTensor, _ quantization: WeightQuantization) throws -> Found? {
    guard stored.type == .uint8, let logical = quantization.logicalShape, logical.elementCount > 0,
      (1...8).contains(quantization.bits)
    else { return nil }
    let meaning: CodeRows.Meaning
    switch quantization.codes {
    case .plain: meaning = .unsigned
    case .e2m1: meaning = .float
    case .bnbFP4, .bnbNF4: return nil
    }
    guard quantization.packing == .rows || quantization.packing == .blocks else { return nil }
    let total = stored.shape.elementCount
    let (rows, columns) = (logical.rows, logical.columns)
    guard total % rows == 0 else { return nil }
    let (rowBits, overflow) = (total / rows).multipliedReportingOverflow(by: 8)
    let (needed, carry) = columns.multipliedReportingOverflow(by: UInt64(quantization.bits))
    guard !overflow, !carry, needed <= rowBits else { return nil }
    guard let zeroPoints = try map(quantization, of: .uint8, logical) else { return nil }
    let codes = CodeRows(
      try bytes(of: stored, count: total),
      bits: quantization.bits,
      meaning,
      columns: columns,
      rowBits: rowBits
    )
    return Found(numbers: CodeNumbers(codes, rows: rows, around: zeroPoints), shape: logical)
  }

  /// The zero points of codes of `shape`; nil where they are not known or do not fit.
  private func map(
    _ quantization: WeightQuantization,
    of type: ONNXDataType,
    _ shape: Shape
  ) throws -> ZeroPointMap? {
    switch quantization.zeroPoint {
    case .none: return .constant(0)
    case .computed: return nil
    case .constant(let value): return Int16(exactly: value).map(ZeroPointMap.constant)
    case .tensor(let number): return try map(quantization, model.tensors[number], shape)
    }
  }

  private func map(
    _ quantization: WeightQuantization,
    _ points: ONNXTensor,
    _ shape: Shape
  ) throws -> ZeroPointMap? {
    guard points.indices == nil, let meaning = Self.meaning(points.type), !points.type.isFloat else {
      return nil
    }
    let isPacked = quantization.zeroPointPacking == .rows
    let bits = isPacked ? quantization.bits : points.type.bitWidth
    let count = points.shape.elementCount
    guard let byteCount = points.type.byteCount(ofElements: count) else { return nil }
    /// Zero points in rows of `columns`, `rows` of them; nil if there are not as many.
    func codes(_ rows: UInt64, _ columns: UInt64) throws -> CodeRows? {
      let rowBits: UInt64
      if isPacked {
        let perRow = (columns * UInt64(bits) + 7) / 8
        guard perRow.multipliedReportingOverflow(by: rows) == (byteCount, false) else { return nil }
        rowBits = perRow * 8
      } else {
        guard rows.multipliedReportingOverflow(by: columns) == (count, false) else { return nil }
        rowBits = columns * UInt64(bits)
      }
      return CodeRows(
        try bytes(of: points, count: byteCount),
        bits: bits,
        meaning,
        columns: columns,
        rowBits: rowBits
      )
    }
    // One for all, however many scales there are.
    if count == 1 && !isPacked {
      guard let rows = try codes(1, 1) else { return nil }
      var numbers: [Int16] = []
      try rows.read(0..<1, 0..<1, into: &numbers)
      return .constant(numbers[0])
    }
    let extents = shape.extents
    /// The rows that an index of an axis before the last spans.
    func inner(_ axis: Int) -> UInt64 { extents[(axis + 1)..<(extents.count - 1)].reduce(1, *) }
    switch quantization.granularity {
    case .tensor, .unknown, .blockShape, .flatRuns: return nil
    case .channel(let axis):
      guard extents.indices.contains(axis), let rows = try codes(1, extents[axis]) else { return nil }
      return axis == extents.count - 1
        ? ZeroPointMap(.columns, rows)
        : ZeroPointMap(.rows(extent: extents[axis], inner: inner(axis)), rows)
    case .blocked(let axis, let size):
      guard quantization.order == nil, extents.indices.contains(axis), size > 0 else { return nil }
      let blocks = extents[axis] / size + (extents[axis] % size == 0 ? 0 : 1)
      if axis == extents.count - 1 {
        return try codes(shape.rows, blocks).map { ZeroPointMap(.runs(size: size), $0) }
      }
      guard !isPacked else { return nil }
      // No more rows than the codes themselves have.
      let rows = shape.rows / extents[axis] * blocks
      return try codes(rows, shape.columns).map {
        ZeroPointMap(.blocks(size: size, extent: extents[axis], blocks: blocks, inner: inner(axis)), $0)
      }
    }
  }
}

/// A decoded matrix of one row as bytes.
private struct ByteView: RowDecoding {
  private let elements: any RowDecoding
  var rows: UInt64 { 1 }
  let columns: UInt64
  var elementBytes: Int { 1 }

  init(_ elements: any RowDecoding) {
    self.elements = elements
    columns = elements.byteCount ?? 0
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let width = UInt64(elements.elementBytes)
    let wanted = columns.lowerBound / width..<(columns.upperBound + width - 1) / width
    let bytes = try elements.decoded(0..<1, wanted)
    let skip = Int(columns.lowerBound - wanted.lowerBound * width)
    buffer.replaceSubrange(start..<start + columns.count, with: bytes[skip..<skip + columns.count])
  }
}
