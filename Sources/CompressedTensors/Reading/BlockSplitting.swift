internal import ModelIR
internal import Quantizing

/// ggml's blocks on the way to weights of compressed-tensors.
struct BlockSplitting {
  private var assembly: Assembly
  private let original: Model
  private let places: [TensorName: Int]
  private(set) var result = Transcoded()

  init(_ model: Model) {
    original = model
    assembly = Assembly(model, config: nil, assumptions: Assumptions())
    places = Dictionary(model.tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// Puts what was made into the model.
  func finish(_ model: inout Model) {
    model.tensors = assembly.tensors
    model.views = assembly.views
  }

  mutating func run() throws {
    var replaced: [Int: [Tensor]] = [:]
    for (index, tensor) in original.tensors.enumerated() {
      guard let type = tensor.blockType else { continue }
      if let reason = obstacle(tensor, type) {
        result.refusals.append(
          Transcoded.Refusal(name: tensor.name, scheme: type.name, reason: reason)
        )
        continue
      }
      replaced[index] = try parts(tensor, type, &replaced)
    }
    assembly.replace(replaced)
  }

  private func obstacle(_ tensor: Tensor, _ type: GGMLType) -> String? {
    switch type {
    case .q8_0, .q4_0, .q5_0, .mxfp4, .nvfp4: break
    case .q4_1, .q5_1: return "its blocks have minimums, which are no whole multiples of their scales"
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: return "its scales are products of two"
    case .q8_1, .q8_K: return "its blocks hold sums besides codes"
    case .tq1_0, .tq2_0, .q1_0, .q2_0: return "compressed-tensors has no weights of so few values"
    default: return "its codes stand for numbers of a code book"
    }
    if !tensor.name.text.hasSuffix(BlockTranscoding.ending) { return "its name does not end in .weight" }
    if tensor.logicalShape.rank < 2 { return "it has fewer than two axes" }
    if tensor.logicalShape.elementCount == 0 { return "it has no elements" }
    return nil
  }

  private mutating func parts(
    _ tensor: Tensor,
    _ type: GGMLType,
    _ replaced: inout [Int: [Tensor]]
  ) throws -> [Tensor] {
    let module = String(tensor.name.text.dropLast(BlockTranscoding.ending.count))
    let source = assembly.source(of: tensor)
    let isFloat = type == .mxfp4 || type == .nvfp4
    guard let codes = BlockParts(isFloat ? .nibbles : .integers, of: tensor, in: source),
      let scales = BlockParts(.scales, of: tensor, in: source)
    else { throw assembly.fault(tensor, .wrongScheme("its blocks are sparse: --layout dense comes first")) }
    /// A part of the module that is decoded while it is read.
    func part(_ ending: String, _ elementType: ElementType, _ matrix: any RowDecoding) throws -> Tensor {
      let name = TensorName(module + ending)
      if name != tensor.name && places[name] != nil { throw assembly.fault(tensor, .storedTwice) }
      guard let shape = tensor.logicalShape.replacingColumns(with: matrix.columns) else {
        throw assembly.fault(tensor, .tooLarge)
      }
      return try assembly.decodedTensor(name, elementType, shape, from: matrix, blaming: tensor)
    }
    var weight: Tensor
    var others: [Tensor] = []
    let (format, packing, bits): (CompressionFormat, PackingName?, Int)
    var globalScale: Quantization.Parameter?
    var taken: [TensorName] = []
    switch type {
    case .q8_0:
      (format, packing, bits) = (.intQuantized, nil, 8)
      weight = try part(BlockTranscoding.ending, .int8, codes)
      others.append(try part(".weight_scale", .float16, scales))
    case .q4_0, .q5_0:
      (format, packing, bits) = (.packQuantized, .words, type.codeBits)
      guard let words = IntegerPacking(bits: bits, arrangement: .dense) else {
        throw assembly.fault(tensor, .tooLarge)
      }
      weight = try part(".weight_packed", .int32, RepackedWords(codes, packing: words))
      others.append(try part(".weight_scale", .float16, scales))
      others.append(
        try constant(".weight_shape", .int64, ConstantRow(tensor.logicalShape.extents), module, tensor)
      )
    case .mxfp4:
      (format, packing, bits) = (.mxfp4PackQuantized, .nibbles, 4)
      weight = try part(".weight_packed", .uint8, codes)
      others.append(try part(".weight_scale", .uint8, scales))
    default:
      (format, packing, bits) = (.nvfp4PackQuantized, .nibbles, 4)
      weight = try part(".weight_packed", .uint8, codes)
      others.append(try part(".weight_scale", .float8E4M3, scales))
      let divisor = try divisor(of: module, tensor, &taken, &replaced)
      others.append(try constant(".weight_global_scale", .float32, ConstantRow(divisor), module, tensor))
      globalScale = .tensor(TensorName(module + ".weight_global_scale"))
    }
    weight.quantization = Quantization(
      scheme: format.rawValue,
      bits: bits,
      packing: packing?.rawValue,
      logicalShape: packing == nil ? nil : tensor.logicalShape,
      granularity: .group(axis: tensor.logicalShape.rank - 1, size: type == .nvfp4 ? 16 : type.blockElements),
      scale: .tensor(TensorName(module + ".weight_scale")),
      globalScale: globalScale
    )
    result.changes.append(
      TypeChange(
        name: weight.name,
        from: type.name,
        to: format.rawValue,
        parts: taken,
        bytesBefore: tensor.storage.byteCount
      )
    )
    return [weight] + others
  }

  private mutating func constant(
    _ ending: String,
    _ elementType: ElementType,
    _ row: ConstantRow,
    _ module: String,
    _ tensor: Tensor
  ) throws -> Tensor {
    let name = TensorName(module + ending)
    if places[name] != nil { throw assembly.fault(tensor, .storedTwice) }
    guard let shape = Shape([row.columns]) else { throw assembly.fault(tensor, .tooLarge) }
    return try assembly.decodedTensor(name, elementType, shape, from: row, blaming: tensor)
  }

  /// The scale over all as compressed-tensors has it: a divisor instead of a factor.
  private func divisor(
    of module: String,
    _ tensor: Tensor,
    _ taken: inout [TensorName],
    _ replaced: inout [Int: [Tensor]]
  ) throws -> Float {
    let name = TensorName(module + ".scale")
    guard let place = places[name] else { return 1 }
    let scale = original.tensors[place]
    guard scale.elementType == .float32, scale.shape.elementCount == 1, scale.layout == .dense else {
      throw assembly.fault(
        scale,
        .wrongShape(found: scale.shape, expected: "one F32 for \(tensor.name.text)")
      )
    }
    let bytes = try assembly.bytes(of: scale)
    let factor = Float(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
    let divisor = 1 / factor
    guard factor.isNormal, factor > 0, divisor.isNormal, factor.significand == 1 else {
      throw assembly.fault(
        scale,
        .wrongScheme("is \(factor) and multiplies; compressed-tensors divides, and 1/\(factor) is no float")
      )
    }
    taken.append(name)
    replaced[place] = []
    return divisor
  }
}
