internal import ModelIR

/// The order in which compressed-tensors 0.14 compares elements for sparse-24-bitmask (`utils/helpers.py`,
/// `get_24_bytemasks`: `torch.topk` of the absolute values of every four).
struct MagnitudeOrder {
  private let type: ElementType
  private let width: Int
  private let nanThreshold: UInt64

  /// The order of elements of a type of whole bytes.
  init(_ type: ElementType) {
    self.type = type
    width = type.byteWidth ?? 1
    // All NaNs are equal, and above infinity.
    nanThreshold =
      switch type {
      case .float16: 0x7C01
      case .bfloat16: 0x7F81
      case .float32: 0x7F80_0001
      case .float64: 0x7FF0_0000_0000_0001
      case .float8E5M2: 0x7D
      default: .max
      }
  }

  /// What an element is compared by: larger for larger magnitudes.
  private func key(_ bytes: [UInt8], at start: Int) -> UInt64 {
    var bits: UInt64 = 0
    for byte in 0..<width { bits |= UInt64(bytes[start + byte]) << UInt64(byte * 8) }
    switch type {
    case .bool, .uint8, .uint16, .uint32, .uint64: return bits
    case .float8E4M3, .int8, .int16, .int32, .int64:
      // The absolute value of the bits as a signed integer, also of 8-bit floats. It wraps: the least integer
      // stays below 0, which for a float is -0.0.
      let spare = UInt64(64 - width * 8)
      let value = Int64(bitPattern: bits << spare) >> Int64(spare)
      return value == Int64(-1) << Int64(width * 8 - 1) ? 0 : value.magnitude + 1
    default: return min(bits & ~(1 << UInt64(width * 8 - 1)), nanThreshold)
    }
  }

  /// Which two of the four elements from `start` on are kept, as bits.
  ///
  /// The two largest, and of equal ones the later; but behind a first element that is larger than all others the
  /// earliest of equals, unless all three are equal: then the third. That is how `nth_element` of GNU's C++
  /// library leaves them; it was run on every order of four.
  func kept(_ bytes: [UInt8], at start: Int) -> UInt8 {
    let keys = (
      key(bytes, at: start), key(bytes, at: start + width), key(bytes, at: start + 2 * width),
      key(bytes, at: start + 3 * width)
    )
    if keys.0 > keys.1 && keys.0 > keys.2 && keys.0 > keys.3 {
      if keys.1 == keys.2 && keys.2 == keys.3 { return 0b0101 }
      let second = max(keys.1, keys.2, keys.3)
      return keys.1 == second ? 0b0011 : keys.2 == second ? 0b0101 : 0b1001
    }
    let order = [(keys.0, 0), (keys.1, 1), (keys.2, 2), (keys.3, 3)].sorted { $0 > $1 }
    return 1 << UInt8(order[0].1) | 1 << UInt8(order[1].1)
  }
}
