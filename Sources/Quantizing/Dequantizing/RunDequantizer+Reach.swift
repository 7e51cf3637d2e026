extension RunDequantizer {
  /// How far from zero rounding to a run's codes alone makes zeros: half the step to the next number, half-way cases
  /// included, and as much more as the quantizer's arithmetic can add.
  ///
  /// compressed-tensors divides by the scale and adds the zero point in the type of the numbers, so that what lies a
  /// little beyond the middle may be rounded to it first, and to the even code after that; other quantizers round the
  /// scale to that type once they have divided.
  ///
  /// - Parameters:
  ///   - scale: the bits of the stored scale.
  ///   - zeroPoint: the zero point as ``dequantize(_:from:count:scale:zeroPoint:into:at:)`` takes it.
  /// - Returns: a number that is not negative; NaN where floats have a zero point that is not 0, as their steps do not
  ///   start there, and for a scale of NaN.
  public func reach(scale: UInt32, zeroPoint: Int? = nil) -> Double {
    let factor: Float
    // Half a unit in the last place of 1.
    let error: Double
    switch resultFormat {
    case .bfloat16: (factor, error) = (self.factor(BFloat16Bits.self, scale: scale), 0x1p-8)
    case .float16: (factor, error) = (self.factor(Float16Bits.self, scale: scale), 0x1p-11)
    case .float32: (factor, error) = (self.factor(Float32Bits.self, scale: scale), 0x1p-24)
    }
    let scale = abs(Double(factor))
    switch codes {
    case .integers:
      return scale * (0.5 + error / 2 + Double(zeroPoint ?? 0).magnitude.binade * error)
    case .floats(let values):
      if let zeroPoint, e4m3Value(UInt8(truncatingIfNeeded: zeroPoint)) != 0 { return .nan }
      // The code of 1 is the smallest subnormal. Powers of two divide exactly.
      let half = scale * Double(values[1]) / 2
      if case .exponent = scaling { return half }
      return half * (1 + error)
    }
  }
}
