/// A tensor type of ggml, with the numbers that GGUF files give them.
///
/// Elements come in blocks along the fastest axis, whose extent is a multiple of the block's elements. (llama.cpp,
/// `ggml/include/ggml.h` and `ggml-common.h`, October 2026.)
public enum GGMLType: UInt32, Sendable, Hashable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q8_1 = 9
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case q8_K = 15
  case iq2_XXS = 16
  case iq2_XS = 17
  case iq3_XXS = 18
  case iq1_S = 19
  case iq4_NL = 20
  case iq3_S = 21
  case iq2_S = 22
  case iq4_XS = 23
  case i8 = 24
  case i16 = 25
  case i32 = 26
  case i64 = 27
  case f64 = 28
  case iq1_M = 29
  case bf16 = 30
  case tq1_0 = 34
  case tq2_0 = 35
  case mxfp4 = 39
  case nvfp4 = 40
  case q1_0 = 41
  case q2_0 = 42

  /// The name that tools show: `F16`, `Q4_K`, `IQ2_XXS`.
  public var name: String { "\(self)".uppercased() }

  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

  /// The type of this name, in upper case.
  public init?(name: String) {
    guard let found = Self.byName[name] else { return nil }
    self = found
  }

  /// The elements of a block; 1 for types without blocks.
  public var blockElements: Int {
    switch self {
    case .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q8_1, .iq4_NL, .mxfp4: 32
    case .nvfp4, .q2_0: 64
    case .q1_0: 128
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .q8_K, .iq2_XXS, .iq2_XS, .iq3_XXS, .iq1_S, .iq3_S, .iq2_S,
      .iq4_XS, .iq1_M, .tq1_0, .tq2_0:
      256
    }
  }

  /// The bytes of a block.
  public var blockBytes: Int {
    switch self {
    case .i8: 1
    case .f16, .bf16, .i16: 2
    case .f32, .i32: 4
    case .f64, .i64: 8
    case .q4_0, .iq4_NL, .q1_0, .q2_0: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .q8_1, .nvfp4: 36
    case .q2_K: 84
    case .q3_K, .iq3_S: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    case .q8_K: 292
    case .iq2_XXS, .tq2_0: 66
    case .iq2_XS: 74
    case .iq3_XXS: 98
    case .iq1_S: 50
    case .iq2_S: 82
    case .iq4_XS: 136
    case .iq1_M: 56
    case .tq1_0: 54
    case .mxfp4: 17
    }
  }

  /// The element type of the types without blocks; nil for blocks.
  public var elementType: ElementType? {
    switch self {
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    case .f64: .float64
    case .i8: .int8
    case .i16: .int16
    case .i32: .int32
    case .i64: .int64
    default: nil
    }
  }

  /// The type whose elements these are; nil for those that GGUF lacks.
  public init?(_ type: ElementType) {
    switch type {
    case .float32: self = .f32
    case .float16: self = .f16
    case .bfloat16: self = .bf16
    case .float64: self = .f64
    case .int8: self = .i8
    case .int16: self = .i16
    case .int32: self = .i32
    case .int64: self = .i64
    default: return nil
    }
  }

  /// Whether every block can store a zero for a weight of zero, so that zeros can be counted on the codes.
  /// (Types with a minimum or a code book without zero turn most zeros into other numbers.)
  public var holdsZero: Bool {
    switch self {
    case .q4_1, .q5_1, .q2_K, .q4_K, .q5_K, .iq2_XXS, .iq2_XS, .iq3_XXS, .iq1_S, .iq4_NL, .iq3_S, .iq2_S,
      .iq4_XS, .iq1_M, .q1_0:
      false
    default: true
    }
  }

  /// The bytes of a row of so many elements; nil where they are no whole number of blocks or exceed 64 bits.
  public func bytes(ofRow elements: UInt64) -> UInt64? {
    let (blocks, rest) = elements.quotientAndRemainder(dividingBy: UInt64(blockElements))
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: UInt64(blockBytes))
    return rest == 0 && !overflow ? bytes : nil
  }
}
