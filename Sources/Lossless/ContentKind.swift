public import ModelIR

/// What the bytes of a tensor are made of, which decides how they are taken apart.
public enum ContentKind: Sendable, Hashable {
  /// Elements of a type, little-endian, in row-major order; those under 8 bits share bytes.
  case elements(ElementType)
  /// Blocks of a type of ggml.
  case blocks(GGMLType)

  /// The bytes that are never torn apart by a border of chunks: an element's, a block's, or one where elements
  /// share bytes.
  public var unitBytes: Int {
    switch self {
    case .elements(.complex128): 16
    case .elements(.float6E2M3), .elements(.float6E3M2): 3
    case .elements(let type): type.byteWidth ?? 1
    case .blocks(let type): type.blockBytes
    }
  }
}
