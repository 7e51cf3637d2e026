extension CompressionConfig.Weights {
  /// The weights of a preset that a configuration may name in place of a scheme (compressed-tensors 0.20,
  /// `quantization/quant_scheme.py`); nil for names that it does not have, or that quantize no weights.
  static func preset(_ name: String) -> CompressionConfig.Weights? {
    /// Integers of so many bits.
    func int(_ bits: Int, _ groupSize: Int? = nil, symmetric: Bool = true) -> CompressionConfig.Weights {
      CompressionConfig.Weights(
        bits: bits,
        kind: .int,
        isSymmetric: symmetric,
        groupSize: groupSize,
        strategy: groupSize == nil ? .channel : .group
      )
    }
    /// Floats of so many bits.
    func float(
      _ bits: Int,
      _ strategy: Strategy,
      groupSize: Int? = nil,
      block: [Int]? = nil
    ) -> CompressionConfig.Weights {
      CompressionConfig.Weights(
        bits: bits,
        kind: .float,
        isSymmetric: true,
        groupSize: groupSize,
        strategy: strategy,
        block: block
      )
    }
    switch name.uppercased() {
    case "W8A16", "W8A8", "INT8": return int(8)
    case "W4A16", "W4A8", "W4AFP8": return int(4, 128)
    case "W4A16_ASYM": return int(4, 128, symmetric: false)
    case "FP8": return float(8, .tensor)
    case "FP8_DYNAMIC": return float(8, .channel)
    case "FP8_BLOCK": return float(8, .block, block: [128, 128])
    case "NVFP4", "NVFP4A16": return float(4, .tensorGroup, groupSize: 16)
    case "MXFP4", "MXFP4A16": return float(4, .group, groupSize: 32)
    case "MXFP6", "MXFP6A16": return float(6, .group, groupSize: 32)
    case "MXFP8", "MXFP8A16": return float(8, .group, groupSize: 32)
    default: return nil
    }
  }
}
