internal import ByteIO
public import ModelIR
internal import StrictJSON

/// The header of a safetensors file, validated: tensors tile the data section without hole or overlap.
///
/// The rules are those of the reference (`safetensors/src/tensor.rs`, 0.8.0) and one more: no key stands
/// twice, at any depth. Memory: one window of the header's text, the entries, and the metadata's text.
public struct SafetensorsHeader: Sendable {
  /// One tensor of the header.
  public struct Entry: Sendable {
    /// The name.
    public var name: TensorName
    /// The element type.
    public var elementType: ElementType
    /// The shape.
    public var shape: Shape
    /// Where the data begin, in bytes from the start of the data section.
    public var begin: UInt64
    /// Where the data end.
    public var end: UInt64
  }

  /// The tensors in the order of the header.
  public internal(set) var entries: [Entry] = []
  /// What `__metadata__` holds, in its order.
  public internal(set) var metadata = Metadata()
  /// Whether there is a `__metadata__` that is not null.
  public internal(set) var declaresMetadata = false
  /// Where the data section starts in the file: 8 plus the header's length.
  public internal(set) var dataStart: UInt64 = 8
  /// What was let pass with leniency.
  public internal(set) var warnings: [Diagnosis] = []

  static let windowSize = 1 << 17

  /// Reads and validates the header of `source`.
  /// - Parameter lenient: takes the last of two equal keys, as the reference does, with a warning.
  /// - Throws: ``SafetensorsFault``, or what the source throws.
  public static func read(from source: any ByteSource, lenient: Bool = false) throws -> SafetensorsHeader {
    let file = source.displayName
    guard source.byteCount >= 8 else {
      throw SafetensorsFault(file: file, .headerTooSmall(fileByteCount: source.byteCount))
    }
    var prefix = [UInt8](repeating: 0, count: 8)
    try source.read(8, at: 0, into: &prefix, startingAt: 0)
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Limits.safetensorsHeader else {
      throw SafetensorsFault(file: file, .headerTooLarge(length), offset: 0)
    }
    guard length <= source.byteCount - 8 else {
      throw SafetensorsFault(
        file: file,
        .invalidHeaderLength(length, fileByteCount: source.byteCount),
        offset: 0
      )
    }
    var parser = HeaderParser(source: source, length: length, lenient: lenient)
    var header: SafetensorsHeader
    do {
      header = try parser.parse()
    } catch let error as JSONError {
      throw SafetensorsFault(
        file: file,
        tensor: parser.currentTensor,
        .json(error),
        offset: 8 + error.offset
      )
    }
    header.dataStart = 8 + length
    try header.validate(file: file, dataByteCount: source.byteCount - header.dataStart)
    if length > Limits.hubHeader {
      header.warnings.append(
        Diagnosis(
          .badData,
          file: file,
          "the header has \(length) bytes",
          expected: "the Hub reads at most 25000000"
        )
      )
    }
    return header
  }

  /// Checks sizes and offsets, in the reference's order.
  private func validate(file: String, dataByteCount: UInt64) throws {
    /// Reports a broken rule of one tensor.
    func fault(_ entry: Entry, _ rule: SafetensorsFault.Rule) -> SafetensorsFault {
      SafetensorsFault(file: file, tensor: entry.name, rule, offset: dataStart.addingChecked(entry.begin))
    }
    var end: UInt64 = 0
    for index in indicesByOffset() {
      let entry = entries[index]
      if entry.end < entry.begin { throw fault(entry, .reversedOffsets(entry.begin, entry.end)) }
      if entry.begin != end { throw fault(entry, .invalidOffset(begin: entry.begin, expected: end)) }
      let (bits, overflow) = entry.shape.elementCount.multipliedReportingOverflow(
        by: UInt64(entry.elementType.bitWidth)
      )
      if overflow { throw fault(entry, .shapeOverflow) }
      if bits % 8 != 0 {
        throw fault(entry, .misaligned(entry.elementType, elements: entry.shape.elementCount))
      }
      if bits / 8 != entry.end - entry.begin {
        throw fault(entry, .wrongByteCount(found: entry.end - entry.begin, expected: bits / 8))
      }
      end = entry.end
      // Said here, where the tensor that the file ends in is known.
      if end > dataByteCount { throw fault(entry, .cutShort(missing: end - dataByteCount)) }
    }
    if end < dataByteCount {
      throw SafetensorsFault(file: file, .trailingBytes(dataByteCount - end), offset: dataStart + end)
    }
  }

  /// The entries' places by (begin, end); most files have them in order already.
  private func indicesByOffset() -> [Int] {
    func precedes(_ left: Int, _ right: Int) -> Bool {
      (entries[left].begin, entries[left].end) < (entries[right].begin, entries[right].end)
    }
    let indices = Array(entries.indices)
    let isSorted = indices.dropFirst().allSatisfy { !precedes($0, $0 - 1) }
    return isSorted ? indices : indices.sorted(by: precedes)
  }
}
