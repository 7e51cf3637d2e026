internal import ModelIR

/// Bytes of a file as they are, so that parts of one tensor that lie in several files can be read from one.
struct RawBytes: RowDecoding {
  private let source: any ByteSource
  private let region: Region
  var rows: UInt64 { 1 }
  var columns: UInt64 { region.byteCount }
  var elementBytes: Int { 1 }

  /// The bytes of `region`, which lies in `source`.
  init(_ region: Region, in source: any ByteSource) {
    self.region = region
    self.source = source
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    try source.read(columns.count, at: region.offset + columns.lowerBound, into: &buffer, startingAt: start)
  }
}

/// A part of a weight, as it is stored.
struct StoredPart: Sendable {
  /// Where its bytes are.
  let region: Region
  /// What they are in.
  let source: any ByteSource

  /// Reads bytes of the part, counted from its first.
  /// - Throws: what the source throws.
  func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
    try source.read(count, at: region.offset + offset, into: &buffer, startingAt: start)
  }
}
