internal import ByteIO
internal import ModelIR
internal import Quantizing

/// A quantized weight with what its codes mean: tensors of other names found, and all shapes checked.
struct QuantizedWeight {
  /// Where other tensors of the model are found.
  struct Model {
    /// The tensor of a name.
    var tensor: (TensorName) -> Tensor?
    /// Where its parts lie.
    var source: (Tensor) -> any ByteSource
  }

  /// What codes are.
  enum Kind: Sendable, Hashable {
    /// Signed integers of so many bits.
    case integers(bits: Int)
    /// 4-bit floats.
    case e2m1
    /// 6-bit floats.
    case e2m3
    /// 8-bit floats.
    case e4m3
  }

  /// The codes in rows.
  let shape: Shape
  let quantization: Quantization
  /// One code to the byte: signed integers, or E4M3, E2M1 or E2M3 floats.
  let codes: any RowDecoding
  /// The codes as 8-bit numbers whose value is right: signed integers, or E4M3 floats.
  let numbers: any RowDecoding
  let isFloat: Bool
  /// What codes are.
  let kind: Kind
  let scales: ScaleMap
  let scaleType: ElementType
  let zeroPoints: (any RowDecoding)?
  /// What all scales are divided by; nil where there is nothing.
  let globalScale: Float?
  private let microscalingCodes: RunDequantizer.MicroscalingCodes?

  /// The weight that `tensor` is; nil for schemes that are none of compressed-tensors, or that have other codes
  /// than of 8 bits or less.
  /// - Throws: ``PartFault`` for tensors that are missing or of a wrong type or shape.
  init?(_ tensor: Tensor, in model: Model) throws {
    guard let quantization = tensor.quantization, CompressionFormat(rawValue: quantization.scheme) != nil,
      tensor.shape.rank >= 2
    else { return nil }
    // Without elements there is nothing to scale.
    if tensor.logicalShape.elementCount == 0 { return nil }
    let source = model.source(tensor)
    let blame = Blame(file: source.displayName, tensor: tensor.name)
    self.quantization = quantization
    shape = tensor.logicalShape
    guard shape.rank == tensor.shape.rank, shape.byteCount(of: .float64) != nil,
      shape.extents.dropLast().elementsEqual(tensor.shape.extents.dropLast())
    else {
      throw blame.fault(.wrongShape(found: tensor.shape, expected: "rows as in \(tensor.logicalShape)"))
    }

    let stored: [ElementType]
    switch quantization.packing.map({ PackingName(rawValue: $0) }) {
    case .some(.none): return nil
    case nil: stored = [.int8, .float8E4M3]
    case .words??: stored = [.int32]
    case .nibbles??, .sixBits??: stored = [.uint8]
    }
    if quantization.packing == nil && !stored.contains(tensor.elementType) { return nil }
    guard stored.contains(tensor.elementType), let matrix = StoredMatrix(tensor, in: source) else {
      throw blame.fault(.wrongType(found: tensor.elementType, expected: stored[0].name))
    }
    (codes, numbers, isFloat) = try Self.codes(tensor, matrix, quantization, shape, blame)
    kind =
      switch quantization.packing.flatMap(PackingName.init) {
      case nil: isFloat ? .e4m3 : .integers(bits: 8)
      case .words: .integers(bits: quantization.bits)
      case .nibbles: .e2m1
      case .sixBits: .e2m3
      }

    guard case .tensor(let scaleName)? = quantization.scale, let scale = model.tensor(scaleName),
      let scaleMatrix = StoredMatrix(scale, in: model.source(scale))
    else { throw blame.fault(.wrongScheme("its scale is not there")) }
    let isMicroscaled = scale.elementType == .uint8 || scale.elementType == .float8E8M0
    var index: GroupIndex?
    if case .tensor(let name)? = quantization.groupIndex {
      guard let tensor = model.tensor(name) else {
        throw blame.fault(.wrongScheme("its group index is not there"))
      }
      index = try GroupIndex(
        tensor,
        in: model.source(tensor),
        columns: shape.columns,
        groups: scale.shape.columns
      )
    }
    guard let map = ScaleMap(scaleMatrix, quantization.granularity, shape: shape, groupIndex: index) else {
      throw PartFault(
        file: model.source(scale).displayName,
        tensor: scale.name,
        .wrongShape(found: scale.shape, expected: "one scale for each part of \(shape)")
      )
    }
    scales = map
    scaleType = scale.elementType

    if case .tensor(let name)? = quantization.globalScale {
      globalScale = try Self.globalScale(name, model, blame)
    } else {
      globalScale = nil
    }
    guard
      [.bfloat16, .float16, .float32].contains(scaleType) || isMicroscaled
        || (scaleType == .float8E4M3 && globalScale != nil)
    else {
      throw PartFault(
        file: model.source(scale).displayName,
        tensor: scale.name,
        .wrongType(found: scaleType, expected: "BF16, F16 or F32")
      )
    }
    microscalingCodes =
      if !isMicroscaled {
        nil
      } else {
        switch quantization.packing.flatMap(PackingName.init) {
        case .nibbles: .e2m1
        case .sixBits: .e2m3
        case .words, nil: .e4m3
        }
      }
    if isMicroscaled && !isFloat {
      throw blame.fault(.wrongScheme("scales are powers of two and codes integers"))
    }
    zeroPoints = try Self.zeroPoints(quantization, model, shape, map, isFloat: isFloat, blame)
  }

