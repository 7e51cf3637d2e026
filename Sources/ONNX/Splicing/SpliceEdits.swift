/// Runs of a file that are replaced, put in or taken out, in any order.
struct SpliceEdits {
  /// A run that is replaced; an empty one is a place where something is put in.
  private struct Edit {
    var range: Range<UInt64>
    /// The frame that encloses it: -1 for the file itself.
    var parent: Int32
    var pieces: [SplicePlan.Piece]
    var byteCount: UInt64
  }

  private var edits: [Edit] = []

  /// Replaces a run of what a frame encloses.
  /// - Parameters:
  ///   - parent: the frame; -1 for the file itself.
  ///   - message: the fields that come in its place.
  ///   - change: the number of the change, for payloads.
  mutating func replace(
    _ range: Range<UInt64>,
    in parent: Int32,
    with message: WireMessage = WireMessage(),
    change: Int = 0
  ) {
    let pieces = message.pieces.map { piece -> SplicePlan.Piece in
      switch piece {
      case .bytes(let bytes): .bytes(bytes)
      case .payload(let payload, let byteCount): .payload(change: change, payload, byteCount: byteCount)
      }
    }
    edits.append(Edit(range: range, parent: parent, pieces: pieces, byteCount: message.byteCount))
  }

  /// The bytes of the new file.
  /// - Throws: what `fault` makes of ``SpliceFault/Rule/overlap`` and ``SpliceFault/Rule/tooLarge(_:)``.
  func pieces(
    _ structure: ONNXStructure,
    fileByteCount: UInt64,
    _ fault: (SpliceFault.Rule) -> SpliceFault
  ) throws(SpliceFault) -> (pieces: [SplicePlan.Piece], byteCount: UInt64) {
    if edits.isEmpty { return (fileByteCount == 0 ? [] : [.copied(0..<fileByteCount)], fileByteCount) }
    guard let (lengths, growth) = lengths(structure) else { throw fault(.tooLarge(nil)) }
    let (size, overflow) = Int64(clamping: fileByteCount).addingReportingOverflow(growth)
    let byteCount = UInt64(max(0, size))
    // What is largest is the file itself; if that is in bounds, so is every message in it.
    if overflow || byteCount > WireMessage.largest { throw fault(.tooLarge(overflow ? nil : byteCount)) }

    let all = edits + lengths
    var run = PieceRun()
    for index in order(all, structure, fileByteCount: fileByteCount) {
      let edit = all[index]
      guard run.copy(upTo: edit.range.lowerBound) else { throw fault(.overlap) }
      for piece in edit.pieces { run.append(piece) }
      run.skip(to: edit.range.upperBound)
    }
    guard run.copy(upTo: fileByteCount) else { throw fault(.overlap) }
    return (run.finished(), byteCount)
  }

  /// The lengths that change, and by how much the file grows; nil where that exceeds 64 bits.
  private func lengths(_ structure: ONNXStructure) -> (edits: [Edit], growth: Int64)? {
    var growth: [Int32: Int64] = [:]
    var touched: Set<Int32> = []
    for edit in edits {
      let old = Int64(edit.range.upperBound - edit.range.lowerBound)
      guard let new = Int64(exactly: edit.byteCount) else { return nil }
      let (sum, overflow) = growth[edit.parent, default: 0].addingReportingOverflow(new - old)
      if overflow { return nil }
      growth[edit.parent] = sum
      var next = edit.parent
      while next >= 0, touched.insert(next).inserted { next = structure.frames[Int(next)].parent }
    }
    var lengths: [Edit] = []
    // What encloses others comes before them, so that this is from the inside out.
    for index in touched.sorted(by: >) {
      guard let grown = growth[index], grown != 0 else { continue }
      let frame = structure.frames[Int(index)]
      let (length, overflow) = Int64(frame.content.upperBound - frame.content.lowerBound)
        .addingReportingOverflow(grown)
      if overflow || length < 0 { return nil }
      let bytes = Varint.bytes(of: UInt64(length))
      lengths.append(
        Edit(range: frame.length, parent: index, pieces: [.bytes(bytes)], byteCount: UInt64(bytes.count))
      )
      let own = Int64(bytes.count) - Int64(frame.length.upperBound - frame.length.lowerBound)
      let (more, overflow2) = grown.addingReportingOverflow(own)
      let (sum, overflow3) = growth[frame.parent, default: 0].addingReportingOverflow(more)
      if overflow2 || overflow3 { return nil }
      growth[frame.parent] = sum
    }
    return (lengths, growth[-1] ?? 0)
  }

  /// The order in which edits come in the file.
  ///
  /// At one place, what is put in comes before what is replaced; and what is put in at the end of a message before
  /// what is put in behind that message.
  private func order(_ edits: [Edit], _ structure: ONNXStructure, fileByteCount: UInt64) -> [Int] {
    func end(_ edit: Edit) -> UInt64 {
      edit.parent < 0 ? fileByteCount : structure.frames[Int(edit.parent)].end
    }
    return edits.indices.sorted { left, right in
      let (one, other) = (edits[left], edits[right])
      if one.range.lowerBound != other.range.lowerBound {
        return one.range.lowerBound < other.range.lowerBound
      }
      if one.range.isEmpty != other.range.isEmpty { return one.range.isEmpty }
      if end(one) != end(other) { return end(one) < end(other) }
      if one.parent != other.parent { return one.parent > other.parent }
      return left < right
    }
  }
}

/// Pieces in the making: neighbours that can be one are one.
private struct PieceRun {
  private var pieces: [SplicePlan.Piece] = []
  private var bytes: [UInt8] = []
  private var copied: Range<UInt64> = 0..<0
  private var position: UInt64 = 0

  /// Copies the old file from where it stands to a place; false if that is behind it already.
  mutating func copy(upTo place: UInt64) -> Bool {
    guard place >= position else { return false }
    if place == position { return true }
    if !copied.isEmpty, copied.upperBound == position, bytes.isEmpty {
      copied = copied.lowerBound..<place
    } else {
      flush()
      copied = position..<place
    }
    position = place
    return true
  }

  /// Leaves out the old file up to a place.
  mutating func skip(to place: UInt64) { position = place }

  mutating func append(_ piece: SplicePlan.Piece) {
    switch piece {
    case .bytes(let more):
      flushCopied()
      bytes += more
    case .copied, .payload:
      flush()
      pieces.append(piece)
    }
  }

  mutating func finished() -> [SplicePlan.Piece] {
    flush()
    return pieces
  }

  private mutating func flushCopied() {
    if !copied.isEmpty { pieces.append(.copied(copied)) }
    copied = 0..<0
  }

  private mutating func flush() {
    // One of them is empty: what is put in ends what is copied, and the other way round.
    flushCopied()
    if !bytes.isEmpty { pieces.append(.bytes(bytes)) }
    bytes = []
  }
}
