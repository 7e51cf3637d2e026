public import ModelIR

/// Converts elements between F64, F32, F16 and BF16, to nearest, ties to even.
///
/// NaN stays NaN and becomes quiet, zeros keep their sign, and what is too large becomes infinite. A cast to the
/// same type copies the bits.
public struct FloatCast: Sendable, Hashable {
  /// The type of what goes in.
  public let source: ElementType
  /// The type of what comes out.
  public let target: ElementType

  private let sourceFormat: Format
  private let targetFormat: Format

  private enum Format: Sendable, Hashable {
    case float64, float32, float16, bfloat16

    init?(_ type: ElementType) {
      switch type {
      case .float64: self = .float64
      case .float32: self = .float32
      case .float16: self = .float16
      case .bfloat16: self = .bfloat16
      default: return nil
      }
    }

    var byteWidth: Int {
      switch self {
      case .float64: 8
      case .float32: 4
      case .float16, .bfloat16: 2
      }
    }
  }

  /// The cast between these types, or nil if one of them isn't F64, F32, F16 or BF16.
  public init?(from source: ElementType, to target: ElementType) {
    guard let sourceFormat = Format(source), let targetFormat = Format(target) else { return nil }
    self.source = source
    self.target = target
    self.sourceFormat = sourceFormat
    self.targetFormat = targetFormat
  }

  /// Converts `count` elements.
  ///
  /// - Parameters:
  ///   - bytes: holds the elements, little-endian.
  ///   - start: the byte at which they start.
  ///   - count: how many.
  ///   - numbers: takes the converted elements, little-endian.
  ///   - target: the byte at which the first goes.
  /// - Returns: how many elements have another value than before; a NaN is no change.
  public func cast(
    _ bytes: [UInt8],
    from start: Int,
    count: Int,
    into numbers: inout [UInt8],
    at target: Int
  ) -> Int {
    precondition(start >= 0 && count >= 0 && count <= (bytes.count - start) / sourceFormat.byteWidth)
    precondition(target >= 0 && count <= (numbers.count - target) / targetFormat.byteWidth)
    return bytes.withUnsafeBytes { bytes in
      numbers.withUnsafeMutableBytes { numbers in
        guard count > 0, let source = bytes.baseAddress, let target = numbers.baseAddress.map({ $0 + target })
        else { return 0 }
        return run(CastRun(source: source + start, count: count, target: target))
      }
    }
  }

  private func run(_ run: CastRun) -> Int {
    switch (sourceFormat, targetFormat) {
    case (.float64, .float64), (.float32, .float32), (.float16, .float16), (.bfloat16, .bfloat16):
      run.copy(byteWidth: sourceFormat.byteWidth)
    case (.float32, .float64): run.widenToDouble(Float32Bits.self)
    case (.float16, .float64): run.widenToDouble(Float16Bits.self)
    case (.bfloat16, .float64): run.widenToDouble(BFloat16Bits.self)
    case (.float16, .float32): run.widen(Float16Bits.self)
    case (.bfloat16, .float32): run.widen(BFloat16Bits.self)
    case (.float64, .float32): run.narrowDouble(to: Float32Bits.self)
    case (.float64, .float16): run.narrowDouble(to: Float16Bits.self)
    case (.float64, .bfloat16): run.narrowDouble(to: BFloat16Bits.self)
    case (.float32, .float16): run.narrow(Float32Bits.self, to: Float16Bits.self)
    case (.float32, .bfloat16): run.narrow(Float32Bits.self, to: BFloat16Bits.self)
    case (.float16, .bfloat16): run.narrow(Float16Bits.self, to: BFloat16Bits.self)
    case (.bfloat16, .float16): run.narrow(BFloat16Bits.self, to: Float16Bits.self)
    }
  }
}
