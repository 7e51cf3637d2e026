public import ModelIR

/// A sparse form of compressed-tensors that a tensor is written in.
public struct SparseForm: Sendable, Hashable {
  /// How elements are kept.
  public enum Kind: Sendable, Hashable {
    /// A bit an element, and the nonzero values.
    case bitmask
    /// A bit an element, two set in every four, and two values of every four.
    case twoOfFour
  }

  /// Which habits are followed.
  public enum Rules: Sendable, Hashable {
    /// Nothing is lost: what is stored are the elements whose bits are not all zero.
    case lossless
    /// What the library itself would write: -0.0 is a zero, and of four elements the two largest are kept.
    case reference
  }

  /// How elements are kept.
  public var kind: Kind
  /// Which habits are followed.
  public var rules: Rules
  /// Whether parts are named after the whole tensor, as until 0.8.
  public var usesFirstNaming: Bool

  /// A form.
  public init(_ kind: Kind, rules: Rules, usesFirstNaming: Bool) {
    self.kind = kind
    self.rules = rules
    self.usesFirstNaming = usesFirstNaming
  }

  /// The format's name.
  public var format: CompressionFormat { kind == .bitmask ? .sparseBitmask : .sparse24Bitmask }

  /// One tensor of the parts.
  public struct Part: Sendable, Hashable {
    /// Its name.
    public var name: TensorName
    /// Its element type.
    public var elementType: ElementType
    /// Its shape.
    public var shape: Shape
  }

  /// What stands where among ``parts(of:nnz:)``.
  public enum Role: Int, Sendable {
    /// Mask bytes.
    case mask
    /// Values.
    case values
    /// The shape.
    case shape
    /// Row offsets: bitmask only.
    case rowOffsets
  }

  /// The parts of a tensor, in the order of ``Role``; nil where their sizes exceed 64 bits.
  /// - Parameter nnz: how many values a bitmask keeps.
  public func parts(of tensor: Tensor, nnz: UInt64) -> [Part]? {
    let shape = tensor.shape
    let columns = shape.columns / 8 + (shape.columns % 8 == 0 ? 0 : 1)
    guard let mask = shape.replacingColumns(with: columns) else { return nil }
    var prefix = tensor.name.text
    if !usesFirstNaming && prefix.hasSuffix(Self.weightEnding) {
      prefix = String(prefix.dropLast(Self.weightEnding.count))
    }
    /// A part of this ending.
    func part(_ ending: String, _ type: ElementType, _ shape: Shape?) -> Part? {
      guard let shape, shape.byteCount(of: type) != nil else { return nil }
      return Part(name: TensorName("\(prefix).\(ending)"), elementType: type, shape: shape)
    }
    let rank = UInt64(shape.rank)
    let parts: [Part?] =
      switch kind {
      case .bitmask:
        [
          part("bitmask", .uint8, mask),
          part("compressed", tensor.elementType, .vector(nnz)),
          part("shape", .int64, .vector(rank)),
          part("row_offsets", .int64, Shape(Array(shape.extents.dropLast()))),
        ]
      case .twoOfFour:
        [
          part("bitmask", .uint8, mask),
          part("compressed", tensor.elementType, shape.replacingColumns(with: shape.columns / 2)),
          part("shape", .int64, Shape([rank, 1])),
        ]
      }
    let found = parts.compactMap { $0 }
    return found.count == parts.count ? found : nil
  }

  /// What the name of a module's weight ends in.
  public static let weightEnding = ".weight"

  /// The values of the `.shape` part, little-endian.
  public static func shapeBytes(_ shape: Shape) -> [UInt8] {
    shape.extents.flatMap { extent in (0..<8).map { UInt8(truncatingIfNeeded: extent >> ($0 * 8)) } }
  }
}
