internal import ByteIO
internal import ModelIR
internal import Quantizing

/// Why the codes of a graph's weight cannot be read as numbers.
struct UnreadableCodes: Error {
  let reason: String
}

extension Tensor {
  /// Whether it holds codes that nodes of a graph dequantize, and not floats that are quantized on the way.
  var isGraphWeight: Bool {
    guard let quantization, CompressionFormat(rawValue: quantization.scheme) == nil else { return false }
    switch quantization.packing {
    case Quantization.operatorPacking?: return true
    case nil: return ![.float16, .bfloat16, .float32, .float64].contains(elementType)
    default: return false
    }
  }
}

extension QuantizedWeight {
  /// The weight that `tensor` is, by a scheme of compressed-tensors or as a graph says it; nil for others.
  /// - Throws: ``PartFault`` for parts that are missing or contradict each other, ``UnreadableCodes``.
  static func reading(_ tensor: Tensor, in model: Model) throws -> QuantizedWeight? {
    guard tensor.isGraphWeight, let quantization = tensor.quantization else {
      return try QuantizedWeight(tensor, in: model)
    }
    return try GraphWeight(tensor: tensor, quantization: quantization, model: model).read()
  }

  /// The single-precision numbers of a graph's integers of 16 or 32 bits; nil for other tensors.
  /// - Throws: ``UnreadableCodes``.
  static func wideNumbers(_ tensor: Tensor, in model: Model) throws -> WideNumbers? {
    guard tensor.isGraphWeight, let quantization = tensor.quantization, quantization.packing == nil,
      [.int16, .uint16, .int32].contains(tensor.elementType)
    else { return nil }
    return try GraphWeight(tensor: tensor, quantization: quantization, model: model).wide()
  }
}

/// A weight of a graph on the way to codes with scales: those of DequantizeLinear, and of operators that have them as
/// operands.
///
/// Codes are centred: unsigned ones are lowered by half their range, and zero points with them.
private struct GraphWeight {
  let tensor: Tensor
  let quantization: Quantization
  let model: QuantizedWeight.Model

  private var shape: Shape { tensor.logicalShape }

  func read() throws -> QuantizedWeight {
    if let obstacle = quantization.obstacle { throw UnreadableCodes(reason: obstacle) }
    guard shape.elementCount > 0 else { throw UnreadableCodes(reason: "it has no elements") }
    guard shape.byteCount(of: .float64) != nil else { throw UnreadableCodes(reason: "it is too large") }
    var (codes, kind, isUnsigned) = try codes()
    guard let (rows, columns) = ScaleMap.extents(quantization.granularity, shape) else {
      throw UnreadableCodes(reason: "its scales run along several axes")
    }
    let scale = try part(quantization.scale, "scales")
    guard
      [.bfloat16, .float16, .float32].contains(scale.elementType)
        || (scale.elementType == .float8E8M0 && kind != .integers(bits: bits))
    else { throw UnreadableCodes(reason: "its scales are \(scale.elementType.name)") }
    guard let matrix = matrix(scale, rows, columns),
      let scales = ScaleMap(ofGraph: matrix, quantization.granularity, shape)
    else {
      throw UnreadableCodes(
        reason: "its scales have the shape \(scale.shape), and \(rows * columns) are needed"
      )
    }
    let zeroPoints = try zeroPoints(scales, kind, isUnsigned)
    var numbers = codes
    if kind == .e2m1 {
      numbers = WidenedNibbles(codes: codes)
      if scale.elementType != .float8E8M0 { (codes, kind) = (numbers, .e4m3) }
    }
    return QuantizedWeight(
      shape,
      quantization,
      codes: codes,
      numbers: numbers,
      kind,
      scales: scales,
      scale.elementType,
      zeroPoints: zeroPoints
    )
  }

  func wide() throws -> WideNumbers {
    if let obstacle = quantization.obstacle { throw UnreadableCodes(reason: obstacle) }
    let scale = try part(quantization.scale, "scales")
    guard shape.elementCount > 0, tensor.shape == shape, shape.byteCount(of: .float64) != nil,
      let codes = StoredMatrix(tensor, in: model.source(tensor)),
      let (rows, columns) = ScaleMap.extents(quantization.granularity, shape),
      let matrix = matrix(scale, rows, columns),
      let scales = ScaleMap(ofGraph: matrix, quantization.granularity, shape)
    else { throw UnreadableCodes(reason: "its scales have the shape \(scale.shape)") }
    guard scale.elementType == .float32 else {
      throw UnreadableCodes(
        reason: "its codes are \(tensor.elementType.name) and its scales \(scale.elementType.name)"
      )
    }
    switch quantization.zeroPoint {
    case nil, .constant("0")?: break
    case .constant(let text)?: throw UnreadableCodes(reason: "its zero point is \(text)")
    case .tensor?:
      let points = try part(quantization.zeroPoint, "zero points")
      guard let bytes = bytes(of: points), try isZero(bytes, ignoring: 0) else {
        throw UnreadableCodes(reason: "its codes are \(tensor.elementType.name) and have zero points")
      }
    }
    return WideNumbers(codes: codes, type: tensor.elementType, scales: scales)
  }

