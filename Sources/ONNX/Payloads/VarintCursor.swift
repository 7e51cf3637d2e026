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
        let known = Self.decodeAlike(
          bytes,
          place..<stop,
          most: Int(clamping: target &- entry),
          rule,
          &output,
          at: index,
          as: Element.self
        )
        if known.count > 0 {
          index &+= known.count &* width
          place &+= known.count &* known.length
          entry &+= UInt64(truncatingIfNeeded: known.count)
          continue
        }
        // Mostly eight bytes hold an entry; what they do not hold is read byte by byte.
        if place &+ 8 <= stop, let (value, count) = Varint.unpacked(bytes.word(at: place)) {
          if !rule.allows(value) { return .outOfRange(value, expected: rule.expected) }
          output.store(Element(truncatingIfNeeded: value), at: index)
          index &+= width
          place &+= count
          entry &+= 1
          continue
        }
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

  /// Decodes entries as long as they take as many bytes as the first one, and that is at most eight: then no entry has
  /// to wait for the one before it.
  /// - Returns: how many were decoded, and the bytes of each.
  @inline(__always)
  private static func decodeAlike<Element: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: Span<UInt8>,
    _ range: Range<Int>,
    most: Int,
    _ rule: EntryRule,
    _ output: inout MutableSpan<UInt8>,
    at start: Int,
    as _: Element.Type
  ) -> (count: Int, length: Int) {
    guard range.count >= 8 else { return (0, 0) }
    let ends = ~bytes.word(at: range.lowerBound) & 0x8080_8080_8080_8080
    guard ends != 0 else { return (0, 0) }
    let length = ends.trailingZeroBitCount / 8 &+ 1
    let most = min(most, (range.count &- 8) / length &+ 1)
    let width = MemoryLayout<Element>.size
    precondition(range.upperBound <= bytes.count && start + most * width <= output.count)
    let isOwn: UInt64 = .max &>> UInt64(truncatingIfNeeded: (8 &- length) &* 8)
    let isTop: UInt64 = 0x8080_8080_8080_8080 & isOwn
    // All top bits but that of the last byte.
    let more: UInt64 = isTop &>> 8
    let allowsAll = rule == .int64
    let count = unsafe bytes.withUnsafeBytes { bytes in
      unsafe output.withUnsafeMutableBytes { output in
        guard let input = bytes.baseAddress, let target = output.baseAddress else { return 0 }
        var (place, index) = (range.lowerBound, start)
        var count = 0
        while count < most {
          let word = unsafe UInt64(littleEndian: (input + place).loadUnaligned(as: UInt64.self))
          if word & isTop != more { break }
          var value = word & isOwn & 0x7F7F_7F7F_7F7F_7F7F
          value = value & 0x007F_007F_007F_007F | (value & 0x7F00_7F00_7F00_7F00) &>> 1
          value = value & 0x0000_3FFF_0000_3FFF | (value & 0x3FFF_0000_3FFF_0000) &>> 2
          value = value & 0x0000_0000_0FFF_FFFF | (value & 0x0FFF_FFFF_0000_0000) &>> 4
          if !allowsAll && !rule.allows(value) { break }
          unsafe (target + index).storeBytes(
            of: Element(truncatingIfNeeded: value).littleEndian,
            as: Element.self
          )
          index &+= width
          place &+= length
          count &+= 1
        }
        return count
      }
    }
    return (count, length)
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
