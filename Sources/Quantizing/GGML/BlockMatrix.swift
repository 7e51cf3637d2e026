package import ModelIR

/// What a file's blocks stand for, decoded while it is read: their codes or their numbers.
///
/// Memory: per read the blocks that it touches.
package struct BlockMatrix: RowDecoding {
  private enum Form {
    case codes(BlockCodes)
    case numbers(BlockDecoder)
  }

  private let form: Form
  private let type: GGMLType
  private let source: any ByteSource
  private let offset: UInt64
  /// The rows; none if there is no element.
  package let rows: UInt64
  /// The elements of a row.
  package let columns: UInt64

  /// 1 for codes, 4 for single-precision numbers.
  package var elementBytes: Int {
    switch form {
    case .codes: 1
    case .numbers: 4
    }
  }

  private init?(_ tensor: Tensor, in source: any ByteSource, _ form: (GGMLType) -> Form?) {
    guard let type = tensor.blockType, case .dense(let region) = tensor.storage, let form = form(type) else {
      return nil
    }
    self.form = form
    self.type = type
    self.source = source
    offset = region.offset
    let shape = tensor.logicalShape
    rows = shape.elementCount == 0 ? 0 : shape.rows
    columns = shape.columns
  }

  /// The codes of `tensor`, which lies in `source`, as signed bytes that are 0 exactly where the number is; nil for
  /// types that hold no zero, and for tensors that are no dense blocks.
  package init?(codesOf tensor: Tensor, in source: any ByteSource) {
    self.init(tensor, in: source) { BlockCodes($0).map { .codes($0) } }
  }

  /// The numbers of `tensor`, which lies in `source`, in single precision as ggml computes them; nil for tensors
  /// that are no dense blocks.
  package init?(numbersOf tensor: Tensor, in source: any ByteSource) {
    self.init(tensor, in: source) { BlockDecoder($0).map { .numbers($0) } }
  }

  /// Decodes a rectangle; see ``RowDecoding``.
  /// - Throws: what the source throws.
  package func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    let unit = UInt64(type.blockElements)
    let blocksPerRow = self.columns / unit
    if columns.count == Int(self.columns) {
      try unpack(
        firstBlock: rows.lowerBound * blocksPerRow,
        count: rows.count * Int(blocksPerRow),
        into: &buffer,
        at: start
      )
      return
    }
    let blocks = columns.lowerBound / unit..<(columns.upperBound + unit - 1) / unit
    let run = columns.count * elementBytes
    let isWhole = columns.lowerBound % unit == 0 && columns.upperBound % unit == 0
    let skip = Int(columns.lowerBound - blocks.lowerBound * unit) * elementBytes
    var scratch = [UInt8](
      repeating: 0,
      count: isWhole ? 0 : blocks.count * type.blockElements * elementBytes
    )
    for (index, row) in rows.enumerated() {
      let first = row * blocksPerRow + blocks.lowerBound
      let target = start + index * run
      if isWhole {
        try unpack(firstBlock: first, count: blocks.count, into: &buffer, at: target)
      } else {
        try unpack(firstBlock: first, count: blocks.count, into: &scratch, at: 0)
        buffer.replaceSubrange(target..<target + run, with: scratch[skip..<skip + run])
      }
    }
  }

  private func unpack(firstBlock: UInt64, count: Int, into buffer: inout [UInt8], at start: Int) throws {
    let size = type.blockBytes
    var blocks = [UInt8](repeating: 0, count: count * size)
    try source.read(blocks.count, at: offset + firstBlock * UInt64(size), into: &blocks, startingAt: 0)
    switch form {
    case .codes(let codes): codes.centred(blocks, from: 0, blockCount: count, into: &buffer, at: start)
    case .numbers(let decoder):
      decoder.decode(blocks, from: 0, blockCount: count, into: &buffer, at: start)
    }
  }
}

extension BlockMatrix: ZeroTelling {
  /// Tells which codes of whole blocks are zero; see `ZeroTelling`.
  /// - Throws: what the source throws.
  package func nonzeroBits(
    _ count: Int,
    from first: UInt64,
    scratch: inout [UInt8],
    into words: inout [UInt64]
  ) throws -> Bool {
    guard case .codes(let codes) = form, first % UInt64(type.blockElements) == 0,
      count % type.blockElements == 0
    else { return false }
    let blockCount = count / type.blockElements
    let bytes = blockCount * type.blockBytes
    if scratch.count < bytes { scratch += repeatElement(0, count: bytes - scratch.count) }
    let wordCount = (count + 63) / 64
    if words.count < wordCount { words += repeatElement(0, count: wordCount - words.count) }
    let block = first / UInt64(type.blockElements)
    try source.read(bytes, at: offset + block * UInt64(type.blockBytes), into: &scratch, startingAt: 0)
    codes.nonzeroBits(scratch, from: 0, blockCount: blockCount, into: &words)
    return true
  }
}
