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
    _ space: IndexSpace,
    kernels: IndexKernels = .scalar
  ) -> Bool {
    precondition(bytes.count >= count + slack && mask.count >= piece.byteCount)
    let (bytes, mask) = (bytes.span, mask.span)
    var place = 0
    for row in 0..<piece.rowCount {
      var bits = mask.extracting((row * piece.bytesPerRow)..<((row + 1) * piece.bytesPerRow))
      var first = (piece.firstRow + UInt64(row)) * space.columns + piece.firstColumn
      var columns = piece.columnCount
      var isSame = true
      while isSame, let run = IndexKernels.run(first, count: columns) {
        isSame = kernels.matches(bytes, &place, bits, run.count, from: first, length: run.length)
        first += UInt64(run.count)
        columns -= run.count
        bits = bits.extracting((run.count / 8)...)
      }
      isSame = isSame && matches(bytes, &place, bits, columns, from: first)
      if !isSame || place > count { return false }
    }
    return place == count
  }

  /// Compares the indices of a row, whatever their lengths are.
  private static func matches(
    _ bytes: Span<UInt8>,
    _ place: inout Int,
    _ mask: Span<UInt8>,
    _ columns: Int,
    from first: UInt64
  ) -> Bool {
    var done = 0
    while done < columns {
      var word = mask.maskWord(at: done / 8, bits: columns &- done)
      let low = first &+ UInt64(truncatingIfNeeded: done)
      while word != 0 {
        let expected = low &+ UInt64(truncatingIfNeeded: word.trailingZeroBitCount)
        word &= word &- 1
        let length = Varint.byteCount(of: expected)
        guard place &+ slack <= bytes.count,
          Varint.unpacked(bytes.word(at: place), byteCount: length) == expected
        else { return false }
        place &+= length
      }
      done &+= 64
    }
    return true
  }
}
