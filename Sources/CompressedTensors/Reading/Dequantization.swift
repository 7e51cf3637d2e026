public import ModelIR
internal import Quantizing
internal import SparseCoding

/// What became of a tensor whose element type was changed.
public struct TypeChange: Sendable {
  /// The tensor as it is called now.
  public let name: TensorName
  /// The scheme or element type that it had.
  public let from: String
  /// The tensors that it took in: packed codes, scales, zero points.
  public let parts: [TensorName]
  /// The bytes that it and its parts took.
  public let bytesBefore: UInt64
  /// How many values are others than the library's own, counted while they are written.
  public let tally: ValueTally
}

/// Quantized weights as the numbers that they stand for, and floats as floats of another type.
public struct Dequantization {
  private var assembly: Assembly
  /// The model before: what is added to the assembly must not be copied with every look at it.
  private let original: Model
  private let allowExpand: Bool
  private let type: ElementType
  private var changes: [TypeChange] = []

  /// The types that numbers can be given.
  public static let types: [ElementType] = [.bfloat16, .float16, .float32]

  private init(_ model: Model, to type: ElementType, allowExpand: Bool) {
    original = model
    self.allowExpand = allowExpand
    assembly = Assembly(model, config: nil, assumptions: Assumptions())
    self.type = type
  }

  /// Gives the quantized weights and the floats of `model` the element type `type`, one of ``types``; numbers
  /// are computed while they are read, bit for bit as the library computes them, and then cast.
  ///
  /// Parts that quantized weights no longer need are taken out; scales that belong to something else stay.
  /// - Parameters:
  ///   - others: tensors that are no part of the model and may be looked up: those that a selection left out.
  ///   - allowExpand: whether tensors may be stored thousands of times as large as they were.
  /// - Throws: ``PartFault`` for a weight that cannot be dequantized, ``ExpansionFault``.
  public static func apply(
    to model: inout Model,
    _ type: ElementType,
    lookingUp others: [Tensor] = [],
    allowExpand: Bool = false
  ) throws -> [TypeChange] {
    precondition(types.contains(type), "no type of weights")
    var dequantization = Dequantization(model, to: type, allowExpand: allowExpand)
    try dequantization.run(others)
    model.tensors = dequantization.assembly.tensors
    model.views = dequantization.assembly.views
    return dequantization.changes
  }

  private mutating func run(_ others: [Tensor]) throws {
    let tensors = assembly.tensors
    var parts: [TensorName: Tensor] = [:]
    for tensor in others { parts[tensor.name] = tensor }
    for tensor in tensors { parts[tensor.name] = tensor }
    try requireDequantizable(parts)
    var places: [TensorName: Int] = [:]
    for (index, tensor) in tensors.enumerated() { places[tensor.name] = index }
    var replaced: [Int: [Tensor]] = [:]
    for (index, tensor) in tensors.enumerated() where tensor.quantization != nil {
      replaced[index] =
        tensor.quantization?.packing == Quantization.blockPacking
        ? [try numbers(ofBlocks: tensor)] : [try dequantized(tensor, parts, places, &replaced)]
    }
    for (index, tensor) in tensors.enumerated() where replaced[index] == nil {
      if let cast = try cast(tensor) { replaced[index] = [cast] }
    }
    assembly.replace(replaced)
  }

  private mutating func dequantized(
    _ tensor: Tensor,
    _ parts: [TensorName: Tensor],
    _ places: [TensorName: Int],
    _ replaced: inout [Int: [Tensor]]
  ) throws -> Tensor {
    try requireNoExpansion(tensor)
    let module = Self.module(of: tensor.name)
    let name = TensorName(module + ".weight")
    if name != tensor.name && places[name] != nil { throw assembly.fault(tensor, .storedTwice) }
    let tally = ValueTally()
    let result = try assembly.decodedTensor(
      name,
      type,
      tensor.logicalShape,
      from: try numbers(of: tensor, parts, tally),
      blaming: tensor
    )
    var taken: [TensorName] = []
    var bytes = tensor.storage.byteCount
    for ending in Self.endings {
      let part = TensorName(module + ending)
      guard let place = places[part], part != name, part != tensor.name else { continue }
      replaced[place] = []
      taken.append(part)
      bytes &+= original.tensors[place].storage.byteCount
    }
    changes.append(
      TypeChange(
        name: name,
        from: tensor.quantization?.scheme ?? "",
        parts: taken,
        bytesBefore: bytes,
        tally: tally
      )
    )
    return result
  }

