public import ModelIR

/// A run of bytes within a part.
public struct PartRange: Sendable, Hashable {
  /// Where it starts in the part.
  public var offset: UInt64
  /// How many bytes it has.
  public var byteCount: Int

  /// A run of `byteCount` bytes at `offset`.
  public init(offset: UInt64, byteCount: Int) {
    self.offset = offset
    self.byteCount = byteCount
  }
}

/// Where a chunk's bytes lie within the parts of each layout.
extension ChunkGrid {
  /// The dense bytes of a chunk.
  public func denseRange(of chunk: Chunk) -> PartRange {
    PartRange(
      offset: firstElement(of: chunk) * UInt64(elementBytes),
      byteCount: chunk.elementCount * elementBytes
    )
  }

  /// The mask bytes of a row.
  public var maskBytesPerRow: UInt64 { columns / 8 + (columns % 8 == 0 ? 0 : 1) }

  /// The mask bytes of a chunk.
  public func maskRange(of chunk: Chunk) -> PartRange {
    PartRange(
      offset: chunk.firstRow * maskBytesPerRow + chunk.firstColumn / 8,
      byteCount: chunk.rowCount * ((chunk.columnCount + 7) / 8)
    )
  }

  /// The values (or column indices) of a chunk, given how many of them stand before it.
  public func valueRange(before: UInt64, count: UInt64, width: Int) -> PartRange {
    PartRange(offset: before * UInt64(width), byteCount: Int(count) * width)
  }

  /// The offsets of the rows that start in a chunk, without the one that ends the last.
  public func rowOffsetRange(of chunk: Chunk, width: IndexWidth) -> PartRange {
    PartRange(
      offset: chunk.firstRow * UInt64(width.byteWidth),
      byteCount: chunk.firstColumn == 0 ? chunk.rowCount * width.byteWidth : 0
    )
  }

  /// The kept values of a chunk in an N:M layout.
  public func keptRange(of chunk: Chunk, pattern: NMPattern) -> PartRange {
    let before =
      chunk.firstRow * pattern.keptPerRow(columns: columns)
      + pattern.keptPerRow(columns: chunk.firstColumn)
    let count = UInt64(chunk.rowCount) * pattern.keptPerRow(columns: UInt64(chunk.columnCount))
    return valueRange(before: before, count: count, width: elementBytes)
  }

  /// The index bytes of a chunk in an N:M layout.
  public func indexRange(of chunk: Chunk, pattern: NMPattern) -> PartRange {
    PartRange(
      offset: chunk.firstRow * pattern.indexBytesPerRow(columns: columns)
        + pattern.indexBytesPerRow(columns: chunk.firstColumn),
      byteCount: chunk.rowCount * Int(pattern.indexBytesPerRow(columns: UInt64(chunk.columnCount)))
    )
  }
}
