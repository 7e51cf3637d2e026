internal import ModelIR

/// Elements of whole bytes as a file holds them, so that parts of one tensor can be read from one source.
struct StoredBytes: RowDecoding {
  private let source: any ByteSource
  private let offset: UInt64
  var rows: UInt64 { 1 }
  let columns: UInt64
  let elementBytes: Int

  /// `count` elements of `elementBytes` from `offset` of the source on.
  init(_ count: UInt64, of elementBytes: Int, at offset: UInt64, in source: any ByteSource) {
    self.source = source
    self.offset = offset
    self.elementBytes = elementBytes
    columns = count
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let width = UInt64(elementBytes)
    try source.read(
      columns.count * elementBytes,
      at: offset + columns.lowerBound * width,
      into: &buffer,
      startingAt: start
    )
  }
}
