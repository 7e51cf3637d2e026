/// Q4_K: eight groups of 32 nibbles, each with a scale and a minimum of six bits.
enum Q4_KKernel: EncodingKernel {
  static var elements: Int { 256 }
  static var bytes: Int { 144 }

  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    let search = MinimumSearch(top: 15, firstOffset: -1, lastTrial: 20)
    return encodeMinimumBlocks(numbers, blockCount, search, into: blocks, stride: bytes) { codes, block in
      storeNibbles(codes, to: block + 16)
    }
  }
}

/// Q5_K: eight groups of 32 codes of five bits, each with a scale and a minimum of six bits.
enum Q5_KKernel: EncodingKernel {
  static var elements: Int { 256 }
  static var bytes: Int { 176 }

  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    let search = MinimumSearch(top: 31, firstOffset: -0.5, lastTrial: 15)
    return encodeMinimumBlocks(numbers, blockCount, search, into: blocks, stride: bytes) { codes, block in
      // Byte l has the fifth bits of the numbers l of all groups, the first group's lowest.
      for part in 0..<4 {
        var word: UInt64 = 0
        for group in 0..<8 {
          let fifths = codes.word(at: group * 32 + part * 8) &>> 4 & 0x0101_0101_0101_0101
          word |= fifths &<< UInt64(group)
        }
        word.store(to: block, at: 16 + part * 8)
      }
      storeNibbles(codes, to: block + 48)
    }
  }
}

/// Stores 128 bytes: of each two groups of 32 codes, the lowest four bits of the first below those of the second.
@inline(__always)
private func storeNibbles(_ codes: UnsafeMutableRawPointer, to place: UnsafeMutableRawPointer) {
  for pair in 0..<4 {
    for part in 0..<4 {
      let low = codes.word(at: pair * 64 + part * 8).lowNibbles
      let high = codes.word(at: pair * 64 + part * 8 + 32).lowNibbles
      (low | high &<< 4).store(to: place, at: pair * 32 + part * 8)
    }
  }
}

extension UnsafeMutableRawPointer {
  /// The eight codes from this one on.
  @inline(__always)
  func word(at byte: Int) -> UInt64 {
    UInt64(littleEndian: loadUnaligned(fromByteOffset: byte, as: UInt64.self))
  }
}

