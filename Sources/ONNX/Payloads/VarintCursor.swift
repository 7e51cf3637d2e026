internal import ModelIR

/// A place among varint entries that lie in several runs of a file.
struct VarintCursor {
  private let runs: [Range<UInt64>]
  private let place: PayloadPlace
  private var window: FileWindow
  private var run: Int
  private var offset: UInt64
  /// The entry that comes next.
  private var entry: UInt64
  /// About how many bytes will be asked for.
  var wanted: UInt64 = .max

  /// A cursor at a known entry.
  init(_ runs: [Range<UInt64>], from mark: VarintIndex.Mark, entry: UInt64, _ place: PayloadPlace) {
    self.runs = runs
    self.place = place
    self.entry = entry
    run = mark.run
    offset = mark.offset
    window = FileWindow(over: place.source, upTo: runs.last?.upperBound ?? 0)
  }

  /// What a pass over the bytes in the window came to.
  private enum End {
    /// As many entries as were asked for.
    case done
    /// The last of the bytes, or an entry that goes on behind them.
    case bytesUsed
    /// A varint that is none.
    case overlong
    /// A number that is no element.
    case outOfRange(UInt64, expected: String)
  }

  /// Goes on to `target` without decoding.
  mutating func skip(to target: UInt64) throws {
    try advance(to: target) { bytes, place, stop, entry in
      while entry < target && place < stop {
        // An entry that goes on behind the window is passed again with more of it.
        var end = place
        while end < stop && bytes[end] >= 0x80 { end &+= 1 }
        if end == stop { return .bytesUsed }
        place = end &+ 1
        entry &+= 1
      }
      return entry == target ? .done : .bytesUsed
    }
  }

  /// Decodes the entries before `target` to `buffer` from its byte `start` on.
  mutating func decode<Element: FixedWidthInteger & BitwiseCopyable>(
    to target: UInt64,
    _ rule: EntryRule,
    into buffer: inout [UInt8],
    at start: Int,
    as _: Element.Type
  ) throws {
    let width = MemoryLayout<Element>.size
    let first = entry
    try advance(to: target) { bytes, place, stop, entry in
      var output = buffer.mutableSpan
      var index = start &+ Int(entry &- first) &* width
      while entry < target && place < stop {
        var byte = bytes[place]
        var end = place &+ 1
        var value = UInt64(byte & 0x7F)
        var shift: UInt64 = 7
        while byte >= 0x80 {
          if end == stop { return .bytesUsed }
          byte = bytes[end]
          end &+= 1
          if shift == 63 && byte > 1 { return .overlong }
          value |= UInt64(byte & 0x7F) &<< shift
          shift &+= 7
        }
        if !rule.allows(value) { return .outOfRange(value, expected: rule.expected) }
        output.store(Element(truncatingIfNeeded: value), at: index)
        index &+= width
        place = end
        entry &+= 1
      }
      return entry == target ? .done : .bytesUsed
    }
  }

  /// Calls `pass` with the window's bytes of one run after the other, until it is done.
  private mutating func advance(
    to target: UInt64,
    _ pass: (Span<UInt8>, inout Int, Int, inout UInt64) -> End
  ) throws {
    while entry < target {
      guard run < runs.count else {
        throw place.fault(.wrongEntryCount(found: entry, expected: target))
      }
      let end = runs[run].upperBound
      if offset >= end {
        run += 1
        if run < runs.count { offset = runs[run].lowerBound }
        continue
      }
      if !window.holds(offset) { try window.move(to: offset, before: end, wanting: wanted) }
      var position = Int(offset - window.start)
      let stop = Int(min(UInt64(window.count), end - window.start))
      var next = entry
      let result = pass(window.bytes.span, &position, stop, &next)
      entry = next
      offset = window.start + UInt64(position)
      switch result {
      case .done: return
      case .bytesUsed:
        if position == stop { continue }
        if window.start + UInt64(stop) == end {
          throw place.fault(.truncatedVarint(entry: entry), at: offset)
        }
        if position == 0 {
          // No entry of 10 bytes fills a window.
          throw place.fault(.overlongVarint(entry: entry), at: offset)
        }
        try window.move(to: offset, before: end, wanting: wanted)
      case .overlong: throw place.fault(.overlongVarint(entry: entry), at: offset)
      case .outOfRange(let value, let expected):
        throw place.fault(.entryOutOfRange(entry: entry, value: value, expected: expected), at: offset)
      }
    }
  }
}
