internal import CKernels

/// Q8_0: a scale and 32 signed codes.
enum Q8_0Kernel: EncodingKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 34 }

  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    let written = lacuna_encode_q8_0(
      BlockKernels.current,
      numbers.assumingMemoryBound(to: UInt8.self),
      blockCount,
      blocks.assumingMemoryBound(to: UInt8.self)
    )
    return written < blockCount ? written : nil
  }
}

/// Q8_1: the scale and the codes of Q8_0, and the scaled sum of the codes.
enum Q8_1Kernel: SingleBlockKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 36 }

  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
    let scaling = Scaling(scale: NumberBlock32(numbers).largestMagnitude / 127, offset: 0)
    let inverse = NumberLanes(repeating: scaling.inverse)
    for part in 0..<4 {
      let codes = (NumberLanes(numbers, at: part * 8) * inverse).awayCodes
      codes.word.store(to: block, at: 4 + part * 8)
    }
    var sum: Int32 = 0
    for index in 4..<36 { sum &+= Int32(block.load(fromByteOffset: index, as: Int8.self)) }
    let scaleFits = storeHalf(scaling.scale, to: block)
    return storeHalf(Float(sum) * scaling.scale, to: block + 2) && scaleFits
  }
}

/// Q4_0: a scale and 32 nibbles, 8 of which is zero.
enum Q4_0Kernel: EncodingKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 18 }

  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    let written = lacuna_encode_q4_0(
      BlockKernels.current,
      numbers.assumingMemoryBound(to: UInt8.self),
      blockCount,
      blocks.assumingMemoryBound(to: UInt8.self)
    )
    return written < blockCount ? written : nil
  }
}

/// Q5_0: a scale and 32 codes of five bits, 16 of which is zero.
enum Q5_0Kernel: ScalingKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 22 }

  @inline(__always)
  static func scaling(of numbers: UnsafeRawPointer) -> Scaling {
    Scaling(signed: numbers, middle: 16)
  }

  @inline(__always)
  static func encode(
    _ numbers: UnsafeRawPointer,
    _ scaling: Scaling,
    into block: UnsafeMutableRawPointer
  ) -> Bool {
    let codes = CodeBlock32(numbers, scaling, top: 31)
    codes.storeFifthBits(to: block + 2)
    codes.storeNibbles(to: block + 6)
    return storeHalf(scaling.scale, to: block)
  }

  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    encodeInSteps(numbers, blockCount: blockCount, into: blocks)
  }
}
