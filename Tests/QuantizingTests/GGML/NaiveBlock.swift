import ModelIR
import TestSupport

/// One block, read element by element as ggml's formulas are written down: one lookup and one product at a time.
struct NaiveBlock {
  let type: GGMLType
  let bytes: [UInt8]

  func u8(_ at: Int) -> Int { Int(bytes[at]) }
  func i8(_ at: Int) -> Int { Int(Int8(bitPattern: bytes[at])) }
  func u16(_ at: Int) -> Int { u8(at) | u8(at + 1) << 8 }
  func u32(_ at: Int) -> Int { u16(at) | u16(at + 2) << 16 }
  func f16(_ at: Int) -> Float { Float(Float16(bitPattern: UInt16(u16(at)))) }
  func nibble(_ at: Int, _ half: Int) -> Int { u8(at) >> (4 * half) & 15 }

  /// The number of an element.
  func value(_ e: Int) -> Float {
    switch type {
    case .q4_1: return Float(nibble(4 + e % 16, e / 16)) * f16(0) + f16(2)
    case .q5_1: return Float(nibble(8 + e % 16, e / 16) | (u32(4) >> e & 1) << 4) * f16(0) + f16(2)
    case .q2_K:
      let s = u8(e / 16)
      let q = u8(16 + 32 * (e / 128) + e % 32) >> (2 * (e % 128 / 32)) & 3
      return f16(80) * Float(s & 15) * Float(q) - f16(82) * Float(s >> 4)
    case .q4_K, .q5_K:
      let j = e / 32
      let s = { u8(4 + $0) }
      let scale = j < 4 ? s(j) & 63 : s(j + 4) & 15 | (s(j - 4) >> 6) << 4
      let minimum = j < 4 ? s(j + 4) & 63 : s(j + 4) >> 4 | (s(j) >> 6) << 4
      var q = nibble((type == .q4_K ? 16 : 48) + 32 * (e / 64) + e % 32, e % 64 / 32)
      if type == .q5_K { q += 16 * (u8(16 + e % 32) >> j & 1) }
      return f16(0) * Float(scale) * Float(q) - f16(2) * Float(minimum)
    case .q1_0: return u8(2 + e / 8) >> (e % 8) & 1 == 1 ? f16(0) : -f16(0)
    case .iq4_NL: return f16(0) * Self.iq4[nibble(2 + e % 16, e / 16)]
    case .iq4_XS:
      let i = e / 32
      let scale = nibble(4 + i / 2, i % 2) | (u16(2) >> (2 * i) & 3) << 4
      return f16(0) * Float(scale - 32) * Self.iq4[nibble(8 + 16 * i + e % 16, e % 32 / 16)]
    case .iq1_S, .iq1_M, .iq2_XXS, .iq2_XS, .iq2_S, .iq3_XXS, .iq3_S: return gridValue(e)
    default:
      let (code, scale) = codeAndScale(e)
      return Float(code) * scale
    }
  }

  /// The code less that of zero, and its factor, for the types that hold zeros.
  func codeAndScale(_ e: Int) -> (code: Int, scale: Float) {
    switch type {
    case .q4_0: return (nibble(2 + e % 16, e / 16) - 8, f16(0))
    case .q5_0: return ((nibble(6 + e % 16, e / 16) | (u32(2) >> e & 1) << 4) - 16, f16(0))
    case .q8_0: return (i8(2 + e), f16(0))
    case .q8_1: return (i8(4 + e), f16(0))
    case .q8_K: return (i8(4 + e), Float(bitPattern: UInt32(u32(0))))
    case .q2_0: return ((u8(2 + e / 4) >> (2 * (e % 4)) & 3) - 1, f16(0))
    case .q3_K:
      let j = e / 16
      let low = j < 8 ? u8(96 + j) & 15 : u8(96 + j - 8) >> 4
      let high = u8(96 + 8 + j % 4) >> (2 * (j / 4)) & 3
      let q = u8(32 + 32 * (e / 128) + e % 32) >> (2 * (e % 128 / 32)) & 3
      let isUpper = u8(e % 32) >> (e / 32) & 1 == 1
      return (q - (isUpper ? 0 : 4), f16(108) * Float((low | high << 4) - 32))
    case .q6_K:
      let (n, k, l) = (e / 128, e % 128 / 32, e % 32)
      let q = nibble(64 * n + 32 * (k & 1) + l, k >> 1) | (u8(128 + 32 * n + l) >> (2 * k) & 3) << 4
      return (q - 32, f16(208) * Float(i8(192 + e / 16)))
    case .tq2_0: return ((u8(32 * (e / 128) + e % 32) >> (2 * (e % 128 / 32)) & 3) - 1, f16(64))
    case .tq1_0:
      let byte = e < 160 ? e % 32 : e < 240 ? 32 + (e - 160) % 16 : 48 + (e - 240) % 4
      let digit = e < 160 ? e / 32 : e < 240 ? (e - 160) / 16 : (e - 240) / 4
      let power = [1, 3, 9, 27, 81][digit]
      return ((u8(byte) * power % 256 * 3) >> 8 - 1, f16(52))
    case .mxfp4:
      return (Self.fp4[nibble(1 + e % 16, e / 16)], Float(sign: .plus, exponent: u8(0) - 128, significand: 1))
    case .nvfp4:
      let code = u8(e / 16)
      let (exponent, fraction) = (code >> 3 & 15, code & 7)
      let magnitude: Float =
        exponent == 0
        ? Float(fraction) * 0x1p-9
        : (1 + Float(fraction) / 8) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
      let isZero = code == 0 || code == 0x7F
      return (Self.fp4[nibble(4 + 8 * (e / 16) + e % 8, e % 16 / 8)], isZero ? 0 : magnitude * 0.5)
    default: preconditionFailure("\(type.name) holds no zero")
    }
  }

