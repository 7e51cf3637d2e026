internal import CKernels
internal import ModelIR

/// What the bits of an element type say about its value.
struct ScanType {
  /// For the kernels: which bits make the magnitude, and from where on it is not finite.
  var kernel: lacuna_scan_type
  /// Whether the kernel's verdict does not suffice and every element must be looked at.
  var alwaysClassifies: Bool
  /// Whether the type has a zero at all.
  var hasZero: Bool

  /// The bits of a type, or nil for the types that share bytes or are wider than a lane.
  init?(_ type: ElementType) {
    /// A type with these bits.
    func make(_ magnitude: UInt64, _ nonfinite: UInt64) -> lacuna_scan_type {
      lacuna_scan_type(magnitude: magnitude, nonfinite: nonfinite)
    }
    alwaysClassifies = false
    hasZero = true
    switch type {
    case .float4E2M1, .float6E2M3, .float6E3M2, .uint2, .int2, .uint4, .int4, .complex128: return nil
    case .bool, .uint8, .int8, .int16, .uint16, .int32, .uint32, .int64, .uint64: kernel = make(.max, 0)
    case .float16: kernel = make(0x7FFF, 0x7C00)
    case .bfloat16: kernel = make(0x7FFF, 0x7F80)
    case .float32: kernel = make(0x7FFF_FFFF, 0x7F80_0000)
    case .float64: kernel = make(0x7FFF_FFFF_FFFF_FFFF, 0x7FF0_0000_0000_0000)
    case .float8E5M2: kernel = make(0x7F, 0x7C)
    case .float8E4M3: kernel = make(0x7F, 0x7F)
    // 0x80 is NaN here, not a negative zero.
    case .float8E4M3FNUZ, .float8E5M2FNUZ:
      kernel = make(.max, 0)
      alwaysClassifies = true
    // Every code but NaN is a power of two.
    case .float8E8M0:
      kernel = make(.max, 0)
      alwaysClassifies = true
      hasZero = false
    // Two floats in one lane: zero if both are, NaN if one is.
    case .complex64:
      kernel = make(0x7FFF_FFFF_7FFF_FFFF, 0)
      alwaysClassifies = true
    }
  }

  /// Counts the NaNs and infinities among elements.
  static func classify(
    _ elements: UnsafePointer<UInt8>,
    _ count: Int,
    _ type: ElementType
  ) -> (nan: UInt64, infinite: UInt64) {
    let raw = UnsafeRawPointer(elements)
    /// Counts by a threshold: at it infinite, above it NaN.
    func byThreshold<Lane: FixedWidthInteger & UnsignedInteger>(
      _: Lane.Type,
      magnitude: Lane,
      infinity: Lane
    ) -> (UInt64, UInt64) {
      var (nan, infinite) = (UInt64(0), UInt64(0))
      for index in 0..<count {
        let bits =
          raw.loadUnaligned(fromByteOffset: index &* MemoryLayout<Lane>.size, as: Lane.self) & magnitude
        nan &+= bits > infinity ? 1 : 0
        infinite &+= bits == infinity ? 1 : 0
      }
      return (nan, infinite)
    }
    /// Counts one code of NaN.
    func byCode(_ code: UInt8, mask: UInt8 = 0xFF) -> (UInt64, UInt64) {
      var nan: UInt64 = 0
      for index in 0..<count { nan &+= elements[index] & mask == code ? 1 : 0 }
      return (nan, 0)
    }
    switch type {
    case .float16: return byThreshold(UInt16.self, magnitude: 0x7FFF, infinity: 0x7C00)
    case .bfloat16: return byThreshold(UInt16.self, magnitude: 0x7FFF, infinity: 0x7F80)
    case .float32: return byThreshold(UInt32.self, magnitude: 0x7FFF_FFFF, infinity: 0x7F80_0000)
    case .float64:
      return byThreshold(UInt64.self, magnitude: 0x7FFF_FFFF_FFFF_FFFF, infinity: 0x7FF0_0000_0000_0000)
    case .float8E5M2: return byThreshold(UInt8.self, magnitude: 0x7F, infinity: 0x7C)
    case .float8E4M3: return byCode(0x7F, mask: 0x7F)
    case .float8E4M3FNUZ, .float8E5M2FNUZ: return byCode(0x80)
    case .float8E8M0: return byCode(0xFF)
    case .complex64:
      var (nan, infinite) = (UInt64(0), UInt64(0))
      for index in 0..<count {
        let pair = raw.loadUnaligned(fromByteOffset: index &* 8, as: SIMD2<UInt32>.self) & 0x7FFF_FFFF
        let largest = max(pair.x, pair.y)
        nan &+= largest > 0x7F80_0000 ? 1 : 0
        infinite &+= largest == 0x7F80_0000 ? 1 : 0
      }
      return (nan, infinite)
    case .bool, .uint8, .int8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .float4E2M1, .float6E2M3,
      .float6E3M2, .uint2, .int2, .uint4, .int4, .complex128:
      return (0, 0)
    }
  }
}
