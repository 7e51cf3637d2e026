public import ModelIR

/// How many nonzero, finite values have which magnitude: by power of two and sign.
///
/// The bucket of a value is floor(log2 |value|); subnormal floats count in the bucket below the smallest
/// normal one.
public struct MagnitudeHistogram: Sendable, Hashable {
  /// Counts of negative values by bucket, the first of which is ``lowest``.
  public private(set) var negative: [UInt64]
  /// Counts of positive values by bucket.
  public private(set) var positive: [UInt64]
  /// The bucket of the first count.
  public let lowest: Int
  private let form: Form

  /// How the bits of a type make sign and magnitude.
  private enum Form: Sendable, Hashable {
    case float(mantissa: Int, exponent: Int, hasInfinity: Bool)
    case integer(isSigned: Bool)
  }

  /// No value yet; nil for types whose magnitudes have no such form.
  public init?(_ type: ElementType) {
    switch type {
    case .float64: form = .float(mantissa: 52, exponent: 11, hasInfinity: true)
    case .float32: form = .float(mantissa: 23, exponent: 8, hasInfinity: true)
    case .bfloat16: form = .float(mantissa: 7, exponent: 8, hasInfinity: true)
    case .float16: form = .float(mantissa: 10, exponent: 5, hasInfinity: true)
    case .float8E5M2: form = .float(mantissa: 2, exponent: 5, hasInfinity: true)
    case .float8E4M3: form = .float(mantissa: 3, exponent: 4, hasInfinity: false)
    case .int8, .int16, .int32, .int64: form = .integer(isSigned: true)
    case .uint8, .uint16, .uint32, .uint64: form = .integer(isSigned: false)
    default: return nil
    }
    switch form {
    case .float(_, let exponent, _):
      // Field 0 holds the subnormals, below the smallest normal exponent.
      lowest = -(1 << (exponent - 1)) + 1
      positive = [UInt64](repeating: 0, count: 1 << exponent)
    case .integer:
      lowest = 0
      positive = [UInt64](repeating: 0, count: 64)
    }
    negative = positive
  }

  /// Adds the values of `count` dense elements of `width` bytes.
  public mutating func add(_ dense: [UInt8], count: Int, width: Int) {
    precondition(dense.count >= count * width)
    switch width {
    case 1: add(dense, count, UInt8.self)
    case 2: add(dense, count, UInt16.self)
    case 4: add(dense, count, UInt32.self)
    default: add(dense, count, UInt64.self)
    }
  }

  private mutating func add<Lane: FixedWidthInteger & UnsignedInteger>(
    _ dense: [UInt8],
    _ count: Int,
    _: Lane.Type
  ) {
    let sign = Lane(1) << (Lane.bitWidth - 1)
    let form = form
    dense.withUnsafeBytes { bytes in
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Lane>.size, as: Lane.self)
        switch form {
        case .float(let mantissa, let exponent, let hasInfinity):
          let magnitude = bits & ~sign
          let field = Int(truncatingIfNeeded: magnitude >> Lane(truncatingIfNeeded: mantissa))
          let isFinite = hasInfinity ? field != 1 << exponent - 1 : magnitude != ~sign
          if magnitude == 0 || !isFinite { continue }
          if bits & sign == 0 { positive[field] &+= 1 } else { negative[field] &+= 1 }
        case .integer(let isSigned):
          if bits == 0 { continue }
          let isNegative = isSigned && bits & sign != 0
          let magnitude = isNegative ? 0 &- bits : bits
          let bucket = Lane.bitWidth - 1 - magnitude.leadingZeroBitCount
          if isNegative { negative[bucket] &+= 1 } else { positive[bucket] &+= 1 }
        }
      }
    }
  }

  /// Adds the counts of other values of the same type.
  public mutating func add(_ other: MagnitudeHistogram) {
    for index in positive.indices {
      positive[index] += other.positive[index]
      negative[index] += other.negative[index]
    }
  }

  /// The counts by bucket, both signs together.
  public var byBucket: [(bucket: Int, count: UInt64)] {
    positive.indices.map { (lowest + $0, positive[$0] + negative[$0]) }
  }
}
