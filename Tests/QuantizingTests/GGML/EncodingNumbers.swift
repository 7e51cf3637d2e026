import TestSupport

/// A way to draw numbers that reaches some corner of the encoders.
enum EncodingNumbers: CaseIterable {
  case plain, wide, sparse, zeros, constant, almostConstant, positive, farFromZero, uneven
  case tiny, subnormal, halves, nearPowersOfTwo

  /// This many numbers, all of which have blocks of every type unless they are subnormal.
  func draw(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    let size = Float(sign: .plus, exponent: Int.random(in: -12...4, using: &generator), significand: 1)
    let tinyExponent = Int.random(in: -125 ... -20, using: &generator)
    let bits = Int.random(in: 1...23, using: &generator)
    let step = Int.random(in: 0...60, using: &generator)
    return (0..<count).map { index in
      let bell = (0..<4).reduce(Float(0)) { sum, _ in sum + .random(in: -1...1, using: &generator) }
      switch self {
      case .plain: return bell * size
      case .wide: return bell * bell * bell * bell * bell * size
      case .sparse: return Bool.random(using: &generator) ? bell * size : (index % 3 == 0 ? -0.0 : 0)
      case .tiny: return bell * Float(sign: .plus, exponent: tinyExponent, significand: 1)
      case .subnormal:
        let magnitude = Float(bitPattern: .random(in: 0...(1 << UInt32(bits)), using: &generator))
        return bell < 0 ? -magnitude : magnitude
      case .halves: return index % 16 == 0 ? 127 : Float(Int.random(in: -127...127, using: &generator)) / 2
      case .constant: return index % 256 == 77 ? size.nextUp : -size
      case .positive: return bell.magnitude < 0.5 ? (bell < 0 ? -0.0 : 0) : bell.magnitude * size
      case .farFromZero: return (bell < 0 ? -100 : -100.001) * size + bell * 1e-5 * size
      case .almostConstant:
        let steps = UInt32.random(in: 0...(1 << UInt32(bits / 4)), using: &generator)
        return Float(bitPattern: (-100 * size).bitPattern + steps)
      case .nearPowersOfTwo:
        let power = Float(sign: .plus, exponent: tinyExponent + 34, significand: 1)
        let magnitude = Float(bitPattern: power.bitPattern - UInt32(step + index % 5))
        return bell < 0 ? -magnitude : magnitude
      case .uneven: return bell * Float(sign: .plus, exponent: -4 * (index / 16 % 16), significand: 1)
      case .zeros: return bell < 0 ? -0.0 : 0
      }
    }
  }
}

/// The little-endian bytes of numbers.
func encodingBytes(_ numbers: [Float]) -> [UInt8] {
  numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) }
}
