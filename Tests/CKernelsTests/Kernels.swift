import CKernels
import Testing

/// A set of kernels, as an argument of tests.
enum KernelSet: CaseIterable, Sendable {
  case scalar
  case avx2
  case avx512

  /// The sets that this machine runs.
  static let available = allCases.filter { lacuna_kernels_available($0.identifier) }

  /// The set's name in C.
  var identifier: lacuna_kernels {
    switch self {
    case .scalar: LACUNA_KERNELS_SCALAR
    case .avx2: LACUNA_KERNELS_AVX2
    case .avx512: LACUNA_KERNELS_AVX512
    }
  }
}

/// The width of an element, with the kernels for it.
enum Width: Int, CaseIterable, Sendable {
  case bits8 = 1
  case bits16 = 2
  case bits32 = 4
  case bits64 = 8

  typealias Compact = (
    lacuna_kernels, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?
  ) -> Int
  typealias Expand = (
    lacuna_kernels, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?
  ) -> Int
  typealias Count = (lacuna_kernels, UnsafePointer<UInt8>?, Int) -> Int
  typealias Scan = (
    lacuna_kernels, UnsafePointer<UInt8>?, Int, lacuna_scan_type, UnsafeMutablePointer<UInt64>?,
    UnsafeMutablePointer<UInt64>?
  ) -> Bool

  /// The bytes of an element.
  var size: Int { rawValue }

  /// All bits of an element.
  var allBits: UInt64 { .max >> UInt64(64 - 8 * size) }

  /// The bit that is a float's sign.
  var signBit: UInt64 { 1 << UInt64(8 * size - 1) }

  var compact: Compact {
    switch self {
    case .bits8: lacuna_compact8
    case .bits16: lacuna_compact16
    case .bits32: lacuna_compact32
    case .bits64: lacuna_compact64
    }
  }

  var expand: Expand {
    switch self {
    case .bits8: lacuna_expand8
    case .bits16: lacuna_expand16
    case .bits32: lacuna_expand32
    case .bits64: lacuna_expand64
    }
  }

  var count: Count {
    switch self {
    case .bits8: lacuna_count8
    case .bits16: lacuna_count16
    case .bits32: lacuna_count32
    case .bits64: lacuna_count64
    }
  }

  var scan: Scan {
    switch self {
    case .bits8: lacuna_scan8
    case .bits16: lacuna_scan16
    case .bits32: lacuna_scan32
    case .bits64: lacuna_scan64
    }
  }

  /// The little-endian bytes of elements.
  func bytes(of elements: [UInt64]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(elements.count * size)
    for element in elements {
      for index in 0..<size {
        bytes.append(UInt8(truncatingIfNeeded: element >> UInt64(8 * index)))
      }
    }
    return bytes
  }
}

@Suite("The sets of kernels")
struct KernelSetTests {
  @Test("The scalar set is available everywhere")
  func scalarIsAvailable() {
    #expect(lacuna_kernels_available(LACUNA_KERNELS_SCALAR))
  }

  @Test("A machine with a set has the sets below it")
  func setsAreNested() {
    #expect(KernelSet.available == Array(KernelSet.allCases.prefix(KernelSet.available.count)))
  }
}
