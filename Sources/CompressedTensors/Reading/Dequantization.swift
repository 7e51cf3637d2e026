public import ModelIR
internal import Quantizing
internal import SparseCoding

/// What numbers of weights are given.
public enum WeightType: Sendable, Hashable {
  /// An element type: BF16, F16 or F32.
  case plain(ElementType)
  /// ggml's blocks, of a type that has an encoder.
  case blocks(GGMLType)

  /// The name that reports show.
  public var name: String {
    switch self {
    case .plain(let type): type.name
    case .blocks(let type): type.name
    }
  }
}

/// Quantized weights as the numbers that they stand for, and floats as floats of another type or as ggml's blocks.
public struct Dequantization {
  private var assembly: Assembly
  /// The model before: what is added to the assembly must not be copied with every look at it.
  private let original: Model
  private let allowExpand: Bool
  private let type: WeightType
  private var changes: [TypeChange] = []
  private var stayed: [TensorName: String] = [:]
  private var parameters: SharedParameters

  /// The element types that numbers can be given.
  public static let types: [ElementType] = [.bfloat16, .float16, .float32]

  private init(_ model: Model, to type: WeightType, allowExpand: Bool) {
    original = model
    parameters = SharedParameters(model)
    self.allowExpand = allowExpand
    assembly = Assembly(model, config: nil, assumptions: Assumptions())
    self.type = type
  }

  /// Gives the quantized weights and the floats of `model` the type `type`, plain ones one of ``types``; numbers
  /// are computed while they are read, bit for bit as the library computes them, and then cast or encoded.
  ///
  /// Parts that quantized weights no longer need are taken out; scales that belong to something else stay. Blocks are
  /// made of weights that are matrices (see ``BlockWeights``); others stay as they are, or become F16 where they were
  /// quantized otherwise.
  /// - Parameters:
  ///   - others: tensors that are no part of the model and may be looked up: those that a selection left out.
  ///   - allowExpand: whether tensors may be stored thousands of times as large as they were.
  /// - Returns: what was changed, and why weights stay that blocks were asked for.
  /// - Throws: ``PartFault`` for a weight that cannot be dequantized, ``ExpansionFault``.
  public static func apply(
    to model: inout Model,
    _ type: WeightType,
    lookingUp others: [Tensor] = [],
    allowExpand: Bool = false
  ) throws -> (changes: [TypeChange], stayed: [TensorName: String]) {
    if case .plain(let type) = type { precondition(types.contains(type), "no type of weights") }
    BlockTranscoding.forgetTraining(&model)
    var dequantization = Dequantization(model, to: type, allowExpand: allowExpand)
    try dequantization.run(others)
    model.tensors = dequantization.assembly.tensors
    model.views = dequantization.assembly.views
    return (dequantization.changes, dequantization.stayed)
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
      if tensor.quantization?.packing == Quantization.blockPacking {
        if let numbers = try numbers(ofBlocks: tensor, parts, places, &replaced) {
          replaced[index] = [numbers]
        }
      } else if BlockTranscoding.isWeight(tensor) {
        replaced[index] = [try dequantized(tensor, parts, places, &replaced)]
      }
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
    let module = WeightNumbers.module(of: tensor.name)
    let name = WeightNumbers.name(of: tensor)
    if name != tensor.name && places[name] != nil { throw assembly.fault(tensor, .storedTwice) }
    let result = try made(
      name,
      tensor.logicalShape,
      from: try numbers(of: tensor, parts),
      blaming: tensor
    )
    var taken: [TensorName] = []
    var bytes = tensor.storage.byteCount
    let own =
      tensor.isGraphWeight ? parameters.freed(by: tensor) : Self.endings.map { TensorName(module + $0) }
    for part in own {
      guard let place = places[part], part != name, part != tensor.name else { continue }
      replaced[place] = []
      taken.append(part)
      bytes &+= original.tensors[place].storage.byteCount
    }
    note(result, from: tensor.quantization?.scheme ?? "", parts: taken, bytesBefore: bytes)
    return result.tensor
  }

  /// The numbers of a quantized weight, and their type; none where it has no element.
  private func numbers(
    of tensor: Tensor,
    _ parts: [TensorName: Tensor]
  ) throws -> (any RowDecoding, ElementType) {
    if tensor.logicalShape.elementCount == 0 {
      let none = RawBytes(Region(file: 0, offset: 0, byteCount: 0), in: original.source(of: tensor))
      if case .plain(let type) = type { return (none, type) }
      return (none, .float16)
    }
    let found = try WeightNumbers(model: original, parts: parts).numbers(of: tensor)
    return (found.matrix, found.type)
  }

  /// A tensor in its new form, and what is counted of it.
  private struct Made {
    let tensor: Tensor
    let form: WeightType
    let tally: ValueTally
    let encoding: EncodingTally?
  }

