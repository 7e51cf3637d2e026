internal import ModelIR

/// Elements as text, for people: the shortest digits that tell neighbours of the type apart.
enum ElementText {
  /// The elements in `bytes`, little-endian.
  static func texts(_ bytes: ArraySlice<UInt8>, _ type: ElementType) -> [String] {
    guard let width = type.byteWidth else { return [] }
    return stride(from: bytes.startIndex, to: bytes.endIndex - width + 1, by: width).map { start in
      text(bytes[start..<start + width], type)
    }
  }

  private static func text(_ bytes: ArraySlice<UInt8>, _ type: ElementType) -> String {
    let bits = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    switch type {
    case .bool: return bits == 0 ? "false" : "true"
    case .uint8, .uint16, .uint32, .uint64: return String(bits)
    case .int8: return String(Int8(truncatingIfNeeded: bits))
    case .int16: return String(Int16(truncatingIfNeeded: bits))
    case .int32: return String(Int32(truncatingIfNeeded: bits))
    case .int64: return String(Int64(truncatingIfNeeded: bits))
    case .float64: return Double(bitPattern: bits).description
    case .float32: return Float(bitPattern: UInt32(truncatingIfNeeded: bits)).description
    case .bfloat16: return short(Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16), digits: 3)
    case .float16: return short(half(UInt16(truncatingIfNeeded: bits)), digits: 4)
    case .complex64:
      let real = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      let imaginary = Float(bitPattern: UInt32(truncatingIfNeeded: bits >> 32))
      return "\(real)+\(imaginary)i"
    case .float8E5M2: return short(half(UInt16(truncatingIfNeeded: bits) << 8), digits: 2)
    case .float8E4M3, .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ:
      let digits = String(bits, radix: 16)
      return "0x" + (digits.utf8.count < 2 ? "0" : "") + digits
    case .float4E2M1, .float6E2M3, .float6E3M2, .uint2, .int2, .uint4, .int4, .complex128: return "?"
    }
  }

  /// Half precision by hand: exact, as every half is a float.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * (1 + fraction * 0x1p-10) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }

  /// A float rounded to so many significant digits, which suffice for its narrower type.
  private static func short(_ value: Float, digits: Int) -> String {
    // Of what is told as it is, the shortest text is that of its own type.
    value.isFinite && value != 0 ? SignificantDigits.text(Double(value), digits) : value.description
  }
}
