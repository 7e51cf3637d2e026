internal import ByteIO
public import ModelIR

/// Where everything lies in a GGUF file that is about to be written.
///
/// The file is of version 3, little-endian, and laid out as llama.cpp demands it: the data start at a multiple
/// of the alignment, tensors lie one behind the other in the order given, each padded with zeros to the
/// alignment, the last one too. The alignment is what `general.alignment` says, or 32.
public struct GGUFPlan: Sendable {
  /// A tensor to write.
  public struct Part: Sendable, Hashable {
    /// The name, at most 63 bytes.
    public var name: TensorName
    /// The type.
    public var type: GGMLType
    /// The extents as the file has them: the fastest axis first, at most 4, none for a scalar.
    public var dims: [UInt64]

    /// A tensor of this name, type and extents.
    public init(name: TensorName, type: GGMLType, dims: [UInt64]) {
      self.name = name
      self.type = type
      self.dims = dims
    }

    /// The same tensor as in a file that is there.
    public init(_ info: GGUFTensorInfo) { self.init(name: info.name, type: info.type, dims: info.dims) }
  }

  /// A run of bytes of the header.
  public enum Piece: Sendable, Hashable {
    /// These bytes.
    case bytes([UInt8])
    /// Bytes of a file that is there.
    case copied(Region)
    /// So many zeros: padding, up to 2 GiB of it where an alignment asks for that.
    case zeros(UInt64)
  }

  /// The bytes before the data, its padding included.
  public let header: [Piece]
  /// The bytes of the header.
  public let headerByteCount: UInt64
  /// For each part as given, where its data start in the file.
  public let offsets: [UInt64]
  /// For each part as given, the bytes of its data.
  public let byteCounts: [UInt64]
  /// For each part as given, the zeros behind its data.
  public let paddings: [UInt64]
  /// The alignment of the data.
  public let alignment: UInt64
  /// The size of the file.
  public let byteCount: UInt64

  /// A plan for these metadata and parts.
  /// - Throws: ``GGUFPlanFault`` where that makes no file that llama.cpp loads.
  public init(file: String, items: [MetadataItem], parts: [Part]) throws {
    let alignment = try Self.alignment(of: items, file: file)
    var writer = HeaderWriter(file: file)
    try writer.append(items: items, partCount: parts.count)
    let (starts, dataEnd) = try writer.append(parts: parts, alignment: alignment)
    if !parts.isEmpty { writer.pad(to: alignment) }
    let dataStart = writer.byteCount
    guard let end = dataStart.addingChecked(dataEnd), end <= UInt64(Int64.max) else {
      throw GGUFPlanFault(file: file, rule: .dataTooLarge)
    }
    header = writer.finish()
    headerByteCount = dataStart
    offsets = starts.map { dataStart + $0 }
    let counts = parts.map { (try? GGUFTensorInfo.byteCount(of: $0.type, dims: $0.dims).get()) ?? 0 }
    byteCounts = counts
    paddings = counts.map { ($0.padded(to: alignment) ?? $0) - $0 }
    self.alignment = alignment
    byteCount = end
  }

  /// The alignment that metadata ask for; 32 if they do not.
  /// - Throws: ``GGUFPlanFault`` where it is no u32 that is a power of two.
  public static func alignment(of items: [MetadataItem], file: String) throws -> UInt64 {
    guard let item = items.first(where: { $0.hasKey("general.alignment") }) else { return 32 }
    guard case .unsigned(let alignment, bits: 32)? = item.value, alignment.nonzeroBitCount == 1 else {
      throw GGUFPlanFault(file: file, rule: .wrongAlignment)
    }
    return alignment
  }
}

/// Puts the header together.
private struct HeaderWriter {
  let file: String
  private var pieces: [GGUFPlan.Piece] = []
  private var bytes: [UInt8] = []
  private(set) var byteCount: UInt64 = 0

  init(file: String) { self.file = file }

  private func fault(_ rule: GGUFPlanFault.Rule, key: String? = nil, _ tensor: TensorName? = nil)
    -> GGUFPlanFault
  { GGUFPlanFault(file: file, tensor: tensor, key: key, rule: rule) }

