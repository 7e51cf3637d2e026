/// Whether bytes are the linear indices of a mask's set bits: they are decoded again, one after the other.
package enum IndexProof {
  /// How many bytes behind the last index have to be readable.
  package static let slack = 8

  /// Compares the varints in the first `count` bytes of `bytes` with the bits of a piece of a mask.
  ///
  /// Varints that are longer than they have to be are none of ours, and do not match.
  /// - Parameter bytes: ends in ``slack`` bytes, of any content, as ``IndexEncoder`` leaves them.
  package static func matches(
    _ bytes: [UInt8],
    count: Int,
    _ mask: [UInt8],
    _ piece: MaskPiece,
    _ space: IndexSpace
  ) -> Bool {
    precondition(bytes.count >= count + slack && mask.count >= piece.byteCount)
    let (bytes, mask) = (bytes.span, mask.span)
    var place = 0
    for row in 0..<piece.rowCount {
      let first = (piece.firstRow + UInt64(row)) * space.columns + piece.firstColumn
      let start = row * piece.bytesPerRow
      var done = 0
      while done < piece.columnCount {
        var word = mask.maskWord(at: start &+ done / 8, bits: piece.columnCount &- done)
        let low = first &+ UInt64(truncatingIfNeeded: done)
        // Mostly all numbers of a word have one length.
        let length = Varint.byteCount(of: low)
        let isSame = length == Varint.byteCount(of: low &+ 63)
        while word != 0 {
          let expected = low &+ UInt64(truncatingIfNeeded: word.trailingZeroBitCount)
          word &= word &- 1
          let own = isSame ? length : Varint.byteCount(of: expected)
          guard place < count, Varint.unpacked(bytes.word(at: place), byteCount: own) == expected else {
            return false
          }
          place &+= own
        }
        done &+= 64
      }
    }
    return place == count
  }
}
