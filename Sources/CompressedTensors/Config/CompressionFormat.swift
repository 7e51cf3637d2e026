/// The formats that compressed-tensors has given names to, from 0.3 to 0.20.
///
/// The set is closed: a name from a file never leads to anything but one of these or a refusal. (The library
/// itself imported and ran a Python file that such a name led to.)
public enum CompressionFormat: String, Sendable, Hashable, CaseIterable {
  /// Weights as they are.
  case dense
  /// A bit an element and the nonzero values; written until 0.14.
  case sparseBitmask = "sparse-bitmask"
  /// Two of four values and a bit an element; written from 0.9 until 0.14.
  case sparse24Bitmask = "sparse-24-bitmask"
  /// Two of four 4- or 8-bit integers, tiled for a GPU kernel; written until 0.14.
  case marlin24 = "marlin-24"
  /// Integers, one to the byte, and scales.
  case intQuantized = "int-quantized"
  /// 8-bit floats and scales.
  case floatQuantized = "float-quantized"
  /// Either of both, where only weights are quantized.
  case naiveQuantized = "naive-quantized"
  /// Integers of 1 to 8 bits in 32-bit words, and scales.
  case packQuantized = "pack-quantized"
  /// 4-bit floats in groups of 16, with 8-bit float scales and a scale over all.
  case nvfp4PackQuantized = "nvfp4-pack-quantized"
  /// 4-bit floats in groups of 32, with powers of two as scales.
  case mxfp4PackQuantized = "mxfp4-pack-quantized"
  /// 6-bit floats in groups of 32, with powers of two as scales.
  case mxfp6PackQuantized = "mxfp6-pack-quantized"
  /// 8-bit floats in groups of 32, with powers of two as scales.
  case mxfp8Quantized = "mxfp8-quantized"
  /// Every group of the configuration has a format of its own.
  case mixedPrecision = "mixed-precision"
  /// What the library writes where no format was ever set: weights are floats that were rounded.
  case fakequant

  /// Whether a module's codes are called `weight_packed`.
  var packsWeights: Bool {
    switch self {
    case .marlin24, .packQuantized, .nvfp4PackQuantized, .mxfp4PackQuantized, .mxfp6PackQuantized: true
    default: false
    }
  }

  /// Whether it stores the pattern of zeros.
  public var isSparse: Bool { self == .sparseBitmask || self == .sparse24Bitmask || self == .marlin24 }
}
