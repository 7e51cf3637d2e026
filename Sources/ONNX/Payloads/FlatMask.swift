/// Joins the rows of a mask, each of which starts a byte, to one run of bits without gaps: piece after piece, in
/// order.
///
/// Memory: one byte between pieces. Not needed where a tensor's mask is made of one row.
package struct FlatMask: Sendable {
  /// Bits that do not fill a byte yet.
  private var carried: UInt64 = 0
  private var carriedBits = 0

  /// The mask of a tensor, before its first piece.
  package init() {}

  /// Joins the rows of the next piece, and returns how many whole bytes of `buffer` are filled.
  package mutating func append(_ mask: [UInt8], _ piece: MaskPiece, into buffer: inout [UInt8]) -> Int {
    precondition(mask.count >= piece.byteCount)
    let most = piece.byteCount + 1
    if buffer.count < most { buffer = [UInt8](repeating: 0, count: most) }
    let mask = mask.span
    var output = buffer.mutableSpan
    var place = 0
    var row = 0
    while row < piece.rowCount {
      let start = row &* piece.bytesPerRow
      var done = 0
      while done < piece.columnCount {
        let bits = min(8, piece.columnCount &- done)
        let byte = UInt64(mask[start &+ done / 8]) & (1 &<< UInt64(bits) &- 1)
        carried |= byte &<< UInt64(truncatingIfNeeded: carriedBits)
        carriedBits &+= bits
        if carriedBits >= 8 {
          output[place] = UInt8(truncatingIfNeeded: carried)
          place &+= 1
          carried &>>= 8
          carriedBits &-= 8
        }
        done &+= 8
      }
      row &+= 1
    }
    return place
  }

  /// The last byte, if bits are left that do not fill one.
  package mutating func finish() -> UInt8? {
    defer { (carried, carriedBits) = (0, 0) }
    return carriedBits == 0 ? nil : UInt8(truncatingIfNeeded: carried)
  }
}
