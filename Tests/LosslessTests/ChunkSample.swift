import Lossless
import ModelIR
import TestSupport

/// Bytes of a kind, to be coded.
enum ChunkSample: CaseIterable, Sendable {
  case random
  case zero
  case equal
  case special
  case sparse5
  case sparse50
  case sparse80
  case sparse90
  case sparse99
  case twoOfFour
  case gaussian
  case escaping
  case narrowBFloat16
  case narrowFloat16
  case ramp
  case nearlyZero

  /// `count` units of bytes.
  func bytes(_ kind: ContentKind, units: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    let width = Self.width(kind)
    let count = units * kind.unitBytes / width
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * width)
    let value = Self.gaussian(kind, width, &generator)
    for index in 0..<count {
      switch self {
      case .random: bytes += Self.random(width, &generator)
      case .zero: bytes += [UInt8](repeating: 0, count: width)
      case .equal: bytes += value
      case .special: bytes += Self.special(width, &generator)
      case .sparse5: bytes += Self.sparse(5, kind, width, &generator)
      case .sparse50: bytes += Self.sparse(50, kind, width, &generator)
      case .sparse80: bytes += Self.sparse(80, kind, width, &generator)
      case .sparse90: bytes += Self.sparse(90, kind, width, &generator)
      case .sparse99: bytes += Self.sparse(99, kind, width, &generator)
      case .twoOfFour:
        let isZero = (index / 4 * 7 + index) % 4 < 2
        bytes += isZero ? [UInt8](repeating: 0, count: width) : Self.gaussian(kind, width, &generator)
      case .gaussian: bytes += Self.gaussian(kind, width, &generator)
      case .escaping:
        let isWild = Int.random(in: 0..<100, using: &generator) < 3
        bytes += isWild ? Self.random(width, &generator) : Self.gaussian(kind, width, &generator)
      case .narrowBFloat16, .narrowFloat16: bytes += narrow(width, &generator)
      case .ramp:
        for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: index >> min(8 * byte, 62))) }
      case .nearlyZero:
        bytes += index == count / 2 ? Self.random(width, &generator) : [UInt8](repeating: 0, count: width)
      }
    }
    return bytes
  }

  private static func width(_ kind: ContentKind) -> Int {
    switch kind {
    case .elements(.complex128): 8
    case .elements(.complex64): 4
    case .elements(let type): type.byteWidth ?? 1
    case .blocks: 2
    }
  }

  private static func random(_ width: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    generator.bytes(width)
  }

  /// NaNs with payloads, infinities, denormals, zeros of both signs.
  private static func special(_ width: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    let sign: UInt8 = Bool.random(using: &generator) ? 0x80 : 0
    var bytes = [UInt8](repeating: 0, count: width)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: break
    case 1: bytes[0] = 1
    case 2:
      bytes = generator.bytes(width)
      bytes[width - 1] = 0x7F
      if width > 1 { bytes[width - 2] |= 0xF0 }
    case 3:
      bytes[width - 1] = 0x7C
      if width > 2 { bytes[width - 2] = 0x80 }
    case 4:
      bytes = generator.bytes(width)
      bytes[width - 1] = 0
    default: bytes[width - 1] = 0x3F
    }
    bytes[width - 1] |= sign
    return bytes
  }

  private static func sparse(
    _ percentage: Int,
    _ kind: ContentKind,
    _ width: Int,
    _ generator: inout SeededGenerator
  ) -> [UInt8] {
    Int.random(in: 0..<100, using: &generator) < percentage
      ? [UInt8](repeating: 0, count: width) : gaussian(kind, width, &generator)
  }

  private static func gaussian(
    _ kind: ContentKind,
    _ width: Int,
    _ generator: inout SeededGenerator
  ) -> [UInt8] {
    var sum = 0.0
    for _ in 0..<6 { sum += Double.random(in: -0.01...0.01, using: &generator) }
    switch (kind, width) {
    case (.elements(.float16), _), (.blocks(.f16), _): return little(UInt64(Float16(sum).bitPattern), 2)
    case (.elements(.float64), _), (.elements(.complex128), _), (.blocks(.f64), _):
      return little(sum.bitPattern, 8)
    case (_, 2): return little(UInt64(Float(sum).bitPattern >> 16), 2)
    case (_, 4): return little(UInt64(Float(sum).bitPattern), 4)
    default: return little(UInt64(bitPattern: Int64(sum * 1000)), width)
    }
  }

  private func narrow(_ width: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    let short = UInt16.random(in: 0...UInt16.max, using: &generator)
    guard width == 4 else { return Self.little(UInt64(short), width) }
    if self == .narrowBFloat16 { return Self.little(UInt64(short) << 16, 4) }
    // A conversion makes NaNs quiet; theirs stay as they are.
    let isNaN = short & 0x7C00 == 0x7C00
    let payload = UInt32(short & 0x8000) << 16 | 0x7F80_0000 | UInt32(short & 0x3FF) << 13
    return Self.little(UInt64(isNaN ? payload : Float(Float16(bitPattern: short)).bitPattern), 4)
  }

  private static func little(_ bits: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
  }
}