  /// Numbers as a tensor of the type that is asked for.
  private mutating func made(
    _ name: TensorName,
    _ shape: Shape,
    from numbers: (matrix: any RowDecoding, type: ElementType),
    blaming blamed: Tensor
  ) throws -> Made {
    let tally = ValueTally()
    var target = ElementType.float16
    switch type {
    case .plain(let type): target = type
    case .blocks(let type):
      guard shape.elementCount > 0, BlockWeights.obstacle(name, shape, type) == nil else {
        // A weight that was quantized otherwise becomes what llama.cpp makes of it.
        stayed[name] = "\(BlockWeights.obstacle(name, shape, type) ?? "no elements"): F16 instead"
        break
      }
      let encoding = EncodingTally()
      let single = FloatCast(from: numbers.type, to: .float32)
        .map { CastMatrix(numbers.matrix, $0, tally: nil) as any RowDecoding }
      guard
        let matrix = EncodedBlocks(
          of: numbers.type == .float32 ? numbers.matrix : single ?? numbers.matrix,
          as: type,
          tally: encoding,
          blaming: blamed.name,
          in: assembly.displayName(of: blamed)
        ), let stored = shape.replacingColumns(with: matrix.columns)
      else { throw assembly.fault(blamed, .tooLarge) }
      var tensor = try assembly.decodedTensor(name, .uint8, stored, from: matrix, blaming: blamed)
      tensor.quantization = Quantization(blocksOf: type, logicalShape: shape)
      return Made(tensor: tensor, form: .blocks(type), tally: tally, encoding: encoding)
    }
    let matrix =
      shape.elementCount == 0
      ? numbers.matrix
      : FloatCast(from: numbers.type, to: target).map { CastMatrix(numbers.matrix, $0, tally: tally) }
        ?? numbers.matrix
    let tensor = try assembly.decodedTensor(name, target, shape, from: matrix, blaming: blamed)
    return Made(tensor: tensor, form: .plain(target), tally: tally, encoding: nil)
  }

  private mutating func note(
    _ made: Made,
    from: String,
    parts: [TensorName] = [],
    bytesBefore: UInt64
  ) {
    changes.append(
      TypeChange(
        name: made.tensor.name,
        from: from,
        to: made.form.name,
        parts: parts,
        bytesBefore: bytesBefore,
        tally: made.tally,
        encoding: made.encoding
      )
    )
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

  /// ggml's blocks as numbers, or as other blocks; nil where they are what is asked for.
  private mutating func numbers(
    ofBlocks tensor: Tensor,
    _ parts: [TensorName: Tensor],
    _ places: [TensorName: Int],
    _ replaced: inout [Int: [Tensor]]
  ) throws -> Tensor? {
    if case .blocks(let type) = type {
      if tensor.blockType == type { return nil }
      if let obstacle = BlockWeights.obstacle(tensor.name, tensor.logicalShape, type) {
        stayed[tensor.name] = obstacle
        return nil
      }
    }
    let found = try WeightNumbers(model: original, parts: parts).numbers(ofBlocks: tensor)
    var taken: [TensorName] = []
    var bytes = tensor.storage.byteCount
    if let scale = found.outerScale {
      taken.append(scale.name)
      bytes &+= scale.storage.byteCount
      if let place = places[scale.name] { replaced[place] = [] }
    }
    let made = try made(tensor.name, tensor.logicalShape, from: (found.matrix, found.type), blaming: tensor)
    note(made, from: tensor.quantization?.scheme ?? "", parts: taken, bytesBefore: bytes)
    return made.tensor
  }

  /// What a quantized module has besides its codes.
  private static let endings = [
    ".weight_scale", ".weight_zero_point", ".weight_shape", ".weight_g_idx", ".weight_global_scale",
    ".input_scale", ".input_zero_point", ".input_global_scale", ".output_scale", ".output_zero_point",
    ".output_global_scale",
  ]

  private mutating func cast(_ tensor: Tensor) throws -> Tensor? {
    // A scale that is still here belongs to something that stays as it is.
    guard !Self.isParameter(tensor.name), tensor.uses?.role != .scale, tensor.uses?.role != .zeroPoint,
      FloatCast(from: tensor.elementType, to: .float32) != nil
    else {
      return nil
    }
    switch type {
    case .plain(tensor.elementType): return nil
    case .plain: break
    case .blocks(let type):
      // Vectors and what is no weight stay without a word.
      guard BlockWeights.isMatrix(tensor) else { return nil }
      if let obstacle = BlockWeights.obstacle(tensor.name, tensor.shape, type) {
        stayed[tensor.name] = obstacle
        return nil
      }
    }
    try requireNoExpansion(tensor)
    let matrix = try assembly.matrix(of: tensor)
    let made = try made(tensor.name, tensor.shape, from: (matrix, tensor.elementType), blaming: tensor)
    note(made, from: tensor.elementType.name, bytesBefore: tensor.storage.byteCount)
    return made.tensor
  }
}
