internal import ModelIR

/// How the elements of a kind are taken apart.
enum ElementLayout {
  /// bfloat16: 8 exponent bits in the upper 9.
  case bfloat16
  /// binary32, whose upper half is a bfloat16.
  case float32
  /// Half precision: rotated, its upper byte is the exponent and 3 bits more.
  case float16
  /// Bytes that are elements, or hold several; where they may be text or indices, they may repeat themselves.
  case bytes(repeating: Bool)
  /// Parts at fixed places, a plane each.
  case parts(ElementParts)

  init(_ kind: ContentKind) {
    switch kind {
    case .elements(let type): self.init(type)
    case .blocks(let type):
      if let element = type.elementType {
        self.init(element)
      } else {
        self = .parts(ElementParts(blocksOf: type))
      }
    }
  }

  private init(_ type: ElementType) {
    switch type {
    case .bfloat16: self = .bfloat16
    case .float32, .complex64: self = .float32
    case .float16: self = .float16
    case .float64, .complex128: self = .parts(.double)
    case .int16, .uint16, .int32, .uint32, .int64, .uint64: self = .parts(.integer(type.bitWidth / 8))
    case .bool, .uint8: self = .bytes(repeating: true)
    case .int8, .float8E5M2, .float8E4M3, .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ,
      .float4E2M1, .float6E2M3, .float6E3M2, .uint2, .int2, .uint4, .int4:
      self = .bytes(repeating: false)
    }
  }

  /// The bytes of an element.
  var width: Int {
    switch self {
    case .bfloat16, .float16: 2
    case .float32: 4
    case .bytes: 1
    case .parts(let parts): parts.stride
    }
  }
}

/// Parts at fixed places of an element or a block; together they are all of it.
struct ElementParts: Sendable {
  /// A part.
  struct Part: Sendable {
    let offset: Int
    let length: Int
  }

  /// The bytes of an element.
  let stride: Int
  /// The parts, at most eight, in the order of their planes.
  let parts: [Part]
  /// Whether elements are rotated left by one bit and lessened first; see `lacuna_rotate64`.
  let isRotated: Bool
  /// Whether these are integers' bytes, which may repeat themselves.
  var isInteger: Bool { !isRotated && stride == parts.count }

  private init(stride: Int, _ parts: [Part], isRotated: Bool = false) {
    self.stride = stride
    self.parts = parts
    self.isRotated = isRotated
  }

  /// The upper two bytes of a double, which have its exponent, and the others together.
  static let double = ElementParts(
    stride: 8,
    [Part(offset: 7, length: 1), Part(offset: 6, length: 1), Part(offset: 0, length: 6)],
    isRotated: true
  )

  /// The bytes of an integer, the highest first.
  static func integer(_ width: Int) -> ElementParts {
    ElementParts(stride: width, (0..<width).reversed().map { Part(offset: $0, length: 1) })
  }

  /// The parts of a block of ggml's, which lie one after the other: numbers of half precision as two parts of a byte
  /// each. (llama.cpp, `ggml-common.h`, October 2026.)
  init(blocksOf type: GGMLType) {
    // Negative: that many numbers of half precision.
    let lengths: [Int] =
      switch type {
      case .q4_0, .iq4_NL, .q1_0, .q2_0: [-1, 16]
      case .q4_1: [-2, 16]
      case .q5_0: [-1, 4, 16]
      case .q5_1: [-2, 4, 16]
      case .q8_0: [-1, 32]
      case .q8_1: [-2, 32]
      case .q2_K: [16, 64, -2]
      case .q3_K: [32, 64, 12, -1]
      case .q4_K: [-2, 12, 128]
      case .q5_K: [-2, 12, 32, 128]
      case .q6_K: [128, 64, 16, -1]
      case .q8_K: [4, 256, 32]
      case .iq2_XXS: [-1, 64]
      case .iq2_XS: [-1, 64, 8]
      case .iq3_XXS: [-1, 64, 32]
      case .iq1_S: [-1, 32, 16]
      case .iq3_S: [-1, 64, 8, 32, 4]
      case .iq2_S: [-1, 32, 32, 8, 8]
      case .iq4_XS: [-1, 2, 4, 128]
      case .iq1_M: [32, 16, 8]
      case .tq1_0: [48, 4, -1]
      case .tq2_0: [64, -1]
      case .mxfp4: [1, 16]
      case .nvfp4: [4, 32]
      case .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64: [type.blockBytes]
      }
    var parts: [Part] = []
    var offset = 0
    for length in lengths {
      let pieces = length < 0 ? Array(repeating: 1, count: -2 * length) : [length]
      for piece in pieces {
        parts.append(Part(offset: offset, length: piece))
        offset += piece
      }
    }
    precondition(offset == type.blockBytes && parts.count <= 8, "the parts of \(type) are not its block")
    self.init(stride: offset, parts)
  }
}
