internal import CKernels

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Which implementation of the kernels runs on blocks.
enum BlockKernels {
  /// The set that `LACUNA_KERNELS` names, else the best that the machine has; chosen once.
  ///
  /// A name that is unknown or not this machine's is reported elsewhere.
  static let current: lacuna_kernels = {
    let sets = [
      ("avx512", LACUNA_KERNELS_AVX512), ("avx2", LACUNA_KERNELS_AVX2), ("scalar", LACUNA_KERNELS_SCALAR),
    ]
    let available = sets.filter { lacuna_kernels_available($0.1) }
    let forced = getenv("LACUNA_KERNELS").map { String(cString: $0) }
    return available.first { $0.0 == forced }?.1 ?? available.first?.1 ?? LACUNA_KERNELS_SCALAR
  }()
}
