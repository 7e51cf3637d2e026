internal import ModelIR
internal import Quantizing

/// The numbers that the quantized weights of a model stand for, one weight at a time.
struct WeightNumbers {
  /// A weight's numbers, and how far from zero its rounding makes zeros.
  struct Found {
    /// The numbers, in rows of the weight's logical shape.
    let matrix: any RowDecoding
    /// Their type.
    let type: ElementType
    /// The reaches; nil where the steps of the scheme are not known.
    let reaches: (any ReachTelling)?
    /// A scale over all that is a tensor of its own, where the numbers have it in them.
    var outerScale: Tensor?
  }

  let model: Model
  /// The tensors that may be looked up, by name.
  let parts: [TensorName: Tensor]

  /// The numbers of a weight of compressed-tensors or of a graph, which has elements.
  /// - Throws: ``PartFault`` where it cannot be dequantized.
  func numbers(of tensor: Tensor) throws -> Found {
    let (model, parts) = (model, parts)
    let lookup = QuantizedWeight.Model(tensor: { parts[$0] }, source: { model.source(of: $0) })
    let scheme = tensor.quantization?.scheme ?? ""
    do {
      if let wide = try QuantizedWeight.wideNumbers(tensor, in: lookup) {
        return Found(matrix: wide, type: .float32, reaches: WeightReaches(wide))
      }
      guard let weight = try QuantizedWeight.reading(tensor, in: lookup),
        let numbers = DequantizedMatrix(weight)
      else { throw fault(tensor, .wrongScheme("its scheme \(scheme) cannot be dequantized")) }
      return Found(matrix: numbers, type: numbers.elementType, reaches: WeightReaches(weight))
    } catch let unreadable as UnreadableCodes {
      throw fault(tensor, .wrongScheme("\(scheme) cannot be dequantized: \(unreadable.reason)"))
    }
  }

  /// The numbers of ggml's blocks.
  /// - Throws: ``PartFault`` for blocks that are sparse, and for a scale over all that is none.
  func numbers(ofBlocks tensor: Tensor) throws -> Found {
    let source = model.source(of: tensor)
    guard let numbers = BlockMatrix(numbersOf: tensor, in: source) else {
      throw fault(tensor, .wrongScheme("its blocks are sparse: --layout dense comes first"))
    }
    guard let scale = try outerScale(of: tensor) else {
      return Found(matrix: numbers, type: .float32, reaches: BlockReaches(of: tensor, in: source))
    }
    return Found(
      matrix: ScaledNumbers(numbers, by: scale.factor),
      type: .float32,
      reaches: BlockReaches(of: tensor, in: source, times: scale.factor),
      outerScale: scale.tensor
    )
  }

  /// The scale over all that ggml multiplies the numbers of NVFP4 by; nil where there is none.
  private func outerScale(of tensor: Tensor) throws -> (tensor: Tensor, factor: Float)? {
    guard tensor.blockType == .nvfp4, tensor.name.text.hasSuffix(BlockTranscoding.ending) else { return nil }
    let name = TensorName(String(tensor.name.text.dropLast(BlockTranscoding.ending.count)) + ".scale")
    guard let scale = parts[name] else { return nil }
    guard scale.elementType == .float32, scale.shape.elementCount == 1,
      case .dense(let region) = scale.storage
    else {
      throw fault(scale, .wrongShape(found: scale.shape, expected: "one F32 for \(tensor.name.text)"))
    }
    var bytes = [UInt8](repeating: 0, count: 4)
    try model.source(of: scale).read(4, at: region.offset, into: &bytes, startingAt: 0)
    return (scale, Float(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }))
  }

  /// The module that a weight belongs to.
  static func module(of name: TensorName) -> String {
    for ending in [".weight_packed", ".weight"] where name.text.hasSuffix(ending) {
      return String(name.text.dropLast(ending.count))
    }
    return name.text
  }

  /// The name of a quantized weight's numbers.
  static func name(of tensor: Tensor) -> TensorName {
    guard BlockTranscoding.isWeight(tensor), !tensor.isGraphWeight else { return tensor.name }
    return TensorName(module(of: tensor.name) + ".weight")
  }

  private func fault(_ tensor: Tensor, _ rule: PartFault.Rule) -> PartFault {
    PartFault(file: model.source(of: tensor).displayName, tensor: tensor.name, rule)
  }
}
