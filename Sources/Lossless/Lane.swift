internal import CKernels
internal import SparseCoding

/// The kernels for an element of so many bytes.
enum Lane: Int {
  case one = 1
  case two = 2
  case four = 4
  case eight = 8

  /// Nil where zeros are not split off.
  init?(_ layout: ElementLayout) {
    switch layout {
    case .parts(let parts):
      // Integers' upper bytes are zero already; and a block is no element.
      guard parts.isRotated else { return nil }
      self = .eight
    default:
      self.init(rawValue: layout.width)
    }
  }

  func compact(
    _ set: lacuna_kernels,
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    _ mask: UnsafeMutablePointer<UInt8>,
    _ values: UnsafeMutablePointer<UInt8>
  ) -> Int {
    switch self {
    case .one: lacuna_compact8(set, elements, n, mask, values)
    case .two: lacuna_compact16(set, elements, n, mask, values)
    case .four: lacuna_compact32(set, elements, n, mask, values)
    case .eight: lacuna_compact64(set, elements, n, mask, values)
    }
  }

  func count(_ set: lacuna_kernels, _ elements: UnsafePointer<UInt8>, _ n: Int) -> Int {
    switch self {
    case .one: lacuna_count8(set, elements, n)
    case .two: lacuna_count16(set, elements, n)
    case .four: lacuna_count32(set, elements, n)
    case .eight: lacuna_count64(set, elements, n)
    }
  }

  func expand(
    _ set: lacuna_kernels,
    _ mask: UnsafePointer<UInt8>,
    _ values: UnsafePointer<UInt8>,
    _ n: Int,
    _ elements: UnsafeMutablePointer<UInt8>
  ) {
    switch self {
    case .one: _ = lacuna_expand8(set, mask, values, n, elements)
    case .two: _ = lacuna_expand16(set, mask, values, n, elements)
    case .four: _ = lacuna_expand32(set, mask, values, n, elements)
    case .eight: _ = lacuna_expand64(set, mask, values, n, elements)
    }
  }
}

extension KernelSet {
  /// The set's name in C.
  var identifier: lacuna_kernels {
    switch self {
    case .scalar: LACUNA_KERNELS_SCALAR
    case .avx2: LACUNA_KERNELS_AVX2
    case .avx512: LACUNA_KERNELS_AVX512
    }
  }
}
