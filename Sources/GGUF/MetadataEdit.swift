internal import ModelIR

/// A change of metadata, as people write it: `key=value`, or `key:type=value` with one of GGUF's types.
public struct MetadataEdit: Sendable, Hashable {
  /// The text as given.
  public let text: String
  /// The key, where the text names no type.
  private let key: String
  /// The key and the type, where the text can be read as naming one.
  private let typed: (key: String, type: GGUFValueType)?
  /// What follows the first `=`.
  private let value: String

  /// What says which shard of a split a file is; it follows from how the model is written.
  private static let ownKeys: Set<String> = ["split.no", "split.count", "split.tensors.count"]

  /// A change that `text` describes.
  /// - Throws: ``MetadataEditFault`` if it has no `=` or no key, or the key of a split.
  public init(_ text: String) throws(MetadataEditFault) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw MetadataEditFault(key: text, .noAssignment)
    }
    self.text = text
    key = String(text[..<equals])
    value = String(text[text.index(after: equals)...])
    if let colon = key.lastIndex(of: ":"), colon != key.startIndex,
      let type = GGUFValueType(name: String(key[key.index(after: colon)...]))
    {
      typed = (String(key[..<colon]), type)
    } else {
      typed = nil
    }
    if Self.ownKeys.contains(typed?.key ?? key) { throw MetadataEditFault(key: typed?.key ?? key, .ofSplits) }
  }

  /// Whether the texts are the same.
  public static func == (left: MetadataEdit, right: MetadataEdit) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// Feeds the text.
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// Makes the change: the type is the one that is named, else that of the pair that is replaced, else the
  /// one that the key or the value suggests. A replaced pair keeps its place, a new one comes last.
  /// - Throws: ``MetadataEditFault`` where the value does not fit, or a new key names an unknown type.
  public func apply(to items: inout [MetadataItem]) throws(MetadataEditFault) {
    if let place = items.firstIndex(where: { $0.hasKey(key) }) {
      try replace(&items[place], by: key, items[place].type)
    } else if let typed {
      if let place = items.firstIndex(where: { $0.hasKey(typed.key) }) {
        try replace(&items[place], by: typed.key, typed.type)
      } else {
        items.append(try Self.item(typed.key, typed.type, value))
      }
    } else if let colon = key.lastIndex(of: ":") {
      // A new key with a colon of its own is set with its type behind it.
      throw MetadataEditFault(key: key, .noSuchType(String(key[key.index(after: colon)...])))
    } else {
      items.append(try Self.item(key, GGUFValueType(suggestedFor: key, value), value))
    }
  }

  private func replace(
    _ item: inout MetadataItem,
    by key: String,
    _ type: GGUFValueType?
  ) throws(MetadataEditFault) {
    let new = try Self.item(key, type ?? .array, value)
    // The same value again leaves the pair's own bytes.
    if case .new(_, let value, _) = new, item.value == value { return }
    item = new
  }

  private static func item(
    _ key: String,
    _ type: GGUFValueType,
    _ text: String
  ) throws(MetadataEditFault) -> MetadataItem {
    if type == .array { throw MetadataEditFault(key: key, .isArray) }
    guard let value = type.value(ofText: text) else {
      throw MetadataEditFault(key: key, .notOfType(text, type))
    }
    if key.utf8.elementsEqual("general.alignment".utf8) {
      guard case .unsigned(let alignment, bits: 32) = value, alignment.nonzeroBitCount == 1 else {
        throw MetadataEditFault(key: key, .wrongAlignment(text))
      }
    }
    return .new(key: key, value: value)
  }

  /// Removes the pair of `key`.
  /// - Throws: ``MetadataEditFault`` if there is none.
  public static func unset(_ key: String, in items: inout [MetadataItem]) throws(MetadataEditFault) {
    guard let place = items.firstIndex(where: { $0.hasKey(key) }) else {
      throw MetadataEditFault(key: key, .unknownKey)
    }
    items.remove(at: place)
  }
}

extension GGUFValueType {
  /// The value of this type that `text` spells; nil where it spells none, and for arrays.
  func value(ofText text: String) -> MetadataValue? {
    switch self {
    case .string: .string(text)
    case .bool: Bool(text).map { .bool($0) }
    case .uint8: UInt8(text).map { .unsigned(UInt64($0), bits: 8) }
    case .uint16: UInt16(text).map { .unsigned(UInt64($0), bits: 16) }
    case .uint32: UInt32(text).map { .unsigned(UInt64($0), bits: 32) }
    case .uint64: UInt64(text).map { .unsigned($0, bits: 64) }
    case .int8: Int8(text).map { .signed(Int64($0), bits: 8) }
    case .int16: Int16(text).map { .signed(Int64($0), bits: 16) }
    case .int32: Int32(text).map { .signed(Int64($0), bits: 32) }
    case .int64: Int64(text).map { .signed($0, bits: 64) }
    case .float32:
      Float(text).flatMap { $0.isInfinite && Self.isNumber(text) ? nil : .float32(bitPattern: $0.bitPattern) }
    case .float64:
      Double(text).flatMap {
        $0.isInfinite && Self.isNumber(text) ? nil : .float64(bitPattern: $0.bitPattern)
      }
    case .array: nil
    }
  }

  /// Whether a float's text is made of digits: an infinity from it means that it is too large.
  private static func isNumber(_ text: String) -> Bool { text.utf8.contains { (0x30...0x39).contains($0) } }

  /// The keys of the specification's "Standardized key-value pairs" that are numbers although a key of their
  /// kind is text.
  private static let integerKeys: Set<String> = [
    "general.alignment", "general.quantization_version", "general.file_type", "general.base_model.count",
    "general.dataset.count",
  ]
  /// Those that are lists of text.
  private static let arrayKeys: Set<String> = ["general.tags", "general.languages", "general.datasets"]

  /// The type for a new key: that of the specification where it has one, else what the value looks like.
  init(suggestedFor key: String, _ text: String) {
    if Self.integerKeys.contains(key) {
      self = .uint32
    } else if Self.arrayKeys.contains(key) {
      self = .array
    } else if key.hasPrefix("general.") || key == "tokenizer.chat_template" {
      self = .string
    } else {
      self = Self.guess(text)
    }
  }

  private static func guess(_ text: String) -> GGUFValueType {
    if text == "true" || text == "false" { return .bool }
    // Only the usual spelling is a number: 007 and +1 are text.
    if let number = UInt64(text), String(number) == text { return number <= UInt32.max ? .uint32 : .uint64 }
    if let number = Int64(text), String(number) == text { return number >= Int32.min ? .int32 : .int64 }
    let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
    if isDecimal, let digit = text.utf8.first(where: { $0 != 0x2D }), (0x30...0x39).contains(digit),
      let number = Float(text), number.isFinite, text.utf8.contains(where: { ".eE".utf8.contains($0) })
    {
      return .float32
    }
    return .string
  }
}
