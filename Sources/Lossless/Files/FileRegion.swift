public import ModelIR

/// A run of bytes of a file that is compressed as one tensor, in chunks of its own.
public struct FileRegion: Sendable, Hashable {
  /// The tensor.
  public var name: TensorName
  /// What the bytes are made of.
  public var kind: ContentKind
  /// The bytes of one index of the first axis; nil where rows do not start at whole bytes, or there are none.
  public var rowBytes: UInt64?
  /// Where the bytes are in the file.
  public var range: Range<UInt64>

  /// A region of these parts.
  public init(name: TensorName, kind: ContentKind, rowBytes: UInt64?, range: Range<UInt64>) {
    self.name = name
    self.kind = kind
    self.rowBytes = rowBytes
    self.range = range
  }

  /// How many bytes it has.
  public var byteCount: UInt64 { range.upperBound - range.lowerBound }

  /// The rows that hold these bytes of the region, whole or in part; nil where there are no rows.
  func rows(of bytes: Range<UInt64>) -> Range<UInt64>? {
    guard let rowBytes, rowBytes > 0, !bytes.isEmpty else { return nil }
    return bytes.lowerBound / rowBytes..<((bytes.upperBound - 1) / rowBytes + 1)
  }
}

/// How a file is made of regions, one behind the other, and of what stands before, between and behind them.
///
/// What is in no region makes one run of bytes of its own, the *remainder*, in the order of the file. Memory: a
/// region's description and 8 bytes for each.
public struct FileRegions: Sendable {
  /// The regions in file order: none is empty, none overlaps another.
  public let regions: [FileRegion]
  /// The bytes of the file.
  public let byteCount: UInt64
  /// For each region, and behind the last, the bytes of all regions before it.
  private let before: [UInt64]

  /// A file of these regions; nil where they are empty, overlap, are out of order, or leave the file.
  public init?(_ regions: [FileRegion], byteCount: UInt64) {
    var before: [UInt64] = [0]
    before.reserveCapacity(regions.count + 1)
    var end: UInt64 = 0
    var total: UInt64 = 0
    for region in regions {
      guard !region.range.isEmpty, region.range.lowerBound >= end, region.range.upperBound <= byteCount else {
        return nil
      }
      end = region.range.upperBound
      // Disjoint ranges of one file: their sum is no more than its end.
      total += region.byteCount
      before.append(total)
    }
    self.regions = regions
    self.byteCount = byteCount
    self.before = before
  }

  /// The bytes of the remainder.
  public var remainderByteCount: UInt64 { byteCount - before[regions.count] }

  /// The first region that ends behind `offset`, or the number of regions.
  func place(of offset: UInt64) -> Int {
    var (low, high) = (0, regions.count)
    while low < high {
      let middle = (low + high) / 2
      if regions[middle].range.upperBound <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// A run of bytes of the file that lies in one region, or in none.
  struct Piece {
    /// The region; nil for the remainder.
    var region: Int?
    /// Where it starts in the region, or in the remainder.
    var start: UInt64
    var count: Int
  }

  /// The pieces of a range of the file, in order.
  func forEachPiece(of range: Range<UInt64>, _ body: (Piece) throws -> Void) throws {
    var position = range.lowerBound
    var place = place(of: position)
    while position < range.upperBound {
      if place < regions.count, regions[place].range.lowerBound <= position {
        let end = min(range.upperBound, regions[place].range.upperBound)
        try body(
          Piece(
            region: place,
            start: position - regions[place].range.lowerBound,
            count: Int(end - position)
          )
        )
        position = end
        if end == regions[place].range.upperBound { place += 1 }
      } else {
        let next = place < regions.count ? regions[place].range.lowerBound : byteCount
        let end = min(range.upperBound, next)
        try body(Piece(region: nil, start: position - before[place], count: Int(end - position)))
        position = end
      }
    }
  }

  /// Where the byte at `offset` of the remainder stands in the file, and how many of it follow there in one run.
  func runOfRemainder(at offset: UInt64) -> Range<UInt64> {
    // The last place whose gap starts at or before the offset.
    var (low, high) = (0, regions.count + 1)
    while low + 1 < high {
      let middle = (low + high) / 2
      // The gap before region `middle` starts where the region before it ends.
      if regions[middle - 1].range.upperBound - before[middle] <= offset {
        low = middle
      } else {
        high = middle
      }
    }
    let end = low < regions.count ? regions[low].range.lowerBound : byteCount
    return offset + before[low]..<end
  }
}
