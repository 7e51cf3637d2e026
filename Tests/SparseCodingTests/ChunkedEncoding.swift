import ModelIR
import SparseCoding
import Testing

/// What the coder makes of a tensor, chunk by chunk.
struct ChunkedEncoding {
  /// The parts, put together as the grid says.
  var parts = Parts()
  /// Whether every chunk proved right.
  var isProven = true
  /// Whether every chunk started where the one before it ended, in every part.
  var isContiguous = true
  /// Elements whose bits are not all zero, as the coder counted them while and before encoding.
  var (stored, counted) = (0, 0)
  /// Whether rows were split.
  let splitsRows: Bool

  /// Encodes all chunks of the sample.
  init(
    _ sample: DenseSample,
    _ layout: Layout,
    chunkBytes: Int,
    kernels: KernelSet,
    offsetWidth: IndexWidth = .bits32
  ) throws {
    var group = 1
    if case .nm(let pattern) = layout { group = pattern.group }
    let width = sample.type.bitWidth / 8
    let grid = ChunkGrid(shape: sample.shape, elementBytes: width, chunkBytes: chunkBytes, group: group)
    splitsRows = grid.splitsRows
    let columnWidth = try #require(IndexWidth.columns(sample.shape.columns))
    let coder = try #require(
      ChunkCoder(
        layout: layout,
        elementType: sample.type,
        grid: grid,
        columnWidth: columnWidth,
        offsetWidth: offsetWidth,
        kernels: kernels
      )
    )
    var encoded = EncodedChunk()
    var scratch: [UInt8] = []
    for index in 0..<grid.count {
      let chunk = grid[index]
      let range = grid.denseRange(of: chunk)
      let dense = Array(sample.bytes[Int(range.offset)..<(Int(range.offset) + range.byteCount)])
      let before = UInt64(stored)
      let count = try coder.encode(dense, chunk, before: before, into: &encoded)
      isProven =
        isProven
        && coder.proves(encoded, chunk, count: count, before: before, equals: dense, scratch: &scratch)
      switch layout {
      case .dense: break
      case .bitmask: append(encoded.structure, grid.maskRange(of: chunk), to: \.structure)
      case .csr:
        let columns = grid.valueRange(before: before, count: UInt64(count), width: columnWidth.byteWidth)
        append(encoded.structure, columns, to: \.structure)
        append(encoded.rowOffsets, grid.rowOffsetRange(of: chunk, width: offsetWidth), to: \.rowOffsets)
      case .nm(let pattern):
        append(encoded.structure, grid.indexRange(of: chunk, pattern: pattern), to: \.structure)
        append(encoded.values, grid.keptRange(of: chunk, pattern: pattern), to: \.values)
      }
      if layout == .bitmask || layout == .csr {
        append(
          encoded.values,
          grid.valueRange(before: before, count: UInt64(count), width: width),
          to: \.values
        )
      }
      stored += count
      counted += coder.countStored(dense, chunk)
    }
    if layout == .csr {
      parts.rowOffsets += littleEndianBytes([UInt64(stored)], width: offsetWidth.byteWidth)
      parts.columnWidth = columnWidth
      parts.offsetWidth = offsetWidth
    }
  }

  private mutating func append(
    _ buffer: [UInt8],
    _ range: PartRange,
    to part: WritableKeyPath<Parts, [UInt8]>
  ) {
    // A piece of a row other than its first has no row offset.
    if range.byteCount == 0 { return }
    isContiguous = isContiguous && range.offset == UInt64(parts[keyPath: part].count)
    parts[keyPath: part] += buffer[..<range.byteCount]
  }
}