  /// The bits of a code.
  private var bits: Int { quantization.packing == nil ? tensor.elementType.bitWidth : quantization.bits }

  private func codes() throws -> (codes: any RowDecoding, QuantizedWeight.Kind, isUnsigned: Bool) {
    let unknown = UnreadableCodes(reason: "its codes are \(tensor.elementType.name)")
    if quantization.packing != nil {
      // Rows of bytes, each with a whole number of them.
      let total = tensor.shape.elementCount
      guard tensor.elementType == .uint8, (1...8).contains(bits) else { throw unknown }
      let (needed, overflow) = shape.columns.multipliedReportingOverflow(by: UInt64(bits))
      let rowBytes = total / shape.rows
      guard total % shape.rows == 0, !overflow, needed.dividedUp(by: 8) <= rowBytes,
        let bytes = bytes(of: tensor)
      else {
        throw UnreadableCodes(
          reason: "its codes have the shape \(tensor.shape), which \(shape) does not fill"
        )
      }
      let codes = BitCodes(
        bytes,
        bits: bits,
        .lowered,
        rows: shape.rows,
        columns: shape.columns,
        rowBits: rowBytes * 8
      )
      return (codes, .integers(bits: bits), true)
    }
    guard tensor.shape == shape else { throw unknown }
    switch tensor.elementType {
    case .int8, .uint8, .float8E4M3:
      guard let matrix = StoredMatrix(tensor, in: model.source(tensor)) else { throw unknown }
      if tensor.elementType == .float8E4M3 { return (matrix, .e4m3, false) }
      let isUnsigned = tensor.elementType == .uint8
      return (isUnsigned ? LoweredBytes(bytes: matrix) : matrix, .integers(bits: 8), isUnsigned)
    case .int4, .int2, .uint4, .uint2, .float4E2M1:
      let isUnsigned = tensor.elementType == .uint4 || tensor.elementType == .uint2
      let isFloat = tensor.elementType == .float4E2M1
      guard
        let codes = subByte(
          tensor,
          isFloat ? .bits : isUnsigned ? .lowered : .signed,
          shape.rows,
          shape.columns
        )
      else { throw UnreadableCodes(reason: "its codes share bytes and are sparse") }
      return (codes, isFloat ? .e2m1 : .integers(bits: bits), isUnsigned)
    default: throw unknown
    }
  }

  /// The elements of a tensor whose elements share bytes without gaps; nil where they are not stored so.
  private func subByte(_ tensor: Tensor, _ meaning: BitCodes.Meaning, _ rows: UInt64, _ columns: UInt64)
    -> BitCodes?
  {
    let bits = UInt64(tensor.elementType.bitWidth)
    let (rowBits, overflow) = columns.multipliedReportingOverflow(by: bits)
    let (count, carry) = rows.multipliedReportingOverflow(by: columns)
    let (allBits, excess) = count.multipliedReportingOverflow(by: bits)
    guard !overflow, !carry, !excess, count == tensor.shape.elementCount, let bytes = bytes(of: tensor),
      bytes.columns >= allBits.dividedUp(by: 8)
    else { return nil }
    return BitCodes(bytes, bits: Int(bits), meaning, rows: rows, columns: columns, rowBits: rowBits)
  }

  /// The bytes of a dense tensor as one row.
  private func bytes(of tensor: Tensor) -> StoredMatrix? {
    guard case .dense(let region) = tensor.storage else { return nil }
    let bytes = Tensor(
      name: tensor.name,
      elementType: .uint8,
      shape: .vector(region.byteCount),
      storage: tensor.storage
    )
    return StoredMatrix(bytes, in: model.source(tensor))
  }

  private func part(_ parameter: Quantization.Parameter?, _ what: String) throws -> Tensor {
    guard case .tensor(let name)? = parameter, let tensor = model.tensor(name) else {
      throw UnreadableCodes(reason: "its \(what) are not there")
    }
    return tensor
  }

