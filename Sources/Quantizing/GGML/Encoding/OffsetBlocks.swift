/// Q4_1: a scale, a minimum and 32 nibbles.
enum Q4_1Kernel: ScalingKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 20 }

  @inline(__always)
  static func scaling(of numbers: UnsafeRawPointer) -> Scaling {
    Scaling(aboveMinimum: numbers, top: 15)
  }

  @inline(__always)
  static func encode(
    _ numbers: UnsafeRawPointer,
    _ scaling: Scaling,
    into block: UnsafeMutableRawPointer
  ) -> Bool {
    CodeBlock32(numbers, scaling, top: 15).storeNibbles(to: block + 4)
    let scaleFits = storeHalf(scaling.scale, to: block)
    return storeHalf(scaling.minimum, to: block + 2) && scaleFits
  }

  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    encodeInSteps(numbers, blockCount: blockCount, into: blocks)
  }
}

/// Q5_1: a scale, a minimum and 32 codes of five bits.
enum Q5_1Kernel: ScalingKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 24 }

  @inline(__always)
  static func scaling(of numbers: UnsafeRawPointer) -> Scaling {
    Scaling(aboveMinimum: numbers, top: 31)
  }

  @inline(__always)
  static func encode(
    _ numbers: UnsafeRawPointer,
    _ scaling: Scaling,
    into block: UnsafeMutableRawPointer
  ) -> Bool {
    let codes = CodeBlock32(numbers, scaling, top: 31)
    codes.storeFifthBits(to: block + 4)
    codes.storeNibbles(to: block + 8)
    let scaleFits = storeHalf(scaling.scale, to: block)
    return storeHalf(scaling.minimum, to: block + 2) && scaleFits
  }

  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    encodeInSteps(numbers, blockCount: blockCount, into: blocks)
  }
}
