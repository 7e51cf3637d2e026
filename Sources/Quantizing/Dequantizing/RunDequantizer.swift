public import ModelIR

/// Turns the codes of a run into numbers, bit for bit as compressed-tensors 0.20 does.
///
/// A run is consecutive columns of one row that share a scale and a zero point. Codes lie one to the byte.
/// Every step is rounded by itself, to nearest, ties to even.
public struct RunDequantizer: Sendable {
  /// The codes of an affine scheme.
  public enum AffineCodes: Sendable, Hashable, CaseIterable {
    /// Signed integers in two's complement; a zero point is an integer.
    case integers
    /// E4M3; a zero point is an E4M3 code too.
    case e4m3
  }

  /// The codes of a microscaling scheme.
  public enum MicroscalingCodes: Sendable, Hashable, CaseIterable {
    /// E2M1: mxfp4.
    case e2m1
    /// E2M3: mxfp6.
    case e2m3
    /// E4M3: mxfp8.
    case e4m3
  }

  /// The type of the numbers that come out.
  public let result: ElementType

  let resultFormat: ResultFormat
  let scaling: Scaling
  let codes: Codes

  enum ResultFormat: Sendable {
    case bfloat16, float16, float32
  }

  enum Scaling: Sendable {
    /// The scale is a number of the result's type.
    case plain
    /// The scale is an E4M3 code, to be divided by this number.
    case divided(by: Float)
    /// The scale is an E8M0 code.
    case exponent
  }

  enum Codes: Sendable {
    case integers
    /// The values of all 256 bytes.
    case floats([Float])
  }

  /// `(code - zero point) * scale`: int-quantized, float-quantized, naive-quantized and pack-quantized.
  ///
  /// The code and the zero point are rounded to the scale's type, then the difference is, then the product.
  /// A scale is given as the bits of a number of `scaleType`, which is the type of the results too.
  ///
  /// - Returns: nil if `scaleType` isn't BF16, F16 or F32.
  public init?(affine codes: AffineCodes, scaleType: ElementType) {
    switch scaleType {
    case .bfloat16: resultFormat = .bfloat16
    case .float16: resultFormat = .float16
    case .float32: resultFormat = .float32
    default: return nil
    }
    result = scaleType
    scaling = .plain
    self.codes = codes == .integers ? .integers : .floats(FloatFormat.e4m3.singleValues)
  }

  /// `code * (scale / global scale)` in single precision, rounded to BF16 at last: nvfp4-pack-quantized.
  ///
  /// The codes are E2M1 and a scale is given as an E4M3 code.
  public init(nvfp4GlobalScale globalScale: Float) {
    resultFormat = .bfloat16
    result = .bfloat16
    scaling = .divided(by: globalScale)
    codes = .floats(FloatFormat.e2m1.singleValues)
  }

  /// `code * 2^(scale - 127)` rounded to BF16: mxfp4-pack-quantized, mxfp6-pack-quantized, mxfp8-quantized.
  ///
  /// A scale is given as an E8M0 code; 0xFF makes every result NaN, as the OCP Microscaling Formats
  /// Specification 1.0 wants it.
  public init(microscaling codes: MicroscalingCodes) {
    resultFormat = .bfloat16
    result = .bfloat16
    scaling = .exponent
    switch codes {
    case .e2m1: self.codes = .floats(FloatFormat.e2m1.singleValues)
    case .e2m3: self.codes = .floats(FloatFormat.e2m3.singleValues)
    case .e4m3: self.codes = .floats(FloatFormat.e4m3.singleValues)
    }
  }

  /// Writes the numbers of a run.
  ///
  /// - Parameters:
  ///   - codes: holds the codes, one to the byte.
  ///   - start: where they start.
  ///   - count: how many.
  ///   - scale: the bits of the stored scale.
  ///   - zeroPoint: the zero point, an integer or an E4M3 code; nil subtracts nothing. Only affine schemes have one.
  ///   - numbers: takes the numbers, little-endian.
  ///   - target: the byte at which the first goes.
  public func dequantize(
    _ codes: [UInt8],
    from start: Int,
    count: Int,
    scale: UInt32,
    zeroPoint: Int? = nil,
    into numbers: inout [UInt8],
    at target: Int
  ) {
    precondition(start >= 0 && count >= 0 && count <= codes.count - start)
    precondition(target >= 0 && count <= (numbers.count - target) / (resultFormat == .float32 ? 4 : 2))
    codes.withUnsafeBufferPointer { codes in
      numbers.withUnsafeMutableBytes { numbers in
        guard count > 0, let codes = codes.baseAddress, let numbers = numbers.baseAddress else { return }
        let run = CodeRun(codes: codes + start, count: count, numbers: numbers + target)
        switch resultFormat {
        case .bfloat16: dequantize(run, BFloat16Bits.self, scale: scale, zeroPoint: zeroPoint)
        case .float16: dequantize(run, Float16Bits.self, scale: scale, zeroPoint: zeroPoint)
        case .float32: dequantize(run, Float32Bits.self, scale: scale, zeroPoint: zeroPoint)
        }
      }
    }
  }

