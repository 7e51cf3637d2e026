internal import ModelIR

/// Where every so many varint entries start, so that any entry can be found without reading all before it.
///
/// Memory: 16 bytes for each of at most ``mostMarks`` marks, so 1 MiB.
struct VarintIndex: Sendable {
  /// Where an entry starts.
  struct Mark: Sendable, Hashable {
    /// The run that holds it.
    var run: Int
    /// Its first byte in the file.
    var offset: UInt64
  }

  /// The most marks that are kept.
  static let mostMarks: UInt64 = 1 << 16
  /// The fewest entries from one mark to the next.
  static let leastStride: UInt64 = 1 << 12

  /// How many entries lie from one mark to the next.
  let stride: UInt64
  /// Where the entries `0`, `stride`, `2 * stride` and so on start.
  private(set) var marks: [Mark] = []

  /// The stride for a number of entries.
  static func stride(for count: UInt64) -> UInt64 { max(leastStride, count.dividedUp(by: mostMarks)) }

  /// The marks of `count` entries in `runs`, found by one pass over them.
  /// - Throws: ``PayloadFault`` if there are not so many, or a run ends within one.
  init(_ runs: [Range<UInt64>], count: UInt64, _ place: PayloadPlace) throws {
    stride = Self.stride(for: count)
    let end = runs.last?.upperBound ?? 0
    var window = FileWindow(over: place.source, upTo: end)
    var found: UInt64 = 0
    /// How many entries have to end before the next mark.
    var next: UInt64 = count > 0 ? 0 : .max
    /// Puts a mark; behind the last entry there is none.
    func put(_ number: Int, _ offset: UInt64, _ marks: inout [Mark], _ next: inout UInt64) {
      marks.append(Mark(run: number, offset: offset))
      next = count - next > stride ? next + stride : .max
    }
    for (number, run) in runs.enumerated() where !run.isEmpty {
      var offset = run.lowerBound
      if found == next {
        put(number, offset, &marks, &next)
      }
      var last: UInt8 = 0
      while offset < run.upperBound {
        if !window.holds(offset) { try window.move(to: offset, before: run.upperBound, wanting: .max) }
        let first = Int(offset - window.start)
        let stop = Int(min(UInt64(window.count), run.upperBound - window.start))
        last = Self.pass(window.bytes.span, first..<stop, found: &found, next: next) { place in
          let behind = window.start + UInt64(place)
          // The mark at a run's end belongs to the run behind it.
          if behind < run.upperBound {
            put(number, behind, &marks, &next)
          }
          return next
        }
        offset = window.start + UInt64(stop)
      }
      if last >= 0x80 { throw place.fault(.truncatedVarint(entry: found), at: run.upperBound - 1) }
      // More would be marked than a sound file has.
      if found > count { break }
    }
    guard found == count else {
      throw place.fault(.wrongEntryCount(found: found, expected: count), at: runs.first?.lowerBound)
    }
  }

  /// Counts the entries that end in some bytes, and calls `mark` with the place behind the one that makes the
  /// count `next`.
  /// - Returns: the last byte.
  private static func pass(
    _ bytes: Span<UInt8>,
    _ range: Range<Int>,
    found: inout UInt64,
    next: UInt64,
    mark: (Int) -> UInt64
  ) -> UInt8 {
    var next = next
    var index = range.lowerBound
    let block = 64
    while index < range.upperBound {
      let stop = min(index &+ block, range.upperBound)
      var ends: UInt64 = 0
      var place = index
      while place < stop {
        ends &+= UInt64((bytes[place] ^ 0x80) &>> 7)
        place &+= 1
      }
      if found < next && found &+ ends >= next {
        place = index
        while place < stop {
          if bytes[place] < 0x80 {
            found &+= 1
            if found == next { next = mark(place &+ 1) }
          }
          place &+= 1
        }
      } else {
        found &+= ends
      }
      index = stop
    }
    return bytes[range.upperBound &- 1]
  }

  /// The last mark at or before an entry, and the entry that starts there.
  func mark(before entry: UInt64) -> (mark: Mark, entry: UInt64)? {
    let number = entry / stride
    guard number < UInt64(marks.count) else { return nil }
    return (marks[Int(number)], number * stride)
  }
}
