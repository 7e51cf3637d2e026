public import ModelIR

/// The index that stands before the frames of a compressed tensor, in a skippable frame of its own.
///
/// Bytes, little-endian: magic `0x184D2A50`, u32 size of what follows; then u32 version, u32 bytes of a chunk, u64
/// bytes of the tensor, u64 number of chunks; a record of ``recordBytes`` for each chunk; xxh64 of everything from the
/// version on. The kind of content is the manifest's to say.
///
/// Memory: 56 bytes a chunk, which is 0.02 % of the tensor.
public struct ChunkIndex: Sendable {
  /// How the tensor is cut.
  public let grid: CompressionGrid
  /// A record for each chunk.
  public var records: [ChunkRecord]

  /// The version that is written.
  public static let version: UInt32 = 1
  private static let magic: UInt32 = 0x184D_2A50
  private static let headBytes = 32
  private static let hashBytes = 8
  /// The bytes of one record.
  public static let recordBytes = 48

  /// An index of these records.
  public init(grid: CompressionGrid, records: [ChunkRecord]) {
    self.grid = grid
    self.records = records
  }

  /// The bytes of the index of so many chunks, or nil where no skippable frame holds it.
  public static func byteCount(chunks: UInt64) -> UInt64? {
    guard chunks <= (UInt64(UInt32.max) - 64) / UInt64(recordBytes) else { return nil }
    return UInt64(headBytes + hashBytes) + chunks * UInt64(recordBytes)
  }

  /// The bytes of this index.
  public var byteCount: UInt64 { Self.byteCount(chunks: UInt64(records.count)) ?? 0 }

  /// The index as it stands in a file.
  public func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(byteCount))
    bytes.append(Self.magic)
    bytes.append(UInt32(Int(byteCount) - 8))
    bytes.append(Self.version)
    bytes.append(UInt32(grid.chunkBytes))
    bytes.append(grid.byteCount)
    bytes.append(UInt64(records.count))
    for record in records {
      bytes.append(record.mode.rawValue)
      bytes.append(record.window)
      bytes.append(record.base)
      bytes.append(record.nonzeroCount)
      for place in 0..<8 { bytes.append(record.planeBytes[place]) }
      bytes.append(record.hash)
    }
    bytes.append(Checksum.of(bytes, 8..<bytes.count))
    return bytes
  }

  /// Reads the index at `offset` of a source, of a tensor of `byteCount` bytes whose compressed form has
  /// `compressedBytes`.
  ///
  /// All is checked before anything is allocated that the file does not hold.
  /// - Throws: ``ChunkIndexFault``, and what the source throws.
  public init(
    from source: any ByteSource,
    at offset: UInt64,
    compressedBytes: UInt64,
    kind: ContentKind,
    byteCount: UInt64
  ) throws {
    func refuse(_ rule: ChunkIndexFault.Rule) -> ChunkIndexFault {
      ChunkIndexFault(file: source.displayName, offset: offset, rule: rule)
    }
    guard compressedBytes >= UInt64(Self.headBytes + Self.hashBytes) else { throw refuse(.cutShort) }
    var head = [UInt8](repeating: 0, count: Self.headBytes)
    try source.read(head.count, at: offset, into: &head, startingAt: 0)
    guard head.unsigned32(at: 0) == Self.magic else { throw refuse(.magic) }
    guard head.unsigned32(at: 8) == Self.version else { throw refuse(.version(head.unsigned32(at: 8))) }
    guard head.unsigned64(at: 16) == byteCount,
      let grid = CompressionGrid(
        kind: kind,
        byteCount: byteCount,
        chunkBytes: Int(head.unsigned32(at: 12))
      ),
      head.unsigned64(at: 24) == grid.count
    else { throw refuse(.measures) }
    guard let size = Self.byteCount(chunks: grid.count), size <= compressedBytes,
      UInt64(head.unsigned32(at: 4)) == size - 8
    else { throw refuse(.cutShort) }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    try source.read(bytes.count, at: offset, into: &bytes, startingAt: 0)
    let end = bytes.count - Self.hashBytes
    guard bytes.unsigned64(at: end) == Checksum.of(bytes, 8..<end) else { throw refuse(.hash) }
    var records: [ChunkRecord] = []
    records.reserveCapacity(Int(grid.count))
    var total = size
    for index in 0..<Int(grid.count) {
      let at = Self.headBytes + index * Self.recordBytes
      guard let mode = ChunkMode(rawValue: bytes[at]) else { throw refuse(.mode(bytes[at])) }
      var record = ChunkRecord(
        mode: mode,
        nonzeroCount: bytes.unsigned32(at: at + 4),
        base: UInt16(bytes[at + 2]) | UInt16(bytes[at + 3]) << 8,
        window: bytes[at + 1],
        hash: bytes.unsigned64(at: at + 40)
      )
      for place in 0..<8 { record.planeBytes[place] = bytes.unsigned32(at: at + 8 + 4 * place) }
      // No sum overflows: each is below 2^35, and there are below 2^32 of them.
      total &+= record.byteCount
      guard record.byteCount <= UInt64(ChunkEncoder.mostBytes(forChunkOf: grid.chunkBytes)) else {
        throw refuse(.measures)
      }
      records.append(record)
    }
    guard total == compressedBytes else { throw refuse(.total(total, compressedBytes)) }
    self.grid = grid
    self.records = records
  }
}

extension [UInt8] {
  fileprivate mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  fileprivate func unsigned32(at place: Int) -> UInt32 {
    withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt32.self)) }
  }

  fileprivate func unsigned64(at place: Int) -> UInt64 {
    withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self)) }
  }
}

/// An index of chunks that cannot be used.
public struct ChunkIndexFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// It does not start as a skippable frame.
    case magic
    /// It is of a version that is not known.
    case version(UInt32)
    /// Its sizes contradict each other or the manifest.
    case measures
    /// It is longer than the tensor that it stands in.
    case cutShort
    /// A chunk has a mode that is not known.
    case mode(UInt8)
    /// Its own hash is wrong.
    case hash
    /// The frames do not fill the tensor: their bytes, and the tensor's.
    case total(UInt64, UInt64)
  }

  /// The file.
  public let file: String
  /// Where the index starts.
  public let offset: UInt64
  /// The broken rule.
  public let rule: Rule

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected): (String, String?) =
      switch rule {
      case .magic: ("no chunk index starts here", "a skippable frame with the magic number 0x184D2A50")
      case .version(let version):
        ("the chunk index is of version \(version)", "a later Lacuna may read it; this one reads 1")
      case .measures: ("the chunk index contradicts itself or the manifest", nil)
      case .cutShort: ("the chunk index does not fit into its tensor", nil)
      case .mode(let mode): ("a chunk is coded in mode \(mode), which is unknown", nil)
      case .hash: ("the chunk index is damaged: its xxh64 is wrong", nil)
      case .total(let frames, let tensor):
        ("index and frames take \(frames) bytes and the tensor has \(tensor)", nil)
      }
    return Diagnosis(.badData, file: file, problem, expected: expected, offset: offset)
  }
}
