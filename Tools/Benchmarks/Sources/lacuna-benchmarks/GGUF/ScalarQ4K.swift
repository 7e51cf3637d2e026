/// Q4_K encoded as ggml's plain C does it: one group after the other, one number after the other.
///
/// What the encoder is held against, in speed and in bytes.
enum ScalarQ4K {
  /// Encodes blocks of 256 numbers, little-endian, as 144 bytes each.
  static func encode(_ numbers: [UInt8], blockCount: Int, into blocks: inout [UInt8]) {
    precondition(numbers.count >= blockCount * 1024 && blocks.count >= blockCount * 144)
    numbers.withUnsafeBytes { numbers in
      blocks.withUnsafeMutableBytes { blocks in
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256 + 32) { codes in
          withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { weights in
            guard let numbers = numbers.baseAddress?.assumingMemoryBound(to: Float.self),
              let blocks = blocks.baseAddress?.assumingMemoryBound(to: UInt8.self),
              let codes = codes.baseAddress, let weights = weights.baseAddress
            else { return }
            for block in 0..<blockCount {
              encode(numbers + block * 256, codes, weights, into: blocks + block * 144)
            }
          }
        }
      }
    }
  }

  private static func encode(
    _ numbers: UnsafePointer<Float>,
    _ codes: UnsafeMutablePointer<UInt8>,
    _ weights: UnsafeMutablePointer<Float>,
    into block: UnsafeMutablePointer<UInt8>
  ) {
    var (scales, minima) = (SIMD8<Float>(), SIMD8<Float>())
    var (largestScale, largestMinimum): (Float, Float) = (0, 0)
    for group in 0..<8 {
      let first = numbers + group * 32
      var squares: Float = 0
      for index in 0..<32 { squares += first[index] * first[index] }
      let root = (squares / 32).squareRoot()
      for index in 0..<32 { weights[index] = root + first[index].magnitude }
      let found = search(first, weights, codes + group * 32, trial: codes + 256)
      (scales[group], minima[group]) = (found.scale, -found.minimum)
      if scales[group] > largestScale { largestScale = scales[group] }
      if minima[group] > largestMinimum { largestMinimum = minima[group] }
    }
    let perScale = largestScale > 0 ? 63 / largestScale : 0
    let perMinimum = largestMinimum > 0 ? 63 / largestMinimum : 0
    for group in 0..<8 {
      let scale = UInt8(min(63, nearest(perScale * scales[group]) & 0xFF))
      let minimum = UInt8(min(63, nearest(perMinimum * minima[group]) & 0xFF))
      if group < 4 {
        (block[group + 4], block[group + 8]) = (scale, minimum)
      } else {
        block[group + 8] = scale & 15 | minimum << 4
        block[group] |= (scale >> 4) << 6
        block[group + 4] |= (minimum >> 4) << 6
      }
      (scales[group], minima[group]) = (Float(scale), Float(minimum))
    }
    let (unit, minimumUnit) = (HalfBits(largestScale / 63), HalfBits(largestMinimum / 63))
    unit.store(to: block)
    minimumUnit.store(to: block + 2)
    for group in 0..<8 {
      let scale = unit.value * scales[group]
      if scale == 0 { continue }
      let minimum = minimumUnit.value * minima[group]
      for index in 0..<32 {
        let code = nearest((numbers[group * 32 + index] + minimum) / scale)
        codes[group * 32 + index] = UInt8(max(0, min(15, code)))
      }
    }
    for pair in 0..<4 {
      for index in 0..<32 {
        block[16 + pair * 32 + index] = codes[pair * 64 + index] | codes[pair * 64 + 32 + index] << 4
      }
    }
  }

  /// The scale and the minimum that fit a group best, and its codes.
  private static func search(
    _ numbers: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>,
    _ codes: UnsafeMutablePointer<UInt8>,
    trial: UnsafeMutablePointer<UInt8>
  ) -> (scale: Float, minimum: Float) {
    var (lowest, highest) = (numbers[0], numbers[0])
    var weightSum = weights[0]
    var numberSum = weightSum * numbers[0]
    for index in 1..<32 {
      if numbers[index] < lowest { lowest = numbers[index] }
      if numbers[index] > highest { highest = numbers[index] }
      weightSum += weights[index]
      numberSum += weights[index] * numbers[index]
    }
    if lowest > 0 { lowest = 0 }
    if highest == lowest {
      for index in 0..<32 { codes[index] = 0 }
      return (0, lowest)
    }
    var minimum = lowest
    let inverse = 15 / (highest - lowest)
    var scale = 1 / inverse
    var leastError: Float = 0
    for index in 0..<32 {
      let code = nearest(inverse * (numbers[index] - minimum))
      codes[index] = UInt8(max(0, min(15, code)))
      let difference = scale * Float(codes[index]) + minimum - numbers[index]
      leastError += weights[index] * (difference * difference)
    }
    for step in 0...20 {
      let inverse = (-1 + 0.1 * Float(step) + 15) / (highest - minimum)
      var (codeSum, squareSum, productSum): (Float, Float, Float) = (0, 0, 0)
      for index in 0..<32 {
        let code = max(0, min(15, nearest(inverse * (numbers[index] - minimum))))
        trial[index] = UInt8(code)
        let weighted = weights[index] * Float(code)
        codeSum += weighted
        squareSum += weighted * Float(code)
        productSum += weighted * numbers[index]
      }
      let determinant = weightSum * squareSum - codeSum * codeSum
      if !(determinant > 0) { continue }
      var trialScale = (weightSum * productSum - numberSum * codeSum) / determinant
      var trialMinimum = (squareSum * numberSum - codeSum * productSum) / determinant
      if trialMinimum > 0 {
        trialMinimum = 0
        trialScale = productSum / squareSum
      }
      var error: Float = 0
      for index in 0..<32 {
        let difference = trialScale * Float(trial[index]) + trialMinimum - numbers[index]
        error += weights[index] * (difference * difference)
      }
      if error < leastError {
        for index in 0..<32 { codes[index] = trial[index] }
        (leastError, scale, minimum) = (error, trialScale, trialMinimum)
      }
    }
    return (scale, minimum)
  }

  /// The nearest integer, ties to even.
  @inline(__always)
  private static func nearest(_ value: Float) -> Int32 {
    Int32(bitPattern: (value + 12_582_912).bitPattern & 0x7F_FFFF) &- 0x40_0000
  }
}

/// A number in half precision that is neither subnormal nor too large, as the weights' scales are none.
private struct HalfBits {
  private let bits: UInt16

  init(_ value: Float) {
    let bits = value.bitPattern
    let rounded = bits &+ 0xFFF &+ (bits &>> 13 & 1)
    self.bits = value == 0 ? 0 : UInt16(truncatingIfNeeded: (rounded &- 112 &<< 23) &>> 13)
  }

  var value: Float { bits == 0 ? 0 : Float(bitPattern: UInt32(bits) &<< 13 &+ 112 &<< 23) }

  func store(to place: UnsafeMutablePointer<UInt8>) {
    (place[0], place[1]) = (UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8))
  }
}
