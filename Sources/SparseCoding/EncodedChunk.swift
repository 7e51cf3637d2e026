public import ModelIR

/// One chunk of a tensor in some layout: the buffers that coding writes and decoding reads, used again for
/// every chunk.
///
/// Memory: at most the chunk's dense bytes plus its indices; all buffers end in the kernels' slack.
public struct EncodedChunk: Sendable {
  /// Mask bytes (bitmask), column indices (CSR) or index bytes (N:M).
  public package(set) var structure: [UInt8] = []
  /// How many bytes of ``structure`` are in use.
  public package(set) var structureByteCount = 0
  /// Row offsets (CSR only), from the tensor's first value on.
  public package(set) var rowOffsets: [UInt8] = []
  /// How many bytes of ``rowOffsets`` are in use.
  public package(set) var rowOffsetByteCount = 0
  /// The values.
  public package(set) var values: [UInt8] = []
  /// How many bytes of ``values`` are in use.
  public package(set) var valueByteCount = 0

  /// The chunk's mask, where it is a step on the way to another structure.
  var mask: [UInt8] = []

  /// No chunk yet.
  public init() {}

  /// Makes room for values of so many bytes, without keeping those that there are.
  package mutating func reserveValues(_ byteCount: Int) { Self.grow(&values, to: byteCount) }

  /// Makes room for structure of so many bytes, without keeping what there is.
  package mutating func reserveStructure(_ byteCount: Int) {
    Self.grow(&structure, to: byteCount)
    for index in 0..<byteCount { structure[index] = 0 }
    structureByteCount = byteCount
  }

  /// Makes a buffer at least `byteCount` bytes long, slack included, without keeping what it held.
  static func grow(_ buffer: inout [UInt8], to byteCount: Int) {
    let needed = byteCount + kernelSlack
    if buffer.count < needed { buffer = [UInt8](repeating: 0, count: needed) }
  }
}

/// Parts that contradict each other, or their tensor's shape.
public struct LayoutFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The mask's set bits are not as many as the values.
    case populationDiffers(mask: UInt64, values: UInt64)
    /// A mask bit behind the last element of a row is set.
    case spareBitSet(row: UInt64)
    /// The first row offset is not 0.
    case firstOffsetNotZero(UInt64)
    /// A row offset is smaller than the one before it.
    case offsetsFall(row: UInt64)
    /// A row offset lies behind the last value.
    case offsetOverruns(row: UInt64, offset: UInt64, nnz: UInt64)
    /// The last row offset is not the number of values.
    case lastOffsetDiffers(UInt64, nnz: UInt64)
    /// A column index is not within the row.
    case columnOutOfRange(row: UInt64, column: UInt64, columns: UInt64)
    /// The column indices of a row do not ascend.
    case columnsNotAscending(row: UInt64)
    /// The positions of a group do not ascend.
    case positionsNotAscending(row: UInt64, group: UInt64)
    /// A position is not within its group.
    case positionOutOfRange(row: UInt64, group: UInt64, position: UInt64)
    /// A bit behind the last position of a row is set.
    case spareIndexBitSet(row: UInt64)
    /// The parts were different when they were read again.
    case changed
  }

  /// The file.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// The broken rule.
  public let rule: Rule

  /// A violation of `rule`.
  public init(file: String, tensor: TensorName, _ rule: Rule) {
    self.file = file
    self.tensor = tensor
    self.rule = rule
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected): (String, String?) =
      switch rule {
      case .populationDiffers(let mask, let values):
        ("bitmask: \(mask) bits are set", "there are \(values) values")
      case .spareBitSet(let row): ("bitmask: a bit behind the last column is set in row \(row)", nil)
      case .firstOffsetNotZero(let offset): ("crow_indices: the first is \(offset)", "0")
      case .offsetsFall(let row): ("crow_indices: they fall behind row \(row)", "they never fall")
      case .offsetOverruns(let row, let offset, let nnz):
        ("crow_indices: row \(row) ends at \(offset)", "there are \(nnz) values")
      case .lastOffsetDiffers(let offset, let nnz):
        ("crow_indices: the last is \(offset)", "there are \(nnz) values")
      case .columnOutOfRange(let row, let column, let columns):
        ("col_indices: row \(row) has column \(column)", "columns end at \(columns)")
      case .columnsNotAscending(let row): ("col_indices: they do not ascend in row \(row)", nil)
      case .positionsNotAscending(let row, let group):
        ("nm_indices: they do not ascend in row \(row), group \(group)", nil)
      case .positionOutOfRange(let row, let group, let position):
        ("nm_indices: row \(row), group \(group) has position \(position), behind the group's end", nil)
      case .spareIndexBitSet(let row):
        ("nm_indices: a bit behind the last position is set in row \(row)", nil)
      case .changed: ("its parts changed while they were being read", nil)
      }
    return Diagnosis(
      rule == .changed ? .readOrWriteFailed : .badData,
      file: file,
      tensor: tensor,
      problem,
      expected: expected
    )
  }
}
