internal import CKernels
internal import ModelIR

/// The width of an element as the kernels see it.
enum LaneWidth: Int, Sendable {
  case bits8 = 1
  case bits16 = 2
  case bits32 = 4
  case bits64 = 8

  /// The width of a type, or nil for the types that share bytes or are wider.
  init?(_ type: ElementType) {
    guard let bytes = type.byteWidth else { return nil }
    self.init(rawValue: bytes)
  }

  /// See `lacuna_compact16`; `values` needs room for `count` elements and the kernels' slack.
  func compact(
    _ dense: UnsafePointer<UInt8>,
    _ count: Int,
    mask: UnsafeMutablePointer<UInt8>,
    values: UnsafeMutablePointer<UInt8>,
    _ set: KernelSet
  ) -> Int {
    switch self {
    case .bits8: lacuna_compact8(set.code, dense, count, mask, values)
    case .bits16: lacuna_compact16(set.code, dense, count, mask, values)
    case .bits32: lacuna_compact32(set.code, dense, count, mask, values)
    case .bits64: lacuna_compact64(set.code, dense, count, mask, values)
    }
  }

  /// See `lacuna_expand16`; `values` must be readable for the kernels' slack behind the last.
  func expand(
    mask: UnsafePointer<UInt8>,
    values: UnsafePointer<UInt8>,
    _ count: Int,
    to dense: UnsafeMutablePointer<UInt8>,
    _ set: KernelSet
  ) -> Int {
    switch self {
    case .bits8: lacuna_expand8(set.code, mask, values, count, dense)
    case .bits16: lacuna_expand16(set.code, mask, values, count, dense)
    case .bits32: lacuna_expand32(set.code, mask, values, count, dense)
    case .bits64: lacuna_expand64(set.code, mask, values, count, dense)
    }
  }

  /// The number of elements whose bits are not all zero.
  func countStored(_ dense: UnsafePointer<UInt8>, _ count: Int, _ set: KernelSet) -> Int {
    switch self {
    case .bits8: lacuna_count8(set.code, dense, count)
    case .bits16: lacuna_count16(set.code, dense, count)
    case .bits32: lacuna_count32(set.code, dense, count)
    case .bits64: lacuna_count64(set.code, dense, count)
    }
  }

  /// See `lacuna_scan16`.
  func scan(
    _ dense: UnsafePointer<UInt8>,
    _ count: Int,
    _ type: lacuna_scan_type,
    stored: UnsafeMutablePointer<UInt64>,
    nonzero: UnsafeMutablePointer<UInt64>,
    _ set: KernelSet
  ) -> Bool {
    switch self {
    case .bits8: lacuna_scan8(set.code, dense, count, type, stored, nonzero)
    case .bits16: lacuna_scan16(set.code, dense, count, type, stored, nonzero)
    case .bits32: lacuna_scan32(set.code, dense, count, type, stored, nonzero)
    case .bits64: lacuna_scan64(set.code, dense, count, type, stored, nonzero)
    }
  }
}

/// How many bytes a values buffer needs behind its last element.
let kernelSlack = Int(LACUNA_KERNELS_SLACK)
