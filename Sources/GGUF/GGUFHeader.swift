public import ModelIR

/// The header of a GGUF file, validated: metadata, tensors, and where their data lie.
///
/// Read strictly, a header is accepted if and only if llama.cpp (`ggml/src/gguf.cpp`, October 2026) loads the
/// file, keys and names are UTF-8, and the limits below hold; what makes llama.cpp abort is refused. Memory:
/// one window of the file, keys, scalars, short texts and tensor infos. Arrays are never held.
public struct GGUFHeader: Sendable {
  /// The longest text that is held, in bytes; longer ones are read on demand.
  public static let longestHeldText = 1 << 16
  /// The most bytes of keys, texts and names that are held.
  public static let mostHeldText = 1 << 28
  /// The longest key that is read, in bytes; the specification allows 65,535 and llama.cpp more.
  public static let longestKey = 1 << 20
  /// The most key-value pairs.
  public static let mostPairs = 1_000_000
  /// The longest string and the longest array that llama.cpp reads.
  public static let longestRun: UInt64 = 1 << 30
  /// The longest tensor name that llama.cpp reads, in bytes.
  public static let longestName = 63
  /// The longest tensor name that is read leniently, in bytes.
  public static let longestLenientName = 65_535
  /// How deep arrays may nest where they may nest at all.
  public static let deepestNesting = 8
  /// The most dimensions of a tensor.
  public static let mostDimensions = 4

  /// A key and its value.
  public struct Entry: Sendable, Hashable {
    /// What the value is, or where it lies.
    public enum Content: Sendable, Hashable {
      /// A scalar or a short text.
      case value(MetadataValue)
      /// A text that is not held, because it is long or no UTF-8: its bytes in the file.
      case text(Range<UInt64>)
      /// An array: the type and number of its elements, and their bytes in the file.
      case array(of: GGUFValueType, count: UInt64, payload: Range<UInt64>)
    }

    /// The key.
    public var key: String
    /// The type of the value.
    public var type: GGUFValueType
    /// The value.
    public var content: Content
    /// The bytes of key and value in the file, which are copied where the pair is unchanged.
    public var range: Range<UInt64>

    /// The value, if it is held.
    public var value: MetadataValue? {
      if case .value(let value) = content { value } else { nil }
    }
  }

  /// 1, 2 or 3.
  public internal(set) var version: UInt32 = 3
  /// Whether integers and floats are big-endian, those of tensors too.
  public internal(set) var isBigEndian = false
  /// The metadata in the order of the file.
  public internal(set) var entries: [Entry] = []
  /// The tensors in the order of the file.
  public internal(set) var tensors: [GGUFTensorInfo] = []
  /// The alignment of the data: `general.alignment`, or 32.
  public internal(set) var alignment: UInt64 = 32
  /// Where the data section starts in the file; where there are no tensors, the end of the metadata.
  public internal(set) var dataStart: UInt64 = 0
  /// Where the last tensor's padding ends.
  public internal(set) var dataEnd: UInt64 = 0
  /// What was let pass, one for each kind.
  public internal(set) var oddities: [GGUFOddity] = []

  /// Reads and validates the header of `source`.
  /// - Parameter lenient: accepts with a warning what other readers do: version 1, big-endian files, tensors
  ///   with gaps between them or out of order, nested arrays, long names, empty keys, a last tensor
  ///   without its padding.
  /// - Throws: ``GGUFFault``, or what the source throws.
  public static func read(from source: any ByteSource, lenient: Bool = false) throws -> GGUFHeader {
    var parser = HeaderParser(source: source, lenient: lenient)
    return try parser.parse()
  }

  /// What should be known.
  public var warnings: [Diagnosis] { oddities.map(\.diagnosis) }

  /// The entry of `key`, compared by bytes.
  /// - Complexity: linear in the number of entries.
  public func entry(forKey key: String) -> Entry? {
    entries.first { $0.key.utf8.elementsEqual(key.utf8) }
  }

  /// The bytes of a length or a count: version 1 has 32 bits for them.
  static func lengthWidth(ofVersion version: UInt32) -> Int { version == 1 ? 4 : 8 }
}
