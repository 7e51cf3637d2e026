import ModelIR
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The encoders as formulas, number by number.
enum NaiveEncoding {
  /// The types that can be encoded.
  static let types: [GGMLType] = [
    .q8_0, .q8_1, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K, .tq1_0, .tq2_0, .q2_0, .q1_0, .mxfp4,
    .nvfp4,
  ]

  /// The bytes of a block of these numbers.
  static func block(_ type: GGMLType, _ numbers: [Float]) throws -> [UInt8] {
    switch type {
    case .q8_0: wholeCodes(numbers, withSum: false)
    case .q8_1: wholeCodes(numbers, withSum: true)
    case .q4_0: signedCodes(numbers, top: 15)
    case .q5_0: signedCodes(numbers, top: 31)
    case .q4_1: offsetCodes(numbers, top: 15)
    case .q5_1: offsetCodes(numbers, top: 31)
    case .q4_K: minimumBlock(numbers, top: 15)
    case .q5_K: minimumBlock(numbers, top: 31)
    case .q6_K: signedBlock(numbers)
    case .tq1_0: ternaryDigits(numbers)
    case .tq2_0: ternaryBits(numbers)
    case .q2_0: twoBits(numbers)
    case .q1_0: signs(numbers)
    case .mxfp4: microscaled(numbers)
    case .nvfp4: microscaledGroups(numbers)
    default: try #require(nil as [UInt8]?)
    }
  }

  /// The bytes of a number in half precision.
  static func half(_ number: Float) -> [UInt8] {
    let bits = Float16(number).bitPattern
    return [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
  }

  /// A number in half precision.
  static func number(_ half: [UInt8]) -> Float {
    Float(Float16(bitPattern: UInt16(half[0]) | UInt16(half[1]) << 8))
  }

  /// What a processor of Intel's makes of a number that no integer of 32 bits is near: the lowest one.
  static func integer(_ number: Float) -> Int {
    number.magnitude < 0x1p31 ? Int(number) : Int(Int32.min)
  }

  static func inverse(_ scale: Float) -> Float { scale == 0 ? 0 : 1 / scale }

  static func largestMagnitude(_ numbers: [Float]) -> Float { numbers.reduce(0) { max($0, $1.magnitude) } }

  /// The first number of the largest magnitude.
  static func dominant(_ numbers: [Float]) -> Float {
    var found: Float = 0
    for number in numbers where number.magnitude > found.magnitude { found = number }
    return found
  }

  private static func wholeCodes(_ numbers: [Float], withSum: Bool) -> [UInt8] {
    let scale = largestMagnitude(numbers) / 127
    let codes = numbers.map { number in
      let position = number * inverse(scale)
      return Int8(truncatingIfNeeded: integer(position.rounded(.toNearestOrAwayFromZero)))
    }
    let sum = codes.reduce(0) { $0 + Int($1) }
    return half(scale) + (withSum ? half(Float(sum) * scale) : []) + codes.map { UInt8(bitPattern: $0) }
  }

  /// The nibbles and, for codes of five bits, the fifth bits before them.
  private static func packed(_ codes: [UInt8], top: UInt8) -> [UInt8] {
    let nibbles = (0..<16).map { codes[$0] & 15 | codes[$0 + 16] << 4 }
    if top == 15 { return nibbles }
    var fifths: UInt32 = 0
    for (index, code) in codes.enumerated() { fifths |= UInt32(code >> 4 & 1) << UInt32(index) }
    return (0..<4).map { UInt8(truncatingIfNeeded: fifths >> ($0 * 8)) } + nibbles
  }

  private static func signedCodes(_ numbers: [Float], top: UInt8) -> [UInt8] {
    let middle = Float(top / 2 + 1)
    let scale = dominant(numbers) / -middle
    let codes = numbers.map { number in
      min(top, UInt8(truncatingIfNeeded: integer(number * inverse(scale) + (middle + 0.5))))
    }
    return half(scale) + packed(codes, top: top)
  }

  private static func offsetCodes(_ numbers: [Float], top: UInt8) -> [UInt8] {
    var (lowest, highest) = (Float.greatestFiniteMagnitude, -Float.greatestFiniteMagnitude)
    for number in numbers {
      if number < lowest { lowest = number }
      if number > highest { highest = number }
    }
    let scale = (highest - lowest) / Float(top)
    let codes = numbers.map { number in
      min(top, UInt8(truncatingIfNeeded: integer((number - lowest) * inverse(scale) + 0.5)))
    }
    return half(scale) + half(lowest) + packed(codes, top: top)
  }

  private static func trits(_ numbers: [Float], beyond: UInt8) -> [UInt8] {
    let inverse = inverse(largestMagnitude(numbers))
    return numbers.map { number in
      let position = (number * inverse).rounded(.toNearestOrAwayFromZero)
      return position.isFinite ? UInt8(Int(position) + 1) : beyond
    }
  }

  private static func ternaryBits(_ numbers: [Float]) -> [UInt8] {
    let trits = trits(numbers, beyond: 1)
    var bytes = [UInt8](repeating: 0, count: 64)
    for (index, trit) in trits.enumerated() {
      bytes[index / 128 * 32 + index % 32] |= trit << UInt8(index % 128 / 32 * 2)
    }
    return bytes + half(largestMagnitude(numbers))
  }

  private static func ternaryDigits(_ numbers: [Float]) -> [UInt8] {
    let trits = trits(numbers, beyond: 1)
    let bytes = (0..<52).map { byte -> UInt8 in
      let digits: [UInt8] =
        switch byte {
        case ..<32: (0..<5).map { trits[byte + $0 * 32] }
        case ..<48: (0..<5).map { trits[160 + byte - 32 + $0 * 16] }
        default: (0..<4).map { trits[240 + byte - 48 + $0 * 4] } + [0]
        }
      let value = digits.reduce(0) { $0 * 3 + Int($1) }
      return UInt8((Double(value * 256) / 243).rounded(.up))
    }
    return bytes + half(largestMagnitude(numbers))
  }

  private static func twoBits(_ numbers: [Float]) -> [UInt8] {
    let codes = trits(numbers, beyond: 0)
    var bytes = [UInt8](repeating: 0, count: 16)
    for (index, code) in codes.enumerated() { bytes[index / 4] |= code << UInt8(index % 4 * 2) }
    return half(largestMagnitude(numbers)) + bytes
  }

  private static func signs(_ numbers: [Float]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    for (index, number) in numbers.enumerated() where number >= 0 {
      bytes[index / 8] |= 1 << UInt8(index % 8)
    }
    return half(numbers.reduce(0) { $0 + $1.magnitude } / 128) + bytes
  }

  /// The code whose value comes nearest, the first of several.
  private static func nearestCode(_ number: Float, unit: Float) -> UInt8 {
    let values: [Float] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]
    let distances = values.map { ($0 * unit - number).magnitude }
    return UInt8(values.indices.reduce(0) { distances[$1] < distances[$0] ? $1 : $0 })
  }