/// Encodes blocks of eight groups with scales and minima; `storeCodes` takes the 256 codes and the block.
///
/// - Returns: the first block whose scales don't fit, or nil.
@inline(__always)
private func encodeMinimumBlocks(
  _ numbers: UnsafeRawPointer,
  _ blockCount: Int,
  _ search: MinimumSearch,
  into blocks: UnsafeMutableRawPointer,
  stride: Int,
  storeCodes: (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
) -> Int? {
  let (blocksAtATime, groupsAtATime) = (16, 128)
  return withUnsafeTemporaryAllocation(byteCount: 256, alignment: 32) { codes in
    withUnsafeTemporaryAllocation(
      of: Float.self,
      capacity: MinimumSearch.Result.size(groupCount: groupsAtATime)
    ) {
      results -> Int? in
      guard let codes = codes.baseAddress, let results = results.baseAddress else { return nil }
      let found = MinimumSearch.Result(results, groupCount: groupsAtATime)
      var index = 0
      while index < blockCount {
        let step = index % blocksAtATime
        let first = numbers + index &* 1024
        let block = blocks + index &* stride
        if step == 0 {
          search.run(first, groupCount: 8 &* min(blocksAtATime, blockCount &- index), into: found)
        }
        let grid = MinimumGrid(found, firstGroup: 8 &* step)
        if !grid.store(to: block) { return index }
        for group in 0..<8 {
          let place = codes + group &* 32
          let scale = grid.scale * Float(grid.scaleCodes[group])
          if scale == 0 {
            // Such a group keeps the codes of the search, though they stand for nothing.
            let minimum = found.codeMinima[8 &* step &+ group]
            let inverse = found.inverses[8 &* step &+ group]
            storeGroup(first, group, search, to: place) { ($0 - minimum) * inverse }
          } else {
            let minimum = grid.minimum * Float(grid.minimumCodes[group])
            storeGroup(first, group, search, to: place) { ($0 + minimum) / scale }
          }
        }
        storeCodes(codes, block)
        index &+= 1
      }
      return nil
    }
  }
}

/// Stores the codes of a group of 32 numbers, one to the byte.
@inline(__always)
private func storeGroup(
  _ numbers: UnsafeRawPointer,
  _ group: Int,
  _ search: MinimumSearch,
  to place: UnsafeMutableRawPointer,
  position: (NumberLanes) -> NumberLanes
) {
  for part in 0..<4 {
    let positions = position(NumberLanes(numbers, at: group &* 32 &+ part &* 8))
    let codes = positions.nearestIntegers(from: 0, to: Int32(search.top))
    SIMD8<UInt8>(truncatingIfNeeded: codes).word.store(to: place, at: part &* 8)
  }
}

/// The six-bit codes of the groups' scales and minima, and what their units are.
private struct MinimumGrid {
  /// The codes of the scales.
  var scaleCodes = SIMD8<UInt8>()
  /// The codes of the minima, whose signs are left out.
  var minimumCodes = SIMD8<UInt8>()

  private let scaleBits: UInt16
  private let minimumBits: UInt16

  /// The unit of the scales.
  var scale: Float { Float16Bits.widen(scaleBits) }

  /// The unit of the minima.
  var minimum: Float { Float16Bits.widen(minimumBits) }

  init(_ found: MinimumSearch.Result, firstGroup: Int) {
    let (scales, minima) = (found.scales + firstGroup, found.minima + firstGroup)
    var largestScale: Float = 0
    var largestMinimum: Float = 0
    for group in 0..<8 {
      if scales[group] > largestScale { largestScale = scales[group] }
      if -minima[group] > largestMinimum { largestMinimum = -minima[group] }
    }
    let perScale = largestScale > 0 ? 63 / largestScale : 0
    let perMinimum = largestMinimum > 0 ? 63 / largestMinimum : 0
    for group in 0..<8 {
      scaleCodes[group] = Self.code(perScale * scales[group])
      minimumCodes[group] = Self.code(perMinimum * -minima[group])
    }
    scaleBits = Float16Bits.narrow(largestScale / 63)
    minimumBits = Float16Bits.narrow(largestMinimum / 63)
  }

  private static func code(_ value: Float) -> UInt8 {
    // A negative integer wraps around to a large one.
    min(63, UInt8(truncatingIfNeeded: nearestInteger(value)))
  }

  /// Stores the 16 bytes before the codes.
  ///
  /// - Returns: whether the units are finite.
  func store(to block: UnsafeMutableRawPointer) -> Bool {
    block.storeBytes(of: scaleBits.littleEndian, as: UInt16.self)
    block.storeBytes(of: minimumBits.littleEndian, toByteOffset: 2, as: UInt16.self)
    for group in 0..<4 {
      let (scale, minimum) = (scaleCodes[group], minimumCodes[group])
      let (laterScale, laterMinimum) = (scaleCodes[group + 4], minimumCodes[group + 4])
      // The last four groups have their lowest bits in the last four bytes and the rest above the first groups'.
      let scales = scale | (laterScale &<< 2 & 0xC0)
      let minima = minimum | (laterMinimum &<< 2 & 0xC0)
      let later = laterScale & 15 | laterMinimum &<< 4
      block.storeBytes(of: scales, toByteOffset: 4 + group, as: UInt8.self)
      block.storeBytes(of: minima, toByteOffset: 8 + group, as: UInt8.self)
      block.storeBytes(of: later, toByteOffset: 12 + group, as: UInt8.self)
    }
    return scaleBits & 0x7C00 != 0x7C00 && minimumBits & 0x7C00 != 0x7C00
  }
}
