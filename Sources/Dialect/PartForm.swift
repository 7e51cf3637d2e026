public import ModelIR

/// How a container lists tensors and their parts: under which names, types and shapes.
public enum PartForm: Sendable, Hashable {
  /// As they are; a part is named after its role.
  case safetensors
  /// Signed integers in the place of unsigned ones, at most four axes, short names.
  case gguf

  /// The most axes of a tensor in GGUF. (llama.cpp, `ggml/include/ggml.h`, `GGML_MAX_DIMS`.)
  private static let mostAxes = 4

  /// The name of a tensor's part.
  public func name(_ role: PartRole, of tensor: TensorName) -> TensorName {
    switch self {
    case .safetensors: TensorName(tensor.text + "." + role.rawValue)
    case .gguf: TensorName(tensor.text + "." + role.shortName)
    }
  }

  /// The type that elements are listed as, bit for bit; nil where the container has none.
  public func type(of elements: ElementType) -> ElementType? {
    switch self {
    case .safetensors: return elements
    case .gguf:
      if let type = GGMLType(elements) { return type.elementType }
      return IndexWidth(elements)?.signedType
    }
  }

  /// The shape that is listed: where the axes are too many, the outermost ones are one.
  public func shape(of shape: Shape) -> Shape {
    guard self == .gguf, shape.rank > Self.mostAxes else { return shape }
    let inner = shape.extents.suffix(Self.mostAxes - 1)
    // A product of outer extents is no larger than those that made the shape valid.
    let outer = shape.extents.dropLast(Self.mostAxes - 1).reduce(1, *)
    guard let folded = Shape([outer] + inner) else { preconditionFailure("folding keeps the product") }
    return folded
  }

  /// The width of indices that are listed as this type; nil for types that indices do not have.
  public func indexWidth(of type: ElementType) -> IndexWidth? {
    switch self {
    case .safetensors: IndexWidth(type)
    case .gguf: IndexWidth.allWidths.first { $0.signedType == type }
    }
  }
}

extension PartRole {
  /// The role in names of GGUF, which have 63 bytes.
  fileprivate var shortName: String {
    switch self {
    case .bitmask: "bm"
    case .values: "v"
    case .rowOffsets: "cr"
    case .columnIndices: "ci"
    case .keptValues: "nv"
    case .positions: "ni"
    }
  }
}

extension IndexWidth {
  fileprivate static let allWidths: [IndexWidth] = [.bits8, .bits16, .bits32, .bits64]

  /// The signed type of the same width.
  fileprivate var signedType: ElementType {
    switch self {
    case .bits8: .int8
    case .bits16: .int16
    case .bits32: .int32
    case .bits64: .int64
    }
  }
}
