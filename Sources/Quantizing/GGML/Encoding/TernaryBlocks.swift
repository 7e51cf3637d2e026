/// The trits of eight numbers: 0, 1 and 2 stand for -1, 0 and 1 times the scale.
@inline(__always)
private func trits(_ numbers: NumberLanes, inverse: NumberLanes) -> UInt64 {
  let scaled = numbers * inverse
  let one = NumberLanes(repeating: 1)
  let almostHalf = NumberLanes(repeating: 0x1.fffffep-2)
  let above = NumberLanes.choose(one, where: almostHalf, isLessThan: scaled, else: .zero)
  let below = NumberLanes.choose(one, where: scaled, isLessThan: -almostHalf, else: .zero)
  let raised = NumberLanes(repeating: 0x1p23 + 1) + above - below
  return raised.bits.lowestBytes.word
}

/// The largest magnitude of a multiple of 32 numbers.
@inline(__always)
private func largestMagnitude(_ numbers: UnsafeRawPointer, _ count: Int) -> Float {
  var even = NumberLanes.zero
  var odd = NumberLanes.zero
  var index = 0
  while index < count {
    even = .larger(NumberLanes(numbers, at: index).magnitudes, even)
    odd = .larger(NumberLanes(numbers, at: index &+ 8).magnitudes, odd)
    index &+= 16
  }
  return NumberLanes.larger(even, odd).largest
}

/// TQ2_0: 256 trits of two bits and a scale.
enum TQ2_0Kernel: SingleBlockKernel {
  static var elements: Int { 256 }
  static var bytes: Int { 66 }

  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
    let scale = largestMagnitude(numbers, 256)
    let inverse = NumberLanes(repeating: Scaling(scale: scale, offset: 1).inverse)
    for half in 0..<2 {
      for part in 0..<4 {
        var word: UInt64 = 0
        for row in 0..<4 {
          let lanes = NumberLanes(numbers, at: half * 128 + row * 32 + part * 8)
          word |= trits(lanes, inverse: inverse) &<< UInt64(2 * row)
        }
        word.store(to: block, at: half * 32 + part * 8)
      }
    }
    return storeHalf(scale, to: block + 64)
  }
}

/// TQ1_0: 256 trits, five to the byte in base 3 and scaled up to 256, and a scale.
enum TQ1_0Kernel: SingleBlockKernel {
  static var elements: Int { 256 }
  static var bytes: Int { 54 }

  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
    let scale = largestMagnitude(numbers, 256)
    let inverse = NumberLanes(repeating: Scaling(scale: scale, offset: 1).inverse)
    // Bytes 0 to 31 have the trits of five rows of 32 numbers, bytes 32 to 47 those of five rows of 16.
    for part in 0..<6 {
      let (start, row) = part < 4 ? (part * 8, 32) : (160 + (part - 4) * 8, 16)
      var word: UInt64 = 0
      for digit in 0..<5 {
        word = word &* 3 &+ trits(NumberLanes(numbers, at: start + digit * row), inverse: inverse)
      }
      storeScaled(word, count: 8, to: block + part * 8)
    }
    // The last four bytes have four rows of 4, and a last trit of 0.
    let first = trits(NumberLanes(numbers, at: 240), inverse: inverse)
    let second = trits(NumberLanes(numbers, at: 248), inverse: inverse)
    let rows = [first, first &>> 32, second, second &>> 32]
    let word = rows.reduce(0) { $0 &* 3 &+ ($1 & 0xFFFF_FFFF) } &* 3
    storeScaled(word, count: 4, to: block + 48)
    return storeHalf(scale, to: block + 52)
  }

  /// Stores bytes so that multiplying by 3 carries the trits out one by one: 256/243 of each, rounded up.
  @inline(__always)
  private static func storeScaled(_ word: UInt64, count: Int, to place: UnsafeMutableRawPointer) {
    for index in 0..<count {
      let value = UInt32(truncatingIfNeeded: word &>> UInt64(8 * index)) & 0xFF
      let scaled = (value &* 256 &+ 242) / 243
      place.storeBytes(of: UInt8(truncatingIfNeeded: scaled), toByteOffset: index, as: UInt8.self)
    }
  }
}

/// Q2_0: a scale and 64 codes of two bits, of which the encoder uses those of -1, 0 and 1.
enum Q2_0Kernel: SingleBlockKernel {
  static var elements: Int { 64 }
  static var bytes: Int { 18 }

  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
    let scale = largestMagnitude(numbers, 64)
    let scaling = Scaling(scale: scale, offset: 1)
    let inverse = NumberLanes(repeating: scaling.inverse)
    for part in 0..<8 {
      let word = trits(NumberLanes(numbers, at: part * 8), inverse: inverse)
      // Two codes to the byte's half, two halves to the byte, two bytes to the word.
      let pairs = (word | word &>> 6) & 0x000F_000F_000F_000F
      let bytes = (pairs | pairs &>> 12) & 0x0000_00FF_0000_00FF
      // Where the reciprocal is infinite, ggml's sums beyond all integers are moved up to 0.
      let codes = scaling.offset == 0 ? 0 : UInt16(truncatingIfNeeded: bytes | bytes &>> 24)
      block.storeBytes(of: codes.littleEndian, toByteOffset: 2 + part * 2, as: UInt16.self)
    }
    return storeHalf(scale, to: block)
  }
}

/// Q1_0: the mean magnitude of 128 numbers and their signs.
enum Q1_0Kernel: SingleBlockKernel {
  static var elements: Int { 128 }
  static var bytes: Int { 18 }

  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
    var sum: Float = 0
    for byte in 0..<16 {
      var signs: UInt8 = 0
      for bit in 0..<8 {
        let number = numbers.loadUnaligned(fromByteOffset: (byte * 8 + bit) * 4, as: Float.self)
        sum += number.magnitude
        signs |= (number >= 0 ? 1 : 0) &<< UInt8(bit)
      }
      block.storeBytes(of: signs, toByteOffset: 2 + byte, as: UInt8.self)
    }
    return storeHalf(sum / 128, to: block)
  }
}