  /// The elements of a dense tensor in other rows; nil where they are not as many.
  private func matrix(_ tensor: Tensor, _ rows: UInt64, _ columns: UInt64) -> StoredMatrix? {
    guard tensor.layout == .dense, let shape = Shape([rows, columns]),
      shape.elementCount == tensor.shape.elementCount
    else { return nil }
    var reshaped = tensor
    reshaped.shape = shape
    return StoredMatrix(reshaped, in: model.source(tensor))
  }

  /// The zero points, centred as the codes are; nil where all are in the middle.
  private func zeroPoints(
    _ scales: ScaleMap,
    _ kind: QuantizedWeight.Kind,
    _ isUnsigned: Bool
  ) throws -> (any RowDecoding)? {
    let (rows, columns) = (scales.rows, scales.columns)
    switch quantization.zeroPoint {
    case nil: return nil
    case .constant(let text)?:
      let middle = isUnsigned ? 1 << (bits - 1) : 0
      guard let value = Int(text), let point = Int8(exactly: value - middle) else {
        throw UnreadableCodes(reason: "its zero point is \(text)")
      }
      if point == 0 { return nil }
      guard case .integers = kind else { throw UnreadableCodes(reason: "its zero point is \(text)") }
      return ConstantMatrix(value: UInt8(bitPattern: point), rows: rows, columns: columns)
    case .tensor?:
      let points = try self.points(try part(quantization.zeroPoint, "zero points"), rows, columns)
      return try isZero(points, ignoring: kind.isFloat ? 0x80 : 0) ? nil : points
    }
  }

  private func points(_ tensor: Tensor, _ rows: UInt64, _ columns: UInt64) throws -> any RowDecoding {
    let misfit = UnreadableCodes(
      reason: "its zero points are \(tensor.elementType.name) of the shape \(tensor.shape)"
    )
    if quantization.packing != nil && bits < 8 && tensor.elementType == .uint8 {
      // They share bytes as the codes do, each row its own.
      let rowBytes = (columns * UInt64(bits)).dividedUp(by: 8)
      guard rowBytes.multipliedReportingOverflow(by: rows) == (tensor.shape.elementCount, false),
        let bytes = bytes(of: tensor)
      else { throw misfit }
      return BitCodes(bytes, bits: bits, .lowered, rows: rows, columns: columns, rowBits: rowBytes * 8)
    }
    guard tensor.elementType == (quantization.packing == nil ? self.tensor.elementType : .uint8) else {
      throw misfit
    }
    switch tensor.elementType {
    case .int8, .uint8, .float8E4M3:
      guard let matrix = matrix(tensor, rows, columns) else { throw misfit }
      return tensor.elementType == .uint8 ? LoweredBytes(bytes: matrix) : matrix
    case .int4, .int2, .uint4, .uint2:
      let isUnsigned = tensor.elementType == .uint4 || tensor.elementType == .uint2
      guard let points = subByte(tensor, isUnsigned ? .lowered : .signed, rows, columns) else { throw misfit }
      return points
    case .float4E2M1:
      // Floats of four bits have no zero point but zero.
      guard let points = subByte(tensor, .bits, rows, columns), try isZero(points, ignoring: 8) else {
        throw misfit
      }
      return ConstantMatrix(value: 0, rows: rows, columns: columns)
    default: throw misfit
    }
  }

  /// How many bytes are looked through at a time.
  private static let bytesAtATime: UInt64 = 1 << 16

  /// Whether all bytes are zero, but for some bits.
  private func isZero(_ points: any RowDecoding, ignoring ignored: UInt8) throws -> Bool {
    let columnsAtATime = min(points.columns, Self.bytesAtATime)
    let rowsAtATime = max(1, Self.bytesAtATime / max(1, columnsAtATime))
    for row in stride(from: 0, to: points.rows, by: Int(rowsAtATime)) {
      for column in stride(from: 0, to: points.columns, by: Int(columnsAtATime)) {
        let found = try points.decoded(
          row..<min(points.rows, row + rowsAtATime),
          column..<min(points.columns, column + columnsAtATime)
        )
        if found.contains(where: { $0 & ~ignored != 0 }) { return false }
      }
    }
    return true
  }
}

extension QuantizedWeight.Kind {
  /// Whether codes are floats.
  var isFloat: Bool { if case .integers = self { false } else { true } }
}
