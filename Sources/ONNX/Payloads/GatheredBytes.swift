internal import ModelIR

/// Bytes that lie in several runs of a file, read as if they were one.
///
/// Memory: 8 bytes for every 64 runs, and per read at most ``FileWindow/largest`` bytes.
struct GatheredBytes: RowDecoding {
  private let runs: [Range<UInt64>]
  /// How many bytes stand before each 64th run.
  private let starts: [UInt64]
  private let source: any ByteSource
  var rows: UInt64 { 1 }
  let columns: UInt64
  var elementBytes: Int { 1 }

  private static let group = 64

  /// The bytes of `runs`, of which each is a whole number of `width` bytes.
  /// - Throws: ``PayloadFault`` where one is not.
  init(_ runs: [Range<UInt64>], width: UInt64, _ place: PayloadPlace) throws {
    var total: UInt64 = 0
    var starts: [UInt64] = []
    for (number, run) in runs.enumerated() {
      if number % Self.group == 0 { starts.append(total) }
      let count = run.upperBound - run.lowerBound
      if count % width != 0 {
        throw place.fault(.brokenRun(byteCount: count, width: Int(width)), at: run.lowerBound)
      }
      let (sum, overflow) = total.addingReportingOverflow(count)
      if overflow { throw place.fault(.wrongByteCount(found: .max, expected: .max), at: run.lowerBound) }
      total = sum
    }
    self.runs = runs
    self.starts = starts
    source = place.source
    columns = total
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    var (low, high) = (0, starts.count)
    while low + 1 < high {
      let middle = (low + high) / 2
      if starts[middle] <= columns.lowerBound { low = middle } else { high = middle }
    }
    var number = low * Self.group
    var skip = columns.lowerBound - starts[low]
    while skip >= runs[number].upperBound - runs[number].lowerBound {
      skip -= runs[number].upperBound - runs[number].lowerBound
      number += 1
    }
    var window = FileWindow(over: source, upTo: runs.last?.upperBound ?? 0)
    var (left, target) = (columns.count, start)
    while left > 0 {
      let run = runs[number]
      let offset = run.lowerBound + skip
      let count = Int(min(UInt64(left), run.upperBound - offset))
      if count >= FileWindow.largest / 4 {
        try source.read(count, at: offset, into: &buffer, startingAt: target)
      } else {
        try copy(count, at: offset, of: left, &window, into: &buffer, startingAt: target)
      }
      left -= count
      target += count
      number += 1
      skip = 0
    }
  }

  /// Copies a short run by way of the window, which then holds its neighbours too.
  private func copy(
    _ count: Int,
    at offset: UInt64,
    of left: Int,
    _ window: inout FileWindow,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    var (offset, start) = (offset, start)
    let (end, runEnd) = (start + count, offset + UInt64(count))
    while start < end {
      // Runs of one entry have a tag before each.
      if !window.holds(offset) { try window.move(to: offset, before: runEnd, wanting: UInt64(left) * 2) }
      let first = Int(offset - window.start)
      let run = min(end - start, window.count - first)
      buffer.replaceSubrange(start..<(start + run), with: window.bytes[first..<(first + run)])
      offset += UInt64(run)
      start += run
    }
  }
}
