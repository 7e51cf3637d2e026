/// Which numbers the varint entries of a type may be, and how many bytes each becomes.
struct EntryRule: Sendable, Hashable {
  /// The bytes that an entry becomes: 1, 2, 4 or 8.
  let byteWidth: Int
  /// What a message calls the numbers that fit.
  let expected: String
  /// Whether negative numbers are among them.
  let isSigned: Bool
  /// The smallest number of a signed rule.
  let lowest: Int64
  /// The largest number.
  let highest: UInt64

  private init(_ byteWidth: Int, signedBits bits: Int) {
    self.byteWidth = byteWidth
    isSigned = true
    lowest = Int64.min >> Int64(64 - bits)
    highest = UInt64.max >> UInt64(65 - bits)
    expected = "\(lowest) to \(highest)"
  }

  private init(_ byteWidth: Int, upTo highest: UInt64) {
    self.byteWidth = byteWidth
    isSigned = false
    lowest = 0
    self.highest = highest
    expected = "0 to \(highest)"
  }

  /// 64-bit integers, as indices are.
  static let int64 = EntryRule(8, signedBits: 64)

  /// The rule for a type; nil for types whose entries are no varints.
  ///
  /// Floats and fp8 come as bit patterns. Types that share bytes have one whole byte per entry, but for 6-bit
  /// floats, which have an element each. Of signed types both the 64-bit sign extension and the plain 32-bit
  /// pattern of a negative number are read, as protobuf's own readers do.
  init?(_ type: ONNXDataType) {
    switch type {
    case .bool: self.init(1, upTo: 1)
    case .uint8, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .uint4, .uint2,
      .float4E2M1:
      self.init(1, upTo: 0xFF)
    case .int4, .int2: self.init(1, packedSigned: ())
    case .int8: self.init(1, signedBits: 8)
    case .float6E2M3, .float6E3M2: self.init(1, upTo: 0x3F)
    case .uint16, .float16, .bfloat16: self.init(2, upTo: 0xFFFF)
    case .int16: self.init(2, signedBits: 16)
    case .int32: self.init(4, signedBits: 32)
    case .uint32: self.init(4, upTo: 0xFFFF_FFFF)
    case .int64: self = .int64
    case .uint64: self.init(8, upTo: .max)
    case .float, .double, .complex64, .complex128, .string: return nil
    }
  }

  /// Bytes that hold signed elements: written as a byte, or as the signed number of the same bits.
  private init(_ byteWidth: Int, packedSigned: Void) {
    self.byteWidth = byteWidth
    isSigned = true
    lowest = -128
    highest = 0xFF
    expected = "-128 to 255"
  }

  /// Whether an entry's number is one of the rule's; only the low ``byteWidth`` bytes of it count then.
  @inline(__always)
  func allows(_ value: UInt64) -> Bool {
    if !isSigned { return value <= highest }
    if byteWidth == 8 { return true }
    // 32 bits without sign extension are an int32 too.
    let number = value >> 32 == 0 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    return number >= lowest && number <= Int64(truncatingIfNeeded: highest)
  }
}