  /// A weight of parts that fit each other.
  init(
    _ shape: Shape,
    _ quantization: Quantization,
    codes: any RowDecoding,
    numbers: any RowDecoding,
    _ kind: Kind,
    scales: ScaleMap,
    _ scaleType: ElementType,
    zeroPoints: (any RowDecoding)?
  ) {
    self.shape = shape
    self.quantization = quantization
    self.codes = codes
    self.numbers = numbers
    self.kind = kind
    self.scales = scales
    self.scaleType = scaleType
    self.zeroPoints = zeroPoints
    isFloat = kind.isFloat
    globalScale = nil
    microscalingCodes =
      switch kind {
      case .e2m1 where scaleType == .float8E8M0: .e2m1
      case .e4m3 where scaleType == .float8E8M0: .e4m3
      default: nil
      }
  }

  /// What a fault is blamed on.
  private struct Blame {
    let file: String
    let tensor: TensorName
    func fault(_ rule: PartFault.Rule) -> PartFault { PartFault(file: file, tensor: tensor, rule) }
  }

  private static func codes(
    _ tensor: Tensor,
    _ matrix: StoredMatrix,
    _ quantization: Quantization,
    _ shape: Shape,
    _ blame: Blame
  ) throws -> (any RowDecoding, any RowDecoding, isFloat: Bool) {
    /// Makes sure that rows are as long as their codes need.
    func require(_ units: UInt64) throws {
      guard tensor.shape.columns == units else {
        throw blame.fault(.wrongShape(found: tensor.shape, expected: "\(units) units a row for \(shape)"))
      }
    }
    switch quantization.packing.flatMap(PackingName.init) {
    case nil: return (matrix, matrix, tensor.elementType == .float8E4M3)
    case .words:
      guard let packing = IntegerPacking(bits: quantization.bits, arrangement: .dense) else {
        throw blame.fault(.wrongScheme("\(quantization.bits) bits are none of 1 to 8"))
      }
      try require(packing.wordsPerRow(columns: shape.columns))
      let codes = PackedIntegerCodes(matrix, packing: packing, columns: shape.columns)
      return (codes, codes, false)
    case .nibbles, .sixBits:
      let packing = quantization.packing == PackingName.nibbles.rawValue ? FloatPacking.nibbles : .sixBits
      try require(packing.bytesPerRow(columns: shape.columns))
      return (
        FloatCodes(matrix, packing: packing, columns: shape.columns, asE4M3: false),
        FloatCodes(matrix, packing: packing, columns: shape.columns, asE4M3: true), true
      )
    }
  }

  private static func globalScale(_ name: TensorName, _ model: Model, _ blame: Blame) throws -> Float {
    guard let tensor = model.tensor(name), case .dense(let region) = tensor.storage,
      tensor.elementType == .float32, tensor.shape.elementCount == 1
    else { throw blame.fault(.wrongScheme("its global scale is no single F32")) }
    var bytes = [UInt8](repeating: 0, count: 4)
    try model.source(tensor).read(4, at: region.offset, into: &bytes, startingAt: 0)
    let value = Float(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
    guard value.isFinite, value != 0 else {
      throw PartFault(file: model.source(tensor).displayName, tensor: name, .badGlobalScale(value))
    }
    return value
  }

  /// The zero points, one to the byte, in the rows and columns of the scales; nil if there are none.
  private static func zeroPoints(
    _ quantization: Quantization,
    _ model: Model,
    _ shape: Shape,
    _ scales: ScaleMap,
    isFloat: Bool,
    _ blame: Blame
  ) throws -> (any RowDecoding)? {
    guard case .tensor(let name)? = quantization.zeroPoint else { return nil }
    guard let tensor = model.tensor(name), let matrix = StoredMatrix(tensor, in: model.source(tensor)) else {
      throw blame.fault(.wrongScheme("its zero point is not there"))
    }
    let plain: any RowDecoding
    if tensor.elementType == .int32,
      let packing = IntegerPacking(bits: quantization.bits, arrangement: .dense)
    {
      let rows = shape.extents[shape.rank - 2]
      let wordsPerSlice = packing.wordsPerRow(columns: rows)
      guard rows == 0 || (wordsPerSlice > 0 && matrix.rows % wordsPerSlice == 0) else {
        throw blame.fault(.wrongScheme("its zero points do not fill whole words"))
      }
      plain = UnpackedZeroPoints(matrix, packing: packing, rowsPerSlice: rows)
    } else if tensor.elementType == (isFloat ? .float8E4M3 : .int8) {
      plain = matrix
    } else {
      throw PartFault(
        file: model.source(tensor).displayName,
        tensor: name,
        .wrongType(found: tensor.elementType, expected: isFloat ? "F8_E4M3" : "I8, or I32 words")
      )
    }
    guard plain.rows == scales.rows, plain.columns == scales.columns else {
      throw PartFault(
        file: model.source(tensor).displayName,
        tensor: name,
        .wrongShape(found: tensor.shape, expected: "a zero point for each scale")
      )
    }
    return plain
  }

  /// What turns runs of codes into numbers.
  var dequantizer: RunDequantizer? {
    if let microscalingCodes { return RunDequantizer(microscaling: microscalingCodes) }
    if let globalScale { return RunDequantizer(nvfp4GlobalScale: globalScale) }
    return RunDequantizer(affine: isFloat ? .e4m3 : .integers, scaleType: scaleType)
  }

  /// The type of ``numbers``.
  var numberType: ElementType { isFloat ? .float8E4M3 : .int8 }
}