  /// Writes the numbers of a run in which each code has a scale of its own.
  ///
  /// - Parameters:
  ///   - codes: holds the codes, one to the byte.
  ///   - start: where they start.
  ///   - count: how many.
  ///   - scales: holds the bits of the scales, little-endian without gaps.
  ///   - scaleStart: the byte at which the first scale starts.
  ///   - zeroPoints: the zero points, one to the byte: signed integers, or E4M3 codes; nil subtracts nothing.
  ///   - zeroStart: where they start.
  ///   - numbers: takes the numbers, little-endian.
  ///   - target: the byte at which the first goes.
  public func dequantize(
    _ codes: [UInt8],
    from start: Int,
    count: Int,
    scales: [UInt8],
    from scaleStart: Int,
    zeroPoints: [UInt8]?,
    from zeroStart: Int,
    into numbers: inout [UInt8],
    at target: Int
  ) {
    let isExponent = if case .exponent = scaling { true } else { false }
    let numberWidth = resultFormat == .float32 ? 4 : 2
    let scaleWidth = isExponent ? 1 : numberWidth
    precondition(start >= 0 && count >= 0 && count <= codes.count - start)
    precondition(target >= 0 && count <= (numbers.count - target) / numberWidth)
    precondition(scaleStart >= 0 && count <= (scales.count - scaleStart) / scaleWidth)
    precondition(zeroStart >= 0 && count <= (zeroPoints?.count ?? Int.max) - zeroStart)
    if count == 0 { return }
    // With a scale of its own, a code is a run of one: what a run costs is paid for its setting up alone.
    switch (self.codes, resultFormat, isExponent) {
    case (.integers, .float32, false):
      writeIntegers(
        codes,
        start,
        count,
        scales,
        scaleStart,
        zeroPoints,
        zeroStart,
        &numbers,
        target,
        Float32Bits.self
      )
    case (.integers, .float16, false):
      writeIntegers(
        codes,
        start,
        count,
        scales,
        scaleStart,
        zeroPoints,
        zeroStart,
        &numbers,
        target,
        Float16Bits.self
      )
    case (.integers, .bfloat16, false):
      writeIntegers(
        codes,
        start,
        count,
        scales,
        scaleStart,
        zeroPoints,
        zeroStart,
        &numbers,
        target,
        BFloat16Bits.self
      )
    default:
      for index in 0..<count {
        var scale: UInt32 = 0
        for byte in 0..<scaleWidth {
          scale |= UInt32(scales[scaleStart + index * scaleWidth + byte]) << UInt32(byte * 8)
        }
        dequantize(
          codes,
          from: start + index,
          count: 1,
          scale: scale,
          zeroPoint: zeroPoints.map { Int($0[zeroStart + index]) },
          into: &numbers,
          at: target + index * numberWidth
        )
      }
    }
  }

  @inline(__always)
  private func writeIntegers<Real: StoredReal>(
    _ codes: [UInt8],
    _ start: Int,
    _ count: Int,
    _ scales: [UInt8],
    _ scaleStart: Int,
    _ zeroPoints: [UInt8]?,
    _ zeroStart: Int,
    _ numbers: inout [UInt8],
    _ target: Int,
    _ real: Real.Type
  ) {
    let stride = Real.Bits.bitWidth / 8
    codes.withUnsafeBytes { codes in
      scales.withUnsafeBytes { scales in
        numbers.withUnsafeMutableBytes { numbers in
          var index = 0
          while index < count {
            var difference = Float(codes.load(fromByteOffset: start &+ index, as: Int8.self))
            if let zeroPoints { difference -= Float(Int8(bitPattern: zeroPoints[zeroStart &+ index])) }
            let bits = scales.loadUnaligned(fromByteOffset: scaleStart &+ index &* stride, as: Real.Bits.self)
            let number = Real.narrow(difference * Real.widen(Real.Bits(littleEndian: bits))).littleEndian
            numbers.storeBytes(of: number, toByteOffset: target &+ index &* stride, as: Real.Bits.self)
            index &+= 1
          }
        }
      }
    }
  }

  @inline(__always)
  private func dequantize<Real: StoredReal>(
    _ run: CodeRun,
    _ real: Real.Type,
    scale: UInt32,
    zeroPoint: Int?
  ) {
    let factor = factor(real, scale: scale)
    switch codes {
    case .integers:
      let zero = zeroPoint.map { Real.widen(Real.narrow(Float($0))) }
      run.writeIntegers(real, zero: zero ?? 0, factor: factor)
    case .floats(let values):
      let zero = zeroPoint.map { e4m3Value(UInt8(truncatingIfNeeded: $0)) }
      run.writeFloats(real, values, zero: zero ?? 0, factor: factor)
    }
  }

  /// What the values of codes are multiplied by.
  @inline(__always)
  func factor<Real: StoredReal>(_ real: Real.Type, scale: UInt32) -> Float {
    switch scaling {
    case .plain: Real.widen(Real.Bits(truncatingIfNeeded: scale))
    case .divided(let globalScale): e4m3Value(UInt8(truncatingIfNeeded: scale)) / globalScale
    case .exponent: e8m0Value(UInt8(truncatingIfNeeded: scale))
    }
  }
}

/// The value of an E4M3 code.
@inline(__always)
func e4m3Value(_ code: UInt8) -> Float {
  let magnitude = UInt32(code & 0x7F)
  // The exponents' biases differ by 120; a subnormal counts steps of 2^-9.
  let normal = Float(bitPattern: magnitude &<< 20 &+ 120 &<< 23)
  let value = magnitude == 0x7F ? .nan : (magnitude < 8 ? Float(magnitude) * 0x1p-9 : normal)
  return code & 0x80 == 0 ? value : -value
}

/// The value of an E8M0 code.
@inline(__always)
func e8m0Value(_ code: UInt8) -> Float {
  switch code {
  case 0: 0x1p-127
  case 0xFF: .nan
  default: Float(bitPattern: UInt32(code) &<< 23)
  }
}
