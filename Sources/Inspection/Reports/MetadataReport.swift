public import ModelIR

/// A model's metadata, as far as they are shown.
public struct MetadataReport: Sendable {
  /// A key and its value.
  public struct Entry: Sendable, Hashable {
    /// The key.
    public var key: String
    /// The type in GGUF's words: `u32`, `str`, and `[str]` for an array of them.
    public var type: String
    /// The value; of long texts and arrays the start, and of texts that are no UTF-8 what can be read.
    public var value: MetadataValue
    /// The elements of an array, or the bytes of a text; nil for other values.
    public var count: UInt64?
    /// Whether ``value`` is only the start.
    public var isCut: Bool

    /// An entry of these parts.
    public init(key: String, type: String, value: MetadataValue, count: UInt64? = nil, isCut: Bool = false) {
      self.key = key
      self.type = type
      self.value = value
      self.count = count
      self.isCut = isCut
    }
  }

  /// What files are compressed exports of.
  public struct Export: Sendable, Hashable {
    /// The formats of the sources, each once.
    public var formats: [String]
    /// The bytes of the exports.
    public var byteCount: UInt64
    /// The bytes of the sources.
    public var sourceByteCount: UInt64

    /// Exports of these measures.
    public init(formats: [String], byteCount: UInt64, sourceByteCount: UInt64) {
      self.formats = formats
      self.byteCount = byteCount
      self.sourceByteCount = sourceByteCount
    }
  }

  /// What the files are compressed exports of; nil where they are none.
  public var export: Export?
  /// What people want to know first, in a few words each: architecture, name, file type.
  public var headline: [String]
  /// All entries, in the order of the file; nil where they were not asked for.
  public var entries: [Entry]?

  /// A report of these parts.
  public init(headline: [String] = [], entries: [Entry]? = nil) {
    self.headline = headline
    self.entries = entries
  }
}
