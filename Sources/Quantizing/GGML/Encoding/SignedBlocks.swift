/// Q6_K: 16 groups of 16 codes of six bits, each with a scale of eight bits.
enum Q6_KKernel: EncodingKernel {
  static var elements: Int { 256 }
  static var bytes: Int { 210 }

  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    withUnsafeTemporaryAllocation(of: NumberLanes.self, capacity: SignedSearch.Workspace.size + 8) {
      lanes -> Int? in
      guard let start = lanes.baseAddress else { return nil }
      let space = SignedSearch.Workspace(start)
      let codes = UnsafeMutableRawPointer(start + SignedSearch.Workspace.size)
      var index = 0
      while index < blockCount {
        let first = numbers + index &* 1024
        if !encode(first, space, codes, into: blocks + index &* bytes) { return index }
        index &+= 1
      }
      return nil
    }
  }

  /// Encodes one block with room for 256 codes.
  @inline(__always)
  private static func encode(
    _ numbers: UnsafeRawPointer,
    _ space: SignedSearch.Workspace,
    _ codes: UnsafeMutableRawPointer,
    into block: UnsafeMutableRawPointer
  ) -> Bool {
    gatherGroups(numbers, of: 16, into: space.numbers)
    let low = SignedSearch.run(space)
    gatherGroups(numbers + 512, of: 16, into: space.numbers)
    let high = SignedSearch.run(space)
    let scales = SIMD16(lowHalf: low.scales, highHalf: high.scales)
    let inverses = SIMD16(lowHalf: low.inverses, highHalf: high.inverses)

    var largest: Float = 0
    var dominant: Float = 0
    for group in 0..<16 {
      let scale = scales[group]
      if !scale.isFinite { return false }
      if scale.magnitude > largest {
        largest = scale.magnitude
        dominant = scale
      }
    }
    if largest < SignedSearch.negligible {
      block.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      return true
    }
    let perScale = -128 / dominant
    let unit = Float16Bits.narrow(1 / perScale)
    for group in 0..<16 {
      let scaleCode = Int8(truncatingIfNeeded: min(127, nearestInteger(perScale * scales[group])))
      block.storeBytes(of: scaleCode, toByteOffset: 192 + group, as: Int8.self)
      let scale = Float16Bits.widen(unit) * Float(scaleCode)
      let first = NumberLanes(numbers, at: group * 16)
      let second = NumberLanes(numbers, at: group * 16 + 8)
      let isNegligible = inverses[group] == 0
      if scale == 0 {
        // Such a group keeps the codes of the search, though they stand for nothing.
        let inverse = NumberLanes(repeating: inverses[group])
        word(first * inverse, isNegligible).store(to: codes, at: group * 16)
        word(second * inverse, isNegligible).store(to: codes, at: group * 16 + 8)
      } else {
        let divisor = NumberLanes(repeating: scale)
        word(first / divisor, false).store(to: codes, at: group * 16)
        word(second / divisor, false).store(to: codes, at: group * 16 + 8)
      }
    }
    store(codes, to: block)
    block.storeBytes(of: unit.littleEndian, toByteOffset: 208, as: UInt16.self)
    return unit & 0x7C00 != 0x7C00
  }

  /// The codes of eight positions, counted from -32; ggml leaves those of negligible groups at 0.
  @inline(__always)
  private static func word(_ positions: NumberLanes, _ isNegligible: Bool) -> UInt64 {
    if isNegligible { return 0 }
    let codes = positions.nearestIntegers(from: -32, to: 31) &+ SIMD8<Int32>(repeating: 32)
    return SIMD8<UInt8>(truncatingIfNeeded: codes).word
  }

  /// Stores the codes: of each half block 64 bytes with two nibbles, and 32 with four pairs of upper bits.
  @inline(__always)
  private static func store(_ codes: UnsafeMutableRawPointer, to block: UnsafeMutableRawPointer) {
    for half in 0..<2 {
      for part in 0..<4 {
        let start = half * 128 + part * 8
        let (first, second) = (codes.word(at: start), codes.word(at: start + 32))
        let (third, fourth) = (codes.word(at: start + 64), codes.word(at: start + 96))
        (first.lowNibbles | third.lowNibbles &<< 4).store(to: block, at: half * 64 + part * 8)
        (second.lowNibbles | fourth.lowNibbles &<< 4).store(to: block, at: half * 64 + part * 8 + 32)
        let upper = first.upperPairs | second.upperPairs &<< 2
        let rest = third.upperPairs &<< 4 | fourth.upperPairs &<< 6
        (upper | rest).store(to: block, at: 128 + half * 32 + part * 8)
      }
    }
  }
}

extension UInt64 {
  /// Bits 4 and 5 of each of eight codes.
  @inline(__always)
  fileprivate var upperPairs: UInt64 { self &>> 4 & 0x0303_0303_0303_0303 }
}
