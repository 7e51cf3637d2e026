/// Whether bytes are the linear indices of a mask's set bits: they are decoded again, one after the other.
package enum IndexProof {
  /// Compares the varints in the first `count` bytes of `bytes` with the bits of a piece of a mask.
  package static func matches(
    _ bytes: [UInt8],
    count: Int,
    _ mask: [UInt8],
    _ piece: MaskPiece,
    _ space: IndexSpace
  ) -> Bool {
    let (bytes, mask) = (bytes.span, mask.span)
    var place = 0
    for row in 0..<piece.rowCount {
      let first = (piece.firstRow + UInt64(row)) * space.columns + piece.firstColumn
      let start = row * piece.bytesPerRow
      var done = 0
      while done < piece.columnCount {
        var word = mask.maskWord(at: start &+ done / 8, bits: piece.columnCount &- done)
        while word != 0 {
          let expected = first &+ UInt64(truncatingIfNeeded: done &+ word.trailingZeroBitCount)
          word &= word &- 1
          var (number, shift): (UInt64, UInt64) = (0, 0)
          while true {
            guard place < count, shift < 64 else { return false }
            let byte = bytes[place]
            place &+= 1
            number |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { break }
            shift &+= 7
          }
          if number != expected { return false }
        }
        done &+= 64
      }
    }
    return place == count
  }
}
