public import ModelIR

/// A big-endian file whose tensors read as if it were little-endian. Every byte has the place that it has in
/// the file; what lies outside the tensors is left as it is.
public struct ByteSwappedSource: ByteSource {
  private struct Run {
    var start: UInt64
    var end: UInt64
    var blockBytes: Int
    var fields: [SwappedField]
  }

  private let source: any ByteSource
  /// The tensors with something to swap, in the order of the file.
  private let runs: [Run]

  /// The tensors of `header`, which `source` is the file of.
  /// - Throws: ``GGUFFault`` where the big-endian form of a tensor's type is not known.
  init(_ source: any ByteSource, header: GGUFHeader) throws {
    self.source = source
    var runs: [Run] = []
    for info in header.tensors {
      guard let fields = info.type.swappedFields else {
        throw GGUFFault(
          file: source.displayName,
          tensor: info.name,
          .cannotSwap(info.type),
          offset: header.dataStart + info.offset
        )
      }
      let swaps = fields.filter { $0.width > 1 }
      let start = header.dataStart + info.offset
      if let count = info.byteCount, count > 0, !swaps.isEmpty {
        runs.append(
          Run(start: start, end: start + count, blockBytes: info.type.blockBytes, fields: swaps)
        )
      }
    }
    self.runs = runs.sorted { $0.start < $1.start }
  }

  /// The file's size.
  public var byteCount: UInt64 { source.byteCount }
  /// The file's name.
  public var displayName: String { source.displayName }

  /// Gives the file's descriptor back.
  public func rest() throws { try source.rest() }

  /// Copies bytes out, those of tensors swapped; see `ByteSource`.
  public func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws
  {
    try source.read(count, at: offset, into: &buffer, startingAt: start)
    let end = offset + UInt64(count)
    var index = firstRun(endingAfter: offset)
    while index < runs.count, runs[index].start < end {
      try swap(runs[index], in: offset..<end, of: &buffer, startingAt: start)
      index += 1
    }
  }

  private func firstRun(endingAfter offset: UInt64) -> Int {
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].end > offset { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Swaps the part of a tensor that was read: whole blocks in place, cut ones by reading them whole.
  private func swap(
    _ run: Run,
    in range: Range<UInt64>,
    of buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let size = UInt64(run.blockBytes)
    let part = max(run.start, range.lowerBound)..<min(run.end, range.upperBound)
    var block = part.lowerBound - (part.lowerBound - run.start) % size
    while block < part.upperBound {
      if block >= part.lowerBound, part.upperBound - block >= size {
        let whole = (part.upperBound - block) / size
        let first = start + Int(block - range.lowerBound)
        Self.swap(run, blocks: Int(whole), of: &buffer, startingAt: first)
        block += whole * size
        continue
      }
      var cut = [UInt8](repeating: 0, count: run.blockBytes)
      try source.read(cut.count, at: block, into: &cut, startingAt: 0)
      Self.swap(run, blocks: 1, of: &cut, startingAt: 0)
      for place in max(block, part.lowerBound)..<min(block + size, part.upperBound) {
        buffer[start + Int(place - range.lowerBound)] = cut[Int(place - block)]
      }
      block += size
    }
  }

  private static func swap(_ run: Run, blocks: Int, of bytes: inout [UInt8], startingAt start: Int) {
    for field in run.fields {
      var first = start &+ field.start
      var block = 0
      while block < blocks {
        var (low, high) = (first, first &+ field.width &- 1)
        while low < high {
          bytes.swapAt(low, high)
          low &+= 1
          high &-= 1
        }
        first &+= run.blockBytes
        block &+= 1
      }
    }
  }
}
