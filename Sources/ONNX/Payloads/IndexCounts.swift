/// How many nonzeros a tensor has, or a piece of it, and what their indices take: found in its mask, and added up.
package struct IndexCounts: Sendable, Hashable {
  /// The nonzeros.
  package private(set) var nnz: UInt64 = 0
  /// The bytes of linear indices as varints.
  package private(set) var linearBytes: UInt64 = 0
  /// The bytes of coordinates as varints; nil where they are not told.
  package private(set) var coordinateBytes: UInt64? = 0

  /// No nonzeros.
  package init() {}

  /// Those of a piece of a mask.
  package init(_ mask: [UInt8], _ piece: MaskPiece, _ space: IndexSpace) {
    precondition(mask.count >= piece.byteCount)
    let mask = mask.span
    var coordinates: UInt64 = 0
    var row = 0
    while row < piece.rowCount {
      let number = piece.firstRow + UInt64(row)
      let first = number * space.columns + piece.firstColumn
      let start = row * piece.bytesPerRow
      let linear = Self.sum(mask, start, piece.columnCount, from: first)
      nnz += linear.count
      linearBytes += linear.bytes
      if let outer = space.coordinates(ofRow: number) {
        let lead = outer.reduce(0) { $0 + Varint.byteCount(of: $1) }
        coordinates += linear.count * UInt64(lead)
        coordinates += Self.sum(mask, start, piece.columnCount, from: piece.firstColumn).bytes
      }
      row += 1
    }
    coordinateBytes = space.outer == nil ? nil : coordinates
  }

  /// Those of a piece with so many nonzeros, apart from coordinates; nil where it depends on their places how many bytes
  /// linear indices take.
  package init?(nnz: UInt64, _ piece: MaskPiece, _ space: IndexSpace) {
    guard piece.rowCount > 0, piece.columnCount > 0 else { return nil }
    let first = piece.firstRow * space.columns + piece.firstColumn
    let last = UInt64(piece.rowCount - 1) * space.columns + UInt64(piece.columnCount - 1)
    guard let length = Varint.commonByteCount(first, count: Int(last + 1)) else { return nil }
    self.nnz = nnz
    linearBytes = nnz * UInt64(length)
    coordinateBytes = nil
  }

  /// The counts of two pieces.
  package static func + (left: IndexCounts, right: IndexCounts) -> IndexCounts {
    var sum = left
    sum += right
    return sum
  }

  /// Adds those of another piece.
  package static func += (left: inout IndexCounts, right: IndexCounts) {
    left.nnz += right.nnz
    left.linearBytes += right.linearBytes
    if let bytes = left.coordinateBytes, let more = right.coordinateBytes {
      left.coordinateBytes = bytes + more
    } else {
      left.coordinateBytes = nil
    }
  }

  /// The bytes of the indices in a form; nil where they are not told, or exceed 64 bits.
  package func byteCount(of form: IndexForm) -> UInt64? {
    switch form {
    case .linearVarints: return linearBytes
    case .linearRaw:
      let (bytes, overflow) = nnz.multipliedReportingOverflow(by: 8)
      return overflow ? nil : bytes
    case .coordinateVarints: return coordinateBytes
    }
  }

  /// The set bits of a row of a mask, and the bytes of their numbers as varints, where the first bit's is `first`.
  private static func sum(
    _ mask: Span<UInt8>,
    _ start: Int,
    _ count: Int,
    from first: UInt64
  ) -> (count: UInt64, bytes: UInt64) {
    var (total, bytes): (UInt64, UInt64) = (0, 0)
    var done = 0
    if let length = Varint.commonByteCount(first, count: count) {
      while done < count {
        let word = mask.maskWord(at: start &+ done / 8, bits: count &- done)
        total &+= UInt64(truncatingIfNeeded: word.nonzeroBitCount)
        done &+= 64
      }
      return (total, total &* UInt64(truncatingIfNeeded: length))
    }
    while done < count {
      var word = mask.maskWord(at: start &+ done / 8, bits: count &- done)
      let low = first &+ UInt64(truncatingIfNeeded: done)
      let ones = UInt64(truncatingIfNeeded: word.nonzeroBitCount)
      total &+= ones
      let length = Varint.byteCount(of: low)
      if length == Varint.byteCount(of: low &+ 63) {
        bytes &+= ones &* UInt64(truncatingIfNeeded: length)
      } else {
        while word != 0 {
          let position = low &+ UInt64(truncatingIfNeeded: word.trailingZeroBitCount)
          bytes &+= UInt64(truncatingIfNeeded: Varint.byteCount(of: position))
          word &= word &- 1
        }
      }
      done &+= 64
    }
    return (total, bytes)
  }
}

extension Span where Element == UInt8 {
  /// Up to 64 bits of a mask from a byte on; those from `bits` on are 0, whatever the mask holds there.
  @inline(__always)
  func maskWord(at index: Int, bits: Int) -> UInt64 {
    if bits >= 64 { return word(at: index) }
    var word: UInt64 = 0
    var byte = 0
    while byte &* 8 < bits {
      word |= UInt64(self[index &+ byte]) &<< UInt64(truncatingIfNeeded: byte &* 8)
      byte &+= 1
    }
    return word & (1 &<< UInt64(truncatingIfNeeded: bits) &- 1)
  }
}