  /// The numbers of a quantized weight, cast; none where it has no element.
  private func numbers(
    of tensor: Tensor,
    _ parts: [TensorName: Tensor],
    _ tally: ValueTally
  ) throws -> any RowDecoding {
    let original = original
    if tensor.logicalShape.elementCount == 0 {
      return RawBytes(Region(file: 0, offset: 0, byteCount: 0), in: original.source(of: tensor))
    }
    let model = QuantizedWeight.Model(tensor: { parts[$0] }, source: { original.source(of: $0) })
    guard let weight = try QuantizedWeight(tensor, in: model), let numbers = DequantizedMatrix(weight) else {
      let scheme = tensor.quantization?.scheme ?? ""
      throw assembly.fault(tensor, .wrongScheme("its scheme \(scheme) cannot be dequantized"))
    }
    return FloatCast(from: numbers.elementType, to: type).map { CastMatrix(numbers, $0, tally: tally) }
      ?? numbers
  }

  private func requireNoExpansion(_ tensor: Tensor) throws {
    if tensor.isExpansion && !allowExpand { throw ExpansionFault(tensor, in: original.source(of: tensor)) }
  }

  private static func isParameter(_ name: TensorName) -> Bool {
    ["_scale", "_scale_inv", "_zero_point"].contains { name.text.hasSuffix($0) }
  }

  /// Codes with scales that nothing tells the meaning of must not become numbers.
  private func requireDequantizable(_ parts: [TensorName: Tensor]) throws {
    for tensor in assembly.tensors where tensor.quantization == nil && tensor.name.text.hasSuffix(".weight") {
      let isCode = tensor.elementType == .float8E4M3 || !tensor.elementType.isFloatingPoint
      guard isCode,
        ["_scale", "_scale_inv"].contains(where: { parts[TensorName(tensor.name.text + $0)] != nil })
      else { continue }
      throw assembly.fault(tensor, .wrongScheme("has a scale and no scheme that can be dequantized"))
    }
  }

  /// ggml's blocks as numbers.
  private mutating func numbers(ofBlocks tensor: Tensor) throws -> Tensor {
    guard let numbers = BlockMatrix(numbersOf: tensor, in: assembly.source(of: tensor)) else {
      throw assembly.fault(tensor, .wrongScheme("its blocks are sparse: --layout dense comes first"))
    }
    let tally = ValueTally()
    let matrix: any RowDecoding =
      FloatCast(from: .float32, to: type).map { CastMatrix(numbers, $0, tally: tally) } ?? numbers
    changes.append(
      TypeChange(
        name: tensor.name,
        from: tensor.quantization?.scheme ?? "",
        parts: [],
        bytesBefore: tensor.storage.byteCount,
        tally: tally
      )
    )
    return try assembly.decodedTensor(tensor.name, type, tensor.logicalShape, from: matrix, blaming: tensor)
  }

  private static func module(of name: TensorName) -> String {
    for ending in [".weight_packed", ".weight"] where name.text.hasSuffix(ending) {
      return String(name.text.dropLast(ending.count))
    }
    return name.text
  }

  /// What a quantized module has besides its codes.
  private static let endings = [
    ".weight_scale", ".weight_zero_point", ".weight_shape", ".weight_g_idx", ".weight_global_scale",
    ".input_scale", ".input_zero_point", ".input_global_scale", ".output_scale", ".output_zero_point",
    ".output_global_scale",
  ]

  private mutating func cast(_ tensor: Tensor) throws -> Tensor? {
    // A scale that is still here belongs to something that stays as it is.
    guard tensor.elementType != type, !Self.isParameter(tensor.name),
      let cast = FloatCast(from: tensor.elementType, to: type)
    else {
      return nil
    }
    try requireNoExpansion(tensor)
    let tally = ValueTally()
    let matrix = CastMatrix(try assembly.matrix(of: tensor), cast, tally: tally)
    let result = try assembly.decodedTensor(tensor.name, type, tensor.shape, from: matrix, blaming: tensor)
    changes.append(
      TypeChange(
        name: tensor.name,
        from: tensor.elementType.name,
        parts: [],
        bytesBefore: tensor.storage.byteCount,
        tally: tally
      )
    )
    return result
  }
}
