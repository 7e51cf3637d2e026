/// How the bytes of a tensor are cut into chunks: all of one size, but for the last.
///
/// A chunk is a function of its own bytes alone, so that any range of rows can be decoded by reading its chunks
/// only, and tools that store equal blocks once find them.
public struct CompressionGrid: Sendable, Hashable {
  /// What the bytes are made of.
  public let kind: ContentKind
  /// The bytes of the tensor.
  public let byteCount: UInt64
  /// The bytes of a chunk; a multiple of the kind's units.
  public let chunkBytes: Int

  /// The most bytes of a chunk: what a reader allocates for one, whatever a file says.
  public static let mostChunkBytes = 4 << 20

  /// A grid of these measures, or nil where they make none.
  public init?(kind: ContentKind, byteCount: UInt64, chunkBytes: Int) {
    guard chunkBytes > 0, chunkBytes <= Self.mostChunkBytes, chunkBytes.isMultiple(of: kind.unitBytes) else {
      return nil
    }
    self.kind = kind
    self.byteCount = byteCount
    self.chunkBytes = chunkBytes
  }

  /// The grid for bytes that are to be compressed: whole rows where they are short enough.
  /// - Parameters:
  ///   - rowBytes: the bytes of a row, or nil where rows do not start at whole bytes.
  ///   - isSparse: whether about half of the elements or more are zero; then chunks are larger.
  public init(kind: ContentKind, byteCount: UInt64, rowBytes: UInt64?, isSparse: Bool) {
    let unit = kind.unitBytes
    let wanted = Self.wantedUnits(kind, isSparse: isSparse) * unit
    var bytes = max(unit, wanted)
    if let rowBytes, rowBytes > 0, rowBytes <= UInt64(bytes), Int(rowBytes).isMultiple(of: unit) {
      bytes -= bytes % Int(rowBytes)
    }
    self.kind = kind
    self.byteCount = byteCount
    chunkBytes = bytes
  }

  /// The units of a chunk: 131,072 elements, the most of one zstd block; twice as many where zeros leave few.
  private static func wantedUnits(_ kind: ContentKind, isSparse: Bool) -> Int {
    switch kind {
    case .elements: (isSparse ? 1 << 18 : 1 << 17)
    case .blocks: (1 << 18) / kind.unitBytes
    }
  }

  /// How many chunks there are.
  public var count: UInt64 {
    byteCount / UInt64(chunkBytes) + (byteCount.isMultiple(of: UInt64(chunkBytes)) ? 0 : 1)
  }

  /// Where a chunk starts in the tensor, in bytes.
  public func start(ofChunk index: UInt64) -> UInt64 { index &* UInt64(chunkBytes) }

  /// The bytes of a chunk.
  public func byteCount(ofChunk index: UInt64) -> Int {
    Int(min(UInt64(chunkBytes), byteCount - start(ofChunk: index)))
  }
}
