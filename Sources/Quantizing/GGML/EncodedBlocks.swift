public import ModelIR

/// Numbers as ggml's blocks, encoded while they are read: a matrix of the blocks' bytes.
///
/// Memory: per read 256 KiB of numbers and what they are decoded from, and their blocks.
package struct EncodedBlocks: RowDecoding {
  private let numbers: any RowDecoding
  private let encoder: BlockEncoder
  private let decoder: BlockDecoder
  private let tally: EncodingTally
  private let file: String
  private let tensor: TensorName
  private let blocksPerRow: UInt64
  /// The rows, the same as those of the numbers.
  package var rows: UInt64 { numbers.rows }
  /// The bytes of a row's blocks.
  package let columns: UInt64
  package var elementBytes: Int { 1 }

  /// At most so many numbers are encoded at a time, which keeps them in the second-level cache.
  private static let mostNumbers: UInt64 = 1 << 16

  /// The blocks of `numbers`, single-precision ones.
  ///
  /// - Parameters:
  ///   - tally: takes what encoding does to the numbers.
  ///   - tensor: what a number that has no block is blamed on, with `file`.
  /// - Returns: nil for types without an encoder, and for rows that are no whole number of blocks.
  package init?(
    of numbers: any RowDecoding,
    as type: GGMLType,
    tally: EncodingTally,
    blaming tensor: TensorName,
    in file: String
  ) {
    precondition(numbers.elementBytes == 4, "numbers are of single precision")
    guard let encoder = BlockEncoder(type), let decoder = BlockDecoder(type),
      let bytes = type.bytes(ofRow: numbers.columns)
    else { return nil }
    self.numbers = numbers
    self.encoder = encoder
    self.decoder = decoder
    self.tally = tally
    self.tensor = tensor
    self.file = file
    columns = bytes
    blocksPerRow = bytes / UInt64(type.blockBytes)
  }

  /// A rectangle of blocks.
  private struct Piece {
    let rows: Range<UInt64>
    let blocks: Range<UInt64>
  }

  /// What is used again from piece to piece.
  private struct Workspace {
    var numbers: [UInt8] = []
    var blocks: [UInt8] = []
    var decoded: [UInt8] = []
  }

  /// Encodes the blocks that the rectangle touches; see ``RowDecoding``.
  /// - Throws: what reading throws, or ``UnencodableFault`` for a number that has no block.
  package func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    let size = UInt64(encoder.type.blockBytes)
    let blocks = columns.lowerBound / size..<(columns.upperBound + size - 1) / size
    let atATime = Self.mostNumbers / UInt64(encoder.type.blockElements)
    let rowsAtATime = max(1, atATime / UInt64(blocks.count))
    let mode = tally.mode
    var workspace = Workspace()
    var row = rows.lowerBound
    while row < rows.upperBound {
      let end = min(rows.upperBound, row + rowsAtATime)
      var block = blocks.lowerBound
      while block < blocks.upperBound {
        let last = min(blocks.upperBound, block + max(1, atATime))
        let piece = Piece(rows: row..<end, blocks: block..<last)
        try encode(piece, within: columns, mode, &workspace)
        if mode != .zeros {
          copy(piece, within: columns, from: workspace, into: &buffer) { row in
            start + Int(row - rows.lowerBound) * columns.count
          }
        }
        block = last
      }
      row = end
    }
  }

  private func encode(
    _ piece: Piece,
    within columns: Range<UInt64>,
    _ mode: EncodingTally.Mode,
    _ workspace: inout Workspace
  ) throws {
    let type = encoder.type
    let (elements, size) = (UInt64(type.blockElements), UInt64(type.blockBytes))
    let count = piece.rows.count * piece.blocks.count
    let numberColumns = piece.blocks.lowerBound * elements..<piece.blocks.upperBound * elements
    workspace.numbers.grow(to: count * type.blockElements * 4)
    try numbers.decode(piece.rows, numberColumns, into: &workspace.numbers, startingAt: 0)
    // Another read has the start of a block that this one starts within.
    let isCut = piece.blocks.lowerBound * size < columns.lowerBound
    if mode == .zeros {
      tally.addZeros(
        workspace.numbers,
        piece.rows.count,
        numberColumns.count,
        skip: isCut ? Int(elements) : 0
      )
      return
    }
    workspace.blocks.grow(to: count * type.blockBytes)
    do {
      try encoder.encode(workspace.numbers, from: 0, blockCount: count, into: &workspace.blocks, at: 0)
    } catch {
      throw fault(error, piece)
    }
    if mode == .off { return }
    workspace.decoded.grow(to: count * type.blockElements * 4)
    decoder.decode(workspace.blocks, from: 0, blockCount: count, into: &workspace.decoded, at: 0)
    tally.add(
      workspace.numbers,
      workspace.decoded,
      rows: piece.rows.count,
      columns: numberColumns.count,
      skip: isCut ? Int(elements) : 0
    )
  }

  /// Copies the bytes of a piece that are wanted to where each row's start.
  private func copy(
    _ piece: Piece,
    within columns: Range<UInt64>,
    from workspace: Workspace,
    into buffer: inout [UInt8],
    _ start: (UInt64) -> Int
  ) {
    let size = UInt64(encoder.type.blockBytes)
    let bytes = piece.blocks.lowerBound * size..<piece.blocks.upperBound * size
    let wanted = bytes.clamped(to: columns)
    for (index, row) in piece.rows.enumerated() {
      let from = index * bytes.count + Int(wanted.lowerBound - bytes.lowerBound)
      let to = start(row) + Int(wanted.lowerBound - columns.lowerBound)
      buffer.replaceSubrange(to..<to + wanted.count, with: workspace.blocks[from..<from + wanted.count])
    }
  }

  private func fault(_ problem: EncodingProblem, _ piece: Piece) -> UnencodableFault {
    let index: UInt64
    let isFinite: Bool
    switch problem {
    case .nonFinite(let place): (index, isFinite) = (UInt64(place), false)
    case .scaleOutOfRange(let place): (index, isFinite) = (UInt64(place), true)
    }
    let width = UInt64(piece.blocks.count * encoder.type.blockElements)
    return UnencodableFault(
      file: file,
      tensor: tensor,
      type: encoder.type,
      row: piece.rows.lowerBound + index / width,
      column: piece.blocks.lowerBound * UInt64(encoder.type.blockElements) + index % width,
      isFinite: isFinite
    )
  }
}

extension [UInt8] {
  /// Makes it at least so long.
  fileprivate mutating func grow(to count: Int) {
    if self.count < count { self += repeatElement(0, count: count - self.count) }
  }
}

/// A number that a type of ggml has no block for.
public struct UnencodableFault: Fault, Hashable {
  /// The file that the numbers come from.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// The type.
  public let type: GGMLType
  /// The row of the number, or of the block.
  public let row: UInt64
  /// The column of the number, or of the first one of the block.
  public let column: UInt64
  /// Whether the numbers are finite and it is their scale that does not fit.
  public let isFinite: Bool

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: file,
      tensor: tensor,
      isFinite
        ? "the scale of the block at row \(row), column \(column) is too large for \(type.name)"
        : "the number at row \(row), column \(column) is NaN or infinite, which \(type.name) cannot store",
      expected: isFinite ? nil : "finite numbers; --exclude leaves tensors out"
    )
  }
}