  /// The number of an element of a type with a grid.
  private func gridValue(_ e: Int) -> Float {
    let (i, l, j) = (e / 32, e % 32 / 8, e % 8)
    let grid = Self.grids[type] ?? []
    let d = f16(0)
    // Seven bits and an eighth that makes the number of set bits even.
    func isNegative(_ seven: Int) -> Bool {
      let eight = seven | (seven.nonzeroBitCount % 2) << 7
      return eight >> j & 1 == 1
    }
    func signed(_ scale: Float, _ magnitude: Int8, _ negative: Bool) -> Float {
      (scale * Float(magnitude)) * (negative ? -1 : 1)
    }
    switch type {
    case .iq2_XXS:
      let word = u32(2 + 8 * i + 4)
      let scale = d * (0.5 + Float(word >> 28)) * 0.25
      return signed(scale, grid[8 * u8(2 + 8 * i + l) + j], isNegative(word >> (7 * l) & 127))
    case .iq2_XS:
      let word = u16(2 + 8 * i + 2 * l)
      let scale = d * (0.5 + Float(nibble(66 + i, l / 2))) * 0.25
      return signed(scale, grid[8 * (word & 511) + j], isNegative(word >> 9))
    case .iq2_S:
      let index = u8(2 + 4 * i + l) | (u8(66 + i) >> (2 * l) & 3) << 8
      let scale = d * (0.5 + Float(nibble(74 + i, l / 2))) * 0.25
      return signed(scale, grid[8 * index + j], u8(34 + 4 * i + l) >> j & 1 == 1)
    case .iq3_XXS:
      let word = u32(66 + 4 * i)
      let scale = d * (0.5 + Float(word >> 28)) * 0.5
      let index = u8(2 + 8 * i + 2 * l + j / 4)
      return signed(scale, grid[4 * index + j % 4], isNegative(word >> (7 * l) & 127))
    case .iq3_S:
      let scale = d * Float(1 + 2 * nibble(106 + i / 2, i % 2))
      let k = 2 * l + j / 4
      let index = u8(2 + 8 * i + k) | (u8(66 + i) >> k & 1) << 8
      return signed(scale, grid[4 * index + j % 4], u8(74 + 4 * i + l) >> j & 1 == 1)
    case .iq1_S:
      let word = u16(34 + 2 * i)
      let scale = d * Float(2 * (word >> 12 & 7) + 1)
      let delta: Float = word >> 15 == 1 ? -0.125 : 0.125
      let index = u8(2 + 4 * i + l) | (word >> (3 * l) & 7) << 8
      return scale * (Float(grid[8 * index + j]) + delta)
    default:
      let words = (0..<4).map { u16(48 + 2 * $0) }
      let half = (0..<4).reduce(0) { $0 | (words[$1] >> 12) << (4 * $1) }
      let scale =
        Float(Float16(bitPattern: UInt16(half)))
        * Float(2 * (words[i / 2] >> (6 * (i % 2) + 3 * (l / 2)) & 7) + 1)
      let upper = nibble(32 + 2 * i + l / 2, l % 2)
      let delta: Float = upper & 8 != 0 ? -0.125 : 0.125
      return scale * (Float(grid[8 * (u8(4 * i + l) | (upper & 7) << 8) + j]) + delta)
    }
  }

  /// Twice the values of E2M1 codes.
  private static let fp4 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

  /// The code book of IQ4_NL and IQ4_XS.
  private static let iq4: [Float] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]

  /// The grids' tables as they are stored, row by row.
  private static let grids: [GGMLType: [Int8]] = {
    let names: [GGMLType: String] = [
      .iq1_S: "iq1_s", .iq1_M: "iq1_s", .iq2_XXS: "iq2_xxs", .iq2_XS: "iq2_xs", .iq2_S: "iq2_s",
      .iq3_XXS: "iq3_xxs", .iq3_S: "iq3_s",
    ]
    return names.mapValues { name in
      let bytes = (try? Fixture.bytes("gguf/grids/\(name).i8")) ?? []
      return bytes.map { Int8(bitPattern: $0) }
    }
  }()
}
