/// A value of a model's metadata; the types are those of GGUF, the richest of the containers.
public enum MetadataValue: Sendable, Hashable {
  /// Text.
  case string(String)
  /// True or false.
  case bool(Bool)
  /// A signed integer of 8, 16, 32 or 64 bits.
  case signed(Int64, bits: Int)
  /// An unsigned integer of 8, 16, 32 or 64 bits.
  case unsigned(UInt64, bits: Int)
  /// Single precision, by its bits.
  case float32(bitPattern: UInt32)
  /// Double precision, by its bits.
  case float64(bitPattern: UInt64)
  /// Values of one type.
  case array([MetadataValue])
}

/// A model's metadata: keys and values in the order of the file.
///
/// Text is packed into one buffer (16 bytes of overhead an entry), because a header of 100 MB may hold
/// millions of entries. Strings are made on demand.
public struct Metadata: Sendable {
  private struct Entry {
    var keyStart: UInt32
    var valueStart: UInt32
    var end: UInt32
    /// An index into `others`, or -1 for text.
    var other: Int32
  }

  private var text: [UInt8] = []
  private var entries: [Entry] = []
  private var others: [MetadataValue] = []

  /// No metadata.
  public init() {}

  /// The most text that one model's metadata may hold, in bytes: safetensors' limit for the whole header is
  /// a tenth of it.
  public static let largestText = 1_000_000_000

  /// How many entries there are.
  public var count: Int { entries.count }
  /// Whether there is none.
  public var isEmpty: Bool { entries.isEmpty }

  /// Adds an entry of UTF-8 text at the end.
  /// - Precondition: the text of all entries stays under ``largestText``.
  public mutating func append(key: some Collection<UInt8>, text value: some Collection<UInt8>) {
    precondition(text.count + key.count + value.count <= Self.largestText, "metadata outgrew its limit")
    let start = UInt32(text.count)
    text.append(contentsOf: key)
    let middle = UInt32(text.count)
    text.append(contentsOf: value)
    entries.append(Entry(keyStart: start, valueStart: middle, end: UInt32(text.count), other: -1))
  }

  /// Adds an entry at the end.
  public mutating func append(key: String, value: MetadataValue) {
    if case .string(let value) = value {
      append(key: key.utf8, text: value.utf8)
      return
    }
    append(key: key.utf8, text: EmptyCollection())
    entries[entries.count - 1].other = Int32(others.count)
    others.append(value)
  }

  /// The key of the entry at `index`.
  public func key(at index: Int) -> String {
    let entry = entries[index]
    return String(decoding: text[Int(entry.keyStart)..<Int(entry.valueStart)], as: UTF8.self)
  }

  /// The value of the entry at `index`.
  public func value(at index: Int) -> MetadataValue {
    let entry = entries[index]
    guard entry.other < 0 else { return others[Int(entry.other)] }
    return .string(String(decoding: text[Int(entry.valueStart)..<Int(entry.end)], as: UTF8.self))
  }

  /// The value under `key`, compared by bytes.
  /// - Complexity: linear in the number of entries.
  public func value(forKey key: String) -> MetadataValue? {
    index(ofKey: key.utf8).map(value(at:))
  }

  /// The text under `key`, or nil if there is none or it is no text.
  public func text(forKey key: String) -> String? {
    if case .string(let text)? = value(forKey: key) { text } else { nil }
  }

  /// The place of the first entry under `key`, compared by bytes.
  /// - Complexity: linear in the number of entries.
  public func index(ofKey key: some Collection<UInt8>) -> Int? {
    entries.firstIndex { entry in
      Int(entry.valueStart - entry.keyStart) == key.count
        && text[Int(entry.keyStart)..<Int(entry.valueStart)].elementsEqual(key)
    }
  }

  /// Removes the entry at `index`; its text stays in memory.
  public mutating func remove(at index: Int) { entries.remove(at: index) }

  /// The entries whose keys do not start with `prefix`.
  public func removing(prefix: String) -> Metadata {
    var result = Metadata()
    let wanted = Array(prefix.utf8)
    for (index, entry) in entries.enumerated() {
      let key = text[Int(entry.keyStart)..<Int(entry.valueStart)]
      if key.starts(with: wanted) { continue }
      if entry.other < 0 {
        result.append(key: key, text: text[Int(entry.valueStart)..<Int(entry.end)])
      } else {
        result.append(key: self.key(at: index), value: others[Int(entry.other)])
      }
    }
    return result
  }
}