  private mutating func write(_ body: (inout [UInt8]) throws -> Void) rethrows {
    let before = bytes.count
    try body(&bytes)
    byteCount += UInt64(bytes.count - before)
  }

  private mutating func flush() {
    if !bytes.isEmpty { pieces.append(.bytes(bytes)) }
    bytes = []
  }

  /// Copies a region, as one with that before where they touch.
  private mutating func copy(_ region: Region) {
    flush()
    byteCount += region.byteCount
    if case .copied(var last)? = pieces.last, last.file == region.file,
      last.offset + last.byteCount == region.offset
    {
      last.byteCount += region.byteCount
      pieces[pieces.count - 1] = .copied(last)
    } else {
      pieces.append(.copied(region))
    }
  }

  mutating func append(items: [MetadataItem], partCount: Int) throws {
    write { bytes in
      bytes += Array("GGUF".utf8)
      MetadataEncoder.append(3, bytes: 4, to: &bytes)
      MetadataEncoder.append(UInt64(partCount), bytes: 8, to: &bytes)
      MetadataEncoder.append(UInt64(items.count), bytes: 8, to: &bytes)
    }
    var seen = Set<TensorName>()
    for item in items {
      guard seen.insert(TensorName(item.key)).inserted else { throw fault(.duplicateKey, key: item.key) }
      switch item {
      case .copied(let entry, let file):
        copy(
          Region(file: file, offset: entry.range.lowerBound, byteCount: UInt64(entry.range.count))
        )
      case .new(let key, let value, let elementType):
        guard !key.isEmpty else { throw fault(.emptyKey) }
        guard key.utf8.count <= 65_535 else { throw fault(.keyTooLong(key.utf8.count)) }
        do {
          try write { bytes in
            try MetadataEncoder.append(key: key, value, of: elementType, to: &bytes)
          }
        } catch let problem as MetadataEncoder.Problem {
          throw fault(GGUFPlanFault.Rule(problem), key: key)
        }
      }
    }
  }

  /// Appends the infos; returns where each part's data start in the data section, and where that ends.
  mutating func append(parts: [GGUFPlan.Part], alignment: UInt64) throws -> ([UInt64], UInt64) {
    var seen = Set<TensorName>()
    var starts: [UInt64] = []
    starts.reserveCapacity(parts.count)
    var end: UInt64 = 0
    for part in parts {
      let name = part.name.text
      guard name.utf8.count <= GGUFHeader.longestName else {
        throw fault(.nameTooLong(name.utf8.count), part.name)
      }
      guard seen.insert(part.name).inserted else { throw fault(.duplicateTensor, part.name) }
      guard part.dims.count <= GGUFHeader.mostDimensions else {
        throw fault(.tooManyDimensions(part.dims.count), part.name)
      }
      let count: UInt64
      switch GGUFTensorInfo.byteCount(of: part.type, dims: part.dims) {
      case .success(let bytes): count = bytes
      case .failure(.rowNotBlocks):
        throw fault(.rowNotBlocks(part.type, elements: part.dims.first ?? 1), part.name)
      case .failure: throw fault(.tensorTooLarge(part.dims), part.name)
      }
      write { bytes in
        MetadataEncoder.append(name, to: &bytes)
        MetadataEncoder.append(UInt64(part.dims.count), bytes: 4, to: &bytes)
        for extent in part.dims { MetadataEncoder.append(extent, bytes: 8, to: &bytes) }
        MetadataEncoder.append(UInt64(part.type.rawValue), bytes: 4, to: &bytes)
        MetadataEncoder.append(end, bytes: 8, to: &bytes)
      }
      starts.append(end)
      guard let next = count.padded(to: alignment).flatMap({ end.addingChecked($0) }) else {
        throw fault(.dataTooLarge)
      }
      end = next
    }
    return (starts, end)
  }

  mutating func pad(to alignment: UInt64) {
    let count = (byteCount.padded(to: alignment) ?? byteCount) - byteCount
    guard count > 0 else { return }
    flush()
    pieces.append(.zeros(count))
    byteCount += count
  }

  consuming func finish() -> [GGUFPlan.Piece] {
    flush()
    return pieces
  }
}
