/// Decoded matrices, one behind the other, as the bytes of one file.
///
/// Memory: per read what the decoding of the rows that it touches takes, a few times the bytes read.
package struct DecodedFile: ByteSource {
  /// One matrix.
  private struct Entry {
    let matrix: any RowDecoding
    let start: UInt64
    let byteCount: UInt64
  }

  private var entries: [Entry] = []
  /// How many bytes the matrices have.
  package private(set) var byteCount: UInt64 = 0
  /// What messages call it: the file that the matrices are decoded from.
  package let displayName: String
  private let files: [any ByteSource]

  /// A file without matrices, named as the one that they are decoded from, which like the model's other files is
  /// among `files`.
  package init(named displayName: String, over files: [any ByteSource]) {
    self.displayName = displayName
    self.files = files
  }

  /// Adds a matrix, and returns where it starts; nil where there would be more than 63 bits of bytes.
  package mutating func append(_ matrix: any RowDecoding) -> UInt64? {
    guard let bytes = matrix.byteCount else { return nil }
    let (end, overflow) = byteCount.addingReportingOverflow(bytes)
    guard !overflow, end <= UInt64(Int64.max) else { return nil }
    let start = byteCount
    entries.append(Entry(matrix: matrix, start: start, byteCount: bytes))
    byteCount = end
    return start
  }

  /// Decodes the rows that hold the bytes; see ``ByteSource``.
  package func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws
  {
    var (offset, start, left) = (offset, start, count)
    while left > 0 {
      let entry = entries[entry(holding: offset)]
      let run = Int(min(UInt64(left), entry.start + entry.byteCount - offset))
      try Self.read(run, at: offset - entry.start, of: entry.matrix, into: &buffer, startingAt: start)
      offset += UInt64(run)
      start += run
      left -= run
    }
  }

  /// The last entry that starts at or before `offset` and has bytes.
  private func entry(holding offset: UInt64) -> Int {
    precondition(offset < byteCount, "a read behind the last matrix")
    var (low, high) = (0, entries.count)
    while low + 1 < high {
      let middle = (low + high) / 2
      if entries[middle].start <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// Reads bytes of one matrix: the end of a row, whole rows, the start of a row.
  private static func read(
    _ count: Int,
    at offset: UInt64,
    of matrix: any RowDecoding,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let width = UInt64(matrix.elementBytes)
    let end = offset + UInt64(count)
    if offset % width != 0 || end % width != 0 {
      // Whole elements are decoded, and cut.
      let first = offset / width * width
      let whole = Int((end + width - 1) / width * width - first)
      var elements = [UInt8](repeating: 0, count: whole)
      try read(whole, at: first, of: matrix, into: &elements, startingAt: 0)
      let skip = Int(offset - first)
      buffer.replaceSubrange(start..<(start + count), with: elements[skip..<(skip + count)])
      return
    }
    let rowBytes = matrix.columns * width
    var (offset, start) = (offset, start)
    while offset < end {
      let (row, within) = offset.quotientAndRemainder(dividingBy: rowBytes)
      if within == 0 && end - offset >= rowBytes {
        let rows = (end - offset) / rowBytes
        try matrix.decode(row..<(row + rows), 0..<matrix.columns, into: &buffer, startingAt: start)
        offset += rows * rowBytes
        start += Int(rows * rowBytes)
      } else {
        let stop = min(rowBytes, within + end - offset)
        let columns = (within / width)..<(stop / width)
        try matrix.decode(row..<(row + 1), columns, into: &buffer, startingAt: start)
        offset += stop - within
        start += Int(stop - within)
      }
    }
  }

  /// Lets the files rest, not the matrices: those lead to files too, many of them to the same.
  package func rest() throws {
    for file in files { try file.rest() }
  }
}

extension DecodedFile: ZeroTelling {
  /// Asks the matrix that holds the bytes, if all of them are of one that can tell; see ``ZeroTelling``.
  package func nonzeroBits(
    _ count: Int,
    from first: UInt64,
    scratch: inout [UInt8],
    into words: inout [UInt64]
  ) throws -> Bool {
    guard count > 0 else { return false }
    let entry = entries[entry(holding: first)]
    guard let matrix = entry.matrix as? any ZeroTelling, entry.matrix.elementBytes == 1,
      UInt64(count) <= entry.start + entry.byteCount - first
    else { return false }
    return try matrix.nonzeroBits(count, from: first - entry.start, scratch: &scratch, into: &words)
  }
}
