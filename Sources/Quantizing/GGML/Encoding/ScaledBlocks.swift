/// Q8_0: a scale and 32 signed codes.
enum Q8_0Kernel: ScalingKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 34 }

  @inline(__always)
  static func scaling(of numbers: UnsafeRawPointer) -> Scaling {
    Scaling(scale: NumberBlock32(numbers).largestMagnitude / 127, offset: 0)
  }

  @inline(__always)
  static func encode(
    _ numbers: UnsafeRawPointer,
    _ scaling: Scaling,
    into block: UnsafeMutableRawPointer
  ) -> Bool {
    let inverse = NumberLanes(repeating: scaling.inverse)
    for part in 0..<4 {
      let codes = (NumberLanes(numbers, at: part * 8) * inverse).awayCodes
      codes.word.store(to: block, at: 2 + part * 8)
    }
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

/// Q8_1: Q8_0 and the scaled sum of the codes.
enum Q8_1Kernel: SingleBlockKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 36 }

  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
    let scaling = Q8_0Kernel.scaling(of: numbers)
    // The sum takes the place of the scale in front of the codes once it is known.
    let scaleFits = Q8_0Kernel.encode(numbers, scaling, into: block + 2)
    var sum: Int32 = 0
    for index in 4..<36 { sum &+= Int32(block.load(fromByteOffset: index, as: Int8.self)) }
    _ = storeHalf(scaling.scale, to: block)
    return storeHalf(Float(sum) * scaling.scale, to: block + 2) && scaleFits
  }
}

/// Q4_0: a scale and 32 nibbles, 8 of which is zero.
enum Q4_0Kernel: ScalingKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 18 }

  @inline(__always)
  static func scaling(of numbers: UnsafeRawPointer) -> Scaling {
    Scaling(signed: numbers, middle: 8)
  }

  @inline(__always)
  static func encode(
    _ numbers: UnsafeRawPointer,
    _ scaling: Scaling,
    into block: UnsafeMutableRawPointer
  ) -> Bool {
    CodeBlock32(numbers, scaling, top: 15).storeNibbles(to: block + 2)
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
