/// Writes the indices of a tensor's nonzeros, piece by piece, from its mask.
///
/// Pieces can be encoded in any order and by several threads: the ``IndexCounts`` of those before tell where each
/// one's bytes belong.
package struct IndexEncoder: Sendable {
  /// How they are written.
  package let form: IndexForm
  private let space: IndexSpace
  private let kernels: IndexKernels

  /// An encoder to a form; nil where that cannot be told in `space`.
  package init?(_ form: IndexForm, _ space: IndexSpace, kernels: IndexKernels = .scalar) {
    if form == .coordinateVarints && space.outer == nil { return nil }
    self.kernels = kernels
    self.form = form
    self.space = space
  }

  /// Behind what is written up to so many bytes are overwritten.
  private static let slack = IndexKernels.slack

  /// Encodes a piece to `buffer` from its first byte on, and returns how many bytes that takes.
  ///
  /// The buffer grows to what is needed.
  package func encode(_ mask: [UInt8], _ piece: MaskPiece, into buffer: inout [UInt8]) -> Int {
    let counts = IndexCounts(mask, piece, space)
    guard let needed = counts.byteCount(of: form).map(Int.init) else { return 0 }
    if buffer.count < needed + Self.slack {
      buffer = [UInt8](repeating: 0, count: needed + Self.slack)
    }
    var place = 0
    var output = buffer.mutableSpan
    for row in 0..<piece.rowCount {
      let number = piece.firstRow + UInt64(row)
      var bits = mask.span.extracting((row * piece.bytesPerRow)..<((row + 1) * piece.bytesPerRow))
      var first = number * space.columns + piece.firstColumn
      var count = piece.columnCount
      while form == .linearVarints, let run = IndexKernels.run(first, count: count) {
        kernels.encode(bits, run.count, from: first, length: run.length, &output, &place)
        first += UInt64(run.count)
        count -= run.count
        bits = bits.extracting((run.count / 8)...)
      }
      if count == 0 { continue }
      // Unsafe for other elements, of which not all bits may mean something; the bounds are checked.
      var bytes = unsafe output.mutableBytes
      switch form {
      case .linearVarints: Self.putVarints(bits, count, from: first, after: [], &bytes, &place)
      case .linearRaw: Self.putRaw(bits, count, from: first, &bytes, &place)
      case .coordinateVarints:
        let lead = space.coordinates(ofRow: number)?.flatMap(Varint.bytes(of:)) ?? []
        Self.putVarints(bits, count, from: piece.firstColumn, after: lead, &bytes, &place)
      }
    }
    assert(place == needed)
    return place
  }

  /// The numbers of a row's set bits, the first bit's being `first`, each behind the bytes of `lead`.
  private static func putVarints(
    _ mask: Span<UInt8>,
    _ count: Int,
    from first: UInt64,
    after lead: [UInt8],
    _ output: inout MutableRawSpan,
    _ place: inout Int
  ) {
    let lead = lead.span
    var at = place
    var done = 0
    while done < count {
      var word = mask.maskWord(at: done / 8, bits: count &- done)
      let low = first &+ UInt64(truncatingIfNeeded: done)
      // Mostly all numbers of a word have one length: then they differ in their lowest seven bits alone, up to the
      // one where those are full.
      let length = Varint.byteCount(of: low)
      let isSame = length == Varint.byteCount(of: low &+ 63)
      let full = 128 &- Int(truncatingIfNeeded: low & 127)
      let base = Varint.packed(low, length)
      let next = Varint.packed(low &+ UInt64(truncatingIfNeeded: full), length)
      while word != 0 {
        var byte = 0
        while byte < lead.count {
          output.storeBytes(of: lead[byte], toByteOffset: at, as: UInt8.self)
          byte &+= 1
          at &+= 1
        }
        let bit = word.trailingZeroBitCount
        word &= word &- 1
        var own = length
        var packed =
          bit < full
          ? base &+ UInt64(truncatingIfNeeded: bit) : next &+ UInt64(truncatingIfNeeded: bit &- full)
        if !isSame {
          let position = low &+ UInt64(truncatingIfNeeded: bit)
          own = Varint.byteCount(of: position)
          packed = Varint.packed(position, own)
        }
        output.storeBytes(of: packed.littleEndian, toByteOffset: at, as: UInt64.self)
        at &+= own
      }
      done &+= 64
    }
    place = at
  }

  /// The numbers of a row's set bits, 8 bytes each.
  private static func putRaw(
    _ mask: Span<UInt8>,
    _ count: Int,
    from first: UInt64,
    _ output: inout MutableRawSpan,
    _ place: inout Int
  ) {
    var at = place
    var done = 0
    while done < count {
      var word = mask.maskWord(at: done / 8, bits: count &- done)
      while word != 0 {
        let position = first &+ UInt64(truncatingIfNeeded: done &+ word.trailingZeroBitCount)
        output.storeBytes(of: position.littleEndian, toByteOffset: at, as: UInt64.self)
        at &+= 8
        word &= word &- 1
      }
      done &+= 64
    }
    place = at
  }
}