  private static func microscaled(_ numbers: [Float]) -> [UInt8] {
    let largest = largestMagnitude(numbers)
    // In single precision the logarithm of a number just below a power of two is that of the power.
    let logarithm = Float(log2(Double(largest)))
    let exponent = largest == 0 ? 0 : UInt8(truncatingIfNeeded: Int(logarithm.rounded(.down)) + 125)
    let unit = Float(sign: .plus, exponent: Int(exponent) - 128, significand: 1)
    let codes = numbers.map { nearestCode($0, unit: unit) }
    return [exponent] + (0..<16).map { codes[$0] | codes[$0 + 16] << 4 }
  }

  private static func microscaledGroups(_ numbers: [Float]) -> [UInt8] {
    var scales: [UInt8] = []
    var bytes: [UInt8] = []
    for group in 0..<4 {
      let members = Array(numbers[group * 16..<group * 16 + 16])
      let wanted = min(largestMagnitude(members) / 6, 448)
      // Codes in order of their values: the first above half a step below, but 448 from 256 on.
      let scale = (0..<UInt8(0x78)).last { $0 == 0 || wanted >= (e4m3($0) + e4m3($0 - 1)) / 2 } ?? 0
      // Subnormal numbers stay subnormal.
      let code = wanted >= 248 ? 0x7E : (wanted < 0x1p-6 ? min(7, scale) : scale)
      let codes = members.map { nearestCode($0, unit: Float(e4m3(code) / 2)) }
      scales.append(code)
      bytes += (0..<8).map { codes[$0] | codes[$0 + 8] << 4 }
    }
    return scales + bytes

    func e4m3(_ code: UInt8) -> Float {
      let fraction = Float(code & 7)
      return code < 8
        ? fraction / 512
        : (1 + fraction / 8) * Float(sign: .plus, exponent: Int(code >> 3) - 7, significand: 1)
    }
  }
}
