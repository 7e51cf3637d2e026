internal import ModelIR
internal import SparseCoding
internal import Synchronization

/// A tensor's elements as they are stored, dense or sparse.
struct StoredMatrix: RowDecoding {
  let rows: UInt64
  let columns: UInt64
  let elementBytes: Int
  private let source: any ByteSource
  private let storage: Stored

  private enum Stored {
    case dense(offset: UInt64)
    case sparse(SparseMatrix)
  }

  /// The elements of `tensor`, which lie in `source`; nil for types whose elements share bytes.
  init?(_ tensor: Tensor, in source: any ByteSource) {
    guard let width = tensor.elementType.byteWidth else { return nil }
    rows = tensor.shape.elementCount == 0 ? 0 : tensor.shape.rows
    columns = tensor.shape.columns
    elementBytes = width
    self.source = source
    if case .dense(let region) = tensor.storage {
      storage = .dense(offset: region.offset)
    } else {
      storage = .sparse(SparseMatrix(tensor, in: source))
    }
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let width = UInt64(elementBytes)
    switch storage {
    case .sparse(let matrix): try matrix.decode(rows, columns, into: &buffer, startingAt: start)
    case .dense(let offset):
      if columns.count == Int(self.columns) {
        let first = offset + rows.lowerBound * self.columns * width
        try source.read(
          rows.count * columns.count * elementBytes,
          at: first,
          into: &buffer,
          startingAt: start
        )
        return
      }
      let run = columns.count * elementBytes
      for (index, row) in rows.enumerated() {
        let first = offset + (row * self.columns + columns.lowerBound) * width
        try source.read(run, at: first, into: &buffer, startingAt: start + index * run)
      }
    }
  }
}

/// The elements of a sparse tensor: its parts are surveyed when it is first read.
private final class SparseMatrix: Sendable {
  /// Small enough that a rectangle decodes little that it does not need.
  private static let chunkBytes = 1 << 16

  private let reader: Mutex<(reader: DenseReader, isSurveyed: Bool)>

  init(_ tensor: Tensor, in source: any ByteSource) {
    reader = Mutex((DenseReader(tensor: tensor, source: source, chunkBytes: Self.chunkBytes), false))
  }

  private func surveyed() throws -> DenseReader {
    try reader.withLock { state in
      if !state.isSurveyed {
        try state.reader.survey(on: ChunkPool(threads: 1))
        state.isSurveyed = true
      }
      return state.reader
    }
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let reader = try surveyed()
    let (bytes, width) = (reader.grid.elementBytes, reader.grid.columns)
    var workspace = DenseReader.Workspace()
    var piece: [UInt8] = []
    var target = start
    /// Copies a run of elements that follow one another.
    func take(_ position: UInt64, _ count: Int) throws {
      try reader.readElements(at: position, count: count, &workspace, into: &piece)
      buffer.replaceSubrange(target..<(target + count * bytes), with: piece[..<(count * bytes)])
      target += count * bytes
    }
    if columns.count == Int(width) {
      try take(rows.lowerBound * width, rows.count * columns.count)
    } else {
      for row in rows { try take(row * width + columns.lowerBound, columns.count) }
    }
  }
}
