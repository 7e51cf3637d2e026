internal import ModelIR

/// Groups of M elements as N values and their positions, and back.
///
/// Per group exactly min(N, length) ascending positions are stored; free slots take the lowest unused
/// positions, whose value is zero. Positions take ceil(log2 M) bits each in an LSB-first bit stream that
/// starts anew, at a byte, with every row.
enum NMCoding {
  /// A group with more stored elements than the pattern keeps.
  struct Violation: Error {
    /// The row within the chunk.
    var row: Int
    /// The group within the row of the chunk.
    var group: Int
  }

  /// The groups of a chunk with more set bits than the pattern keeps.
  ///
  /// `mask` is as ``BitmaskCoding`` writes it, readable for 8 bytes more.
  static func violations(mask: UnsafePointer<UInt8>, _ chunk: Chunk, _ pattern: NMPattern) -> Int {
    let maskStride = (chunk.columnCount + 7) / 8
    var count = 0
    var row = 0
    while row < chunk.rowCount {
      let bits = UnsafeRawPointer(mask + row &* maskStride)
      var start = 0
      while start < chunk.columnCount {
        let length = min(pattern.group, chunk.columnCount &- start)
        let group =
          bits.loadUnaligned(fromByteOffset: start &>> 3, as: UInt64.self) &>> UInt64(start & 7)
          & (UInt64(1) &<< UInt64(length) &- 1)
        count &+= group.nonzeroBitCount > min(pattern.kept, length) ? 1 : 0
        start &+= length
      }
      row &+= 1
    }
    return count
  }

  /// Encodes a chunk.
  ///
  /// Buffers: `mask` as ``BitmaskCoding`` writes it, readable for 8 bytes more; `values` and `indices` of
  /// the sizes that ``ChunkGrid/keptRange(of:pattern:)`` and ``ChunkGrid/indexRange(of:pattern:)`` give, plus
  /// 8 bytes.
  static func encode<Lane: FixedWidthInteger>(
    _ dense: UnsafePointer<UInt8>,
    mask: UnsafePointer<UInt8>,
    _ chunk: Chunk,
    _ pattern: NMPattern,
    values: UnsafeMutablePointer<UInt8>,
    indices: UnsafeMutablePointer<UInt8>,
    as _: Lane.Type
  ) throws(Violation) {
    let size = MemoryLayout<Lane>.size
    let maskStride = (chunk.columnCount + 7) / 8
    let indexStride = Int(pattern.indexBytesPerRow(columns: UInt64(chunk.columnCount)))
    let bitsPerIndex = UInt64(pattern.indexBits)
    var target = UnsafeMutableRawPointer(values)
    var row = 0
    while row < chunk.rowCount {
      let bits = UnsafeRawPointer(mask + row &* maskStride)
      var source = UnsafeRawPointer(dense + row &* chunk.columnCount &* size)
      var output = indices + row &* indexStride
      var pending: UInt64 = 0
      var pendingBits: UInt64 = 0
      var start = 0
      while start < chunk.columnCount {
        let length = min(pattern.group, chunk.columnCount &- start)
        let whole = UInt64(1) &<< UInt64(length) &- 1
        var kept =
          bits.loadUnaligned(fromByteOffset: start &>> 3, as: UInt64.self) &>> UInt64(start & 7) & whole
        let count = kept.nonzeroBitCount
        let slots = min(pattern.kept, length)
        if count > slots { throw Violation(row: row, group: start / pattern.group) }
        var free = ~kept & whole
        var missing = slots &- count
        while missing > 0 {
          kept |= free & (0 &- free)
          free &= free &- 1
          missing &-= 1
        }
        while kept != 0 {
          let position = UInt64(kept.trailingZeroBitCount)
          kept &= kept &- 1
          target.storeBytes(
            of: source.loadUnaligned(fromByteOffset: Int(position) &* size, as: Lane.self),
            as: Lane.self
          )
          target += size
          pending |= position &<< pendingBits
          pendingBits &+= bitsPerIndex
          if pendingBits >= 32 {
            UnsafeMutableRawPointer(output).storeBytes(
              of: UInt32(truncatingIfNeeded: pending),
              as: UInt32.self
            )
            output += 4
            pending &>>= 32
            pendingBits &-= 32
          }
        }
        source += length &* size
        start &+= length
      }
      while pendingBits > 0 {
        output.pointee = UInt8(truncatingIfNeeded: pending)
        output += 1
        pending &>>= 8
        pendingBits = pendingBits > 8 ? pendingBits &- 8 : 0
      }
      row &+= 1
    }
  }

  /// How a group breaks the rules.
  enum Problem: Error {
    case notAscending(row: Int, group: Int)
    case outOfRange(row: Int, group: Int, position: UInt64)
    case spareBits(row: Int)
  }

  /// Checks a chunk's positions, and scatters its values into zeroed elements where `values` and `dense` are
  /// given.
  static func decode<Lane: FixedWidthInteger>(
    indices: UnsafePointer<UInt8>,
    values: UnsafePointer<UInt8>?,
    _ chunk: Chunk,
    _ pattern: NMPattern,
    to dense: UnsafeMutablePointer<UInt8>?,
    as _: Lane.Type
  ) throws(Problem) {
    let size = MemoryLayout<Lane>.size
    let indexStride = Int(pattern.indexBytesPerRow(columns: UInt64(chunk.columnCount)))
    let bitsPerIndex = UInt64(pattern.indexBits)
    let indexMask = UInt64(1) &<< bitsPerIndex &- 1
    var source = values.map { UnsafeRawPointer($0) }
    var row = 0
    while row < chunk.rowCount {
      let stream = UnsafeRawPointer(indices + row &* indexStride)
      let target = dense.map { UnsafeMutableRawPointer($0 + row &* chunk.columnCount &* size) }
      var bit: UInt64 = 0
      var start = 0
      while start < chunk.columnCount {
        let length = min(pattern.group, chunk.columnCount &- start)
        var least: UInt64 = 0
        var slot = min(pattern.kept, length)
        while slot > 0 {
          let position =
            stream.loadUnaligned(fromByteOffset: Int(bit &>> 3), as: UInt64.self) &>> (bit & 7) & indexMask
          if position >= UInt64(length) {
            throw .outOfRange(row: row, group: start / pattern.group, position: position)
          }
          if position < least { throw .notAscending(row: row, group: start / pattern.group) }
          least = position &+ 1
          if let from = source, let target {
            target.storeBytes(
              of: from.loadUnaligned(as: Lane.self),
              toByteOffset: (start &+ Int(position)) &* size,
              as: Lane.self
            )
            source = from + size
          }
          bit &+= bitsPerIndex
          slot &-= 1
        }
        start &+= length
      }
      if bit & 7 != 0, indices[row &* indexStride &+ Int(bit &>> 3)] >> UInt8(bit & 7) != 0 {
        throw .spareBits(row: row)
      }
      row &+= 1
    }
  }
}
