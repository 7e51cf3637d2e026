/// How a chunk is coded: what its planes are, each a zstd frame of its own, in this order.
///
/// 1. Where zeros are split off: the mask, or its gaps.
/// 2. The planes of the ``Coding``, of the elements that are left.
///
/// In a record it is one byte: the coding in bits 0-3, ``Zeros`` in bits 4-5, ``Narrowing`` in bits 6-7.
public struct ChunkMode: RawRepresentable, Sendable, Hashable {
  /// How the elements that are left are taken apart.
  public enum Coding: UInt8, Sendable, Hashable, CaseIterable {
    /// One plane: the bytes as they are.
    case bytes = 0
    /// For elements of 32 bits their second bytes and their first; then, for all, rests of 8 bits; symbols of two
    /// 4-bit exponents; the exponents of escapes, unless there are none.
    case pair = 1
    /// The same with symbols of an exponent and the 2 bits below it, and rests of 6 bits.
    case symbols2 = 2
    /// The same with symbols of a 4-bit exponent and the 4 bits below it, and rests of 4 bits.
    case symbols4 = 3
    /// The parts of integers, doubles and blocks, a plane each: of integers the bytes, the highest first; of doubles
    /// the highest, the next, the other six; of blocks what stands in them, in their order.
    case parts = 4
    /// For elements of 32 bits their second bytes and their first; then the lower and the upper bytes of elements of
    /// 16 bits, or of upper halves, rotated left by one.
    case rotated = 5
    /// One plane: the first element, which all others equal.
    case constant = 6
  }

  /// What happened to elements without a set bit.
  public enum Zeros: UInt8, Sendable, Hashable, CaseIterable {
    /// They stayed among the others.
    case kept = 0
    /// A mask has a bit for each element, 0 for those, the first element's lowest; and the others follow.
    case mask = 1
    /// A byte for each other element counts those before it, 255 standing for 255 and no other element.
    case gaps = 2
  }

  /// Elements of 32 bits that were coded in 16, as none lost a bit.
  public enum Narrowing: UInt8, Sendable, Hashable, CaseIterable {
    /// They were not.
    case none = 0
    /// They are bfloat16.
    case bfloat16 = 1
    /// They are half precision.
    case float16 = 2
  }

  /// How the elements that are left are taken apart.
  public let coding: Coding
  /// What happened to elements without a set bit.
  public let zeros: Zeros
  /// Whether the elements were narrowed first.
  public let narrowing: Narrowing

  /// A mode of these parts.
  public init(_ coding: Coding, zeros: Zeros = .kept, narrowing: Narrowing = .none) {
    self.coding = coding
    self.zeros = zeros
    self.narrowing = narrowing
  }

  /// The bytes as they are, in one frame.
  public static let raw = ChunkMode(.bytes)

  /// The mode of a byte of a record, or nil where none has it.
  public init?(rawValue: UInt8) {
    guard let coding = Coding(rawValue: rawValue & 15), let zeros = Zeros(rawValue: rawValue >> 4 & 3),
      let narrowing = Narrowing(rawValue: rawValue >> 6), coding != .constant || zeros == .kept
    else { return nil }
    self.init(coding, zeros: zeros, narrowing: narrowing)
  }

  /// The byte of a record.
  public var rawValue: UInt8 { coding.rawValue | zeros.rawValue << 4 | narrowing.rawValue << 6 }
}
