/// What becomes of masks that are to have exactly two bits set of every four.
public struct PairTable: Sendable {
  /// For each byte of a mask: in the lowest 32 bits the places of the four elements that are taken, a byte each,
  /// and above them the byte that takes its place.
  let entries: [UInt64]

  /// - Parameter filled: for each value of four bits the four that take its place, two of them set.
  public init(filled: [UInt8]) {
    precondition(filled.count == 16 && filled.allSatisfy { $0 < 16 && $0.nonzeroBitCount == 2 })
    entries = (0..<256).map { byte in
      let bits = filled[byte & 15] | filled[byte >> 4] << 4
      let places = (0..<8).filter { bits >> UInt8($0) & 1 == 1 }
      return zip(0..., places).reduce(UInt64(bits) << 32) { $0 | UInt64($1.1) << UInt64($1.0 * 8) }
    }
  }
}

/// How many bits of every four a mask has set.
package struct PairCount: Sendable, Hashable {
  /// Fours with more than two.
  package var violations = 0
  /// Whether all have two.
  package var areExact = true

  /// Counts the fours of some bytes.
  mutating func add(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int) {
    var index = 0
    while index &+ 8 <= byteCount {
      add(UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt64.self))
      index &+= 8
    }
    var rest: UInt64 = Self.allPairs
    while index < byteCount {
      rest = rest &<< 8 | UInt64(bytes[index])
      index &+= 1
    }
    add(rest)
  }

  /// Counts 16 fours.
  @inline(__always)
  mutating func add(_ word: UInt64) {
    let inTwos = word &- ((word &>> 1) & 0x5555_5555_5555_5555)
    let inFours = (inTwos & 0x3333_3333_3333_3333) &+ ((inTwos &>> 2) & 0x3333_3333_3333_3333)
    if inFours == 0x2222_2222_2222_2222 { return }
    areExact = false
    // 3 and 5 are 8, and the most that there can be, 4 and 5, still fits in four bits.
    let over = (inFours &+ 0x5555_5555_5555_5555) & 0x8888_8888_8888_8888
    violations &+= over.nonzeroBitCount
  }

  /// 16 fours with two bits each.
  private static let allPairs: UInt64 = 0x3333_3333_3333_3333
}

/// Bitmasks with two bits set of every four.
extension ChunkCoder {
  /// How many bits are set of every four of a chunk that was encoded as bitmask, whose rows are a multiple of 4
  /// long.
  package func countPairs(_ encoded: EncodedChunk, _ chunk: Chunk) -> PairCount {
    let bytesPerRow = (chunk.columnCount + 7) / 8
    precondition(chunk.columnCount % 4 == 0 && encoded.structure.count >= chunk.rowCount * bytesPerRow)
    return encoded.structure.withUnsafeBufferPointer { mask in
      var count = PairCount()
      guard let mask = mask.baseAddress else { return count }
      if chunk.columnCount % 8 == 0 {
        count.add(mask, chunk.rowCount &* bytesPerRow)
        return count
      }
      var row = 0
      while row < chunk.rowCount {
        let bytes = mask + row &* bytesPerRow
        count.add(bytes, bytesPerRow &- 1)
        // The four behind the row's last column are empty, and count as a pair.
        count.add(0x3333_3333_3333_3330 | UInt64(bytes[bytesPerRow &- 1] & 15))
        row &+= 1
      }
      return count
    }
  }

  /// Sets the bits that `table` has for every four of a chunk's mask, and takes the elements that they stand for
  /// as its values.
  ///
  /// `encoded` holds the mask of `dense`, whose rows are a multiple of 4 long.
  package func collectPairs(
    _ dense: [UInt8],
    _ chunk: Chunk,
    _ table: PairTable,
    into encoded: inout EncodedChunk
  ) {
    let valueBytes = chunk.elementCount / 2 * lanes.rawValue
    precondition(chunk.columnCount % 4 == 0 && dense.count >= chunk.elementCount * lanes.rawValue)
    precondition(encoded.structure.count >= chunk.rowCount * ((chunk.columnCount + 7) / 8))
    EncodedChunk.grow(&encoded.values, to: valueBytes)
    encoded.valueByteCount = valueBytes
    dense.withUnsafeBytes { dense in
      table.entries.withUnsafeBufferPointer { entries in
        encoded.structure.withUnsafeMutableBufferPointer { mask in
          encoded.values.withUnsafeMutableBytes { values in
            guard let dense = dense.baseAddress, let entries = entries.baseAddress,
              let mask = mask.baseAddress,
              let values = values.baseAddress
            else { return }
            let pairs = PairCollection(
              dense: dense,
              chunk: chunk,
              entries: entries,
              mask: mask,
              values: values
            )
            switch lanes {
            case .bits8: pairs.run(UInt8.self)
            case .bits16: pairs.run(UInt16.self)
            case .bits32: pairs.run(UInt32.self)
            case .bits64: pairs.run(UInt64.self)
            }
          }
        }
      }
    }
  }
}

/// The buffers of ``ChunkCoder/collectPairs(_:_:_:into:)``.
private struct PairCollection {
  let dense: UnsafeRawPointer
  let chunk: Chunk
  let entries: UnsafePointer<UInt64>
  let mask: UnsafeMutablePointer<UInt8>
  let values: UnsafeMutableRawPointer

  /// Collects elements of this width.
  func run<Lane: FixedWidthInteger>(_ lane: Lane.Type) {
    let size = MemoryLayout<Lane>.size
    var (source, mask, target) = (dense, mask, values)
    /// Takes the element at a place of the current eight.
    @inline(__always)
    func take(_ place: UInt64, to slot: Int) {
      let element = source.loadUnaligned(fromByteOffset: Int(place & 7) &* size, as: Lane.self)
      target.storeBytes(of: element, toByteOffset: slot &* size, as: Lane.self)
    }
    var row = 0
    while row < chunk.rowCount {
      var left = chunk.columnCount
      while left >= 8 {
        let entry = entries[Int(mask.pointee)]
        mask.pointee = UInt8(truncatingIfNeeded: entry &>> 32)
        take(entry, to: 0)
        take(entry &>> 8, to: 1)
        take(entry &>> 16, to: 2)
        take(entry &>> 24, to: 3)
        mask += 1
        source += 8 &* size
        target += 4 &* size
        left &-= 8
      }
      if left > 0 {
        let entry = entries[Int(mask.pointee & 15)]
        mask.pointee = UInt8(truncatingIfNeeded: entry &>> 32) & 15
        take(entry, to: 0)
        take(entry &>> 8, to: 1)
        mask += 1
        source += 4 &* size
        target += 2 &* size
      }
      row &+= 1
    }
  }
}
