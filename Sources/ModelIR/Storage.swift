/// A run of bytes in one of a model's files.
public struct Region: Sendable, Hashable {
  /// The file, as an index into ``Model/files``.
  public var file: Int32
  /// Where the run starts, in bytes from the file's first.
  public var offset: UInt64
  /// How long it is, in bytes.
  public var byteCount: UInt64

  /// A run of `byteCount` bytes at `offset` of a file.
  public init(file: Int, offset: UInt64, byteCount: UInt64) {
    self.file = Int32(truncatingIfNeeded: file)
    self.offset = offset
    self.byteCount = byteCount
  }
}

/// The unsigned integers that an index part is made of.
public enum IndexWidth: Int, Sendable, Hashable {
  /// 8-bit.
  case bits8 = 1
  /// 16-bit.
  case bits16 = 2
  /// 32-bit.
  case bits32 = 4
  /// 64-bit.
  case bits64 = 8

  /// The bytes of one index.
  public var byteWidth: Int { rawValue }

  /// The element type of a part made of such indices.
  public var elementType: ElementType {
    switch self {
    case .bits8: .uint8
    case .bits16: .uint16
    case .bits32: .uint32
    case .bits64: .uint64
    }
  }

  /// The width whose element type this is, or nil.
  public init?(_ type: ElementType) {
    switch type {
    case .uint8: self = .bits8
    case .uint16: self = .bits16
    case .uint32: self = .bits32
    case .uint64: self = .bits64
    default: return nil
    }
  }

  /// The smallest width for the column indices of rows of `columns` elements, or nil where 32 bits do not
  /// hold the last column.
  public static func columns(_ columns: UInt64) -> IndexWidth? {
    switch columns {
    case 0...0x100: .bits8
    case 0...0x1_0000: .bits16
    case 0...0x1_0000_0000: .bits32
    default: nil
    }
  }

  /// The width of row offsets up to `nnz`: 32 bits where they suffice, else 64.
  public static func rowOffsets(nnz: UInt64) -> IndexWidth { nnz <= UInt64(UInt32.max) ? .bits32 : .bits64 }
}

/// Where the bytes of a tensor lie: one region for a dense tensor, one for each part otherwise.
///
/// Dense storage lies within the value, as most tensors are dense; the others are on the heap.
public enum Storage: Sendable, Hashable {
  /// The elements themselves.
  case dense(Region)
  /// Mask bytes `[rows, ceil(columns / 8)]` and the nonzero values.
  indirect case bitmask(mask: Region, values: Region)
  /// `rows + 1` row offsets, one column index and one value per nonzero.
  indirect case csr(
    rowOffsets: Region,
    offsetWidth: IndexWidth,
    columnIndices: Region,
    columnWidth: IndexWidth,
    values: Region
  )
  /// Values `[rows, K']` and index bytes per row, see ``NMPattern``.
  indirect case nm(NMPattern, values: Region, indices: Region)

  /// The layout that this is.
  public var layout: Layout {
    switch self {
    case .dense: .dense
    case .bitmask: .bitmask
    case .csr: .csr
    case .nm(let pattern, _, _): .nm(pattern)
    }
  }

  /// The bytes of all parts.
  public var byteCount: UInt64 {
    // No list of regions: this is asked for every tensor of a model.
    if case .dense(let region) = self { return region.byteCount }
    return regions.reduce(0) { $0 &+ $1.byteCount }
  }

  /// The parts' regions, in the order in which the layout lists its parts.
  public var regions: [Region] {
    switch self {
    case .dense(let region): [region]
    case .bitmask(let mask, let values): [mask, values]
    case .csr(let rowOffsets, _, let columnIndices, _, let values): [rowOffsets, columnIndices, values]
    case .nm(_, let values, let indices): [values, indices]
    }
  }

  /// The file that holds the parts: a part never leaves its tensor's shard.
  public var file: Int {
    switch self {
    case .dense(let region): Int(region.file)
    case .bitmask(let mask, _): Int(mask.file)
    case .csr(let rowOffsets, _, _, _, _): Int(rowOffsets.file)
    case .nm(_, let values, _): Int(values.file)
    }
  }
}
