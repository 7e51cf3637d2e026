public import ModelIR

extension GGUFHeader {
  /// The most elements that are decoded at once, those of nested arrays included.
  public static let mostDecodedElements = 1 << 24

  /// Decodes a run of an array's elements.
  ///
  /// Numbers are found at once, strings by walking over the lengths of those before.
  /// - Parameters:
  ///   - range: which elements; clamped to those that there are.
  ///   - repairing: puts U+FFFD where a string is no UTF-8, instead of throwing.
  /// - Returns: the elements; none if the entry is no array.
  /// - Throws: ``GGUFFault``, or what the source throws.
  public func elements(
    of entry: Entry,
    in source: any ByteSource,
    range: Range<UInt64> = 0..<UInt64.max,
    repairing: Bool = false
  ) throws -> [MetadataValue] {
    guard case .array(let type, let count, let payload) = entry.content else { return [] }
    let range = range.clamped(to: 0..<count)
    var decoder = ArrayDecoder(self, entry, source: source, at: payload.lowerBound, repairing: repairing)
    return try decoder.elements(of: type, range: range)
  }

  /// The text of an entry, held or not.
  /// - Parameter repairing: puts U+FFFD where the text is no UTF-8, instead of throwing.
  /// - Returns: the text, or nil if the entry is none.
  /// - Throws: ``GGUFFault``, or what the source throws.
  public func text(
    of entry: Entry,
    in source: any ByteSource,
    repairing: Bool = false
  ) throws -> String? {
    switch entry.content {
    case .value(.string(let text)): return text
    case .text(let range):
      var decoder = ArrayDecoder(self, entry, source: source, at: range.lowerBound, repairing: repairing)
      return try decoder.text(UInt64(range.count))
    default: return nil
    }
  }
}

/// Decodes the elements of one array.
private struct ArrayDecoder {
  private let entry: GGUFHeader.Entry
  private let file: String
  private let repairing: Bool
  private let lengthWidth: Int
  private var cursor: HeaderCursor
  private var decoded: UInt64 = 0

  init(
    _ header: GGUFHeader,
    _ entry: GGUFHeader.Entry,
    source: any ByteSource,
    at place: UInt64,
    repairing: Bool
  ) {
    self.entry = entry
    self.repairing = repairing
    file = source.displayName
    lengthWidth = GGUFHeader.lengthWidth(ofVersion: header.version)
    cursor = HeaderCursor(source)
    cursor.isBigEndian = header.isBigEndian
    cursor.seek(to: min(place, cursor.byteCount))
  }

  private func fault(_ rule: GGUFFault.Rule) -> GGUFFault {
    GGUFFault(file: file, key: entry.key, rule, offset: cursor.position)
  }

  private mutating func word(_ width: Int) throws -> UInt64 {
    guard let word = try cursor.word(width) else { throw fault(.cutShort(within: "an array")) }
    return word
  }

  private mutating func skip(_ count: UInt64) throws {
    guard cursor.skip(count) else { throw fault(.cutShort(within: "an array")) }
  }

  /// The next `length` bytes as text.
  mutating func text(_ length: UInt64) throws -> String {
    guard length <= GGUFHeader.longestRun else { throw fault(.stringTooLong(length)) }
    guard let bytes = try cursor.bytes(Int(length)) else { throw fault(.cutShort(within: "a string")) }
    if repairing { return String(decoding: bytes, as: UTF8.self) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw fault(.textNotUTF8) }
    return text
  }

  /// Makes sure that `count` more elements may be decoded.
  private mutating func debit(_ count: UInt64) throws {
    let (sum, overflow) = decoded.addingReportingOverflow(count)
    guard !overflow, sum <= UInt64(GGUFHeader.mostDecodedElements) else {
      throw fault(.tooManyElementsAtOnce(limit: GGUFHeader.mostDecodedElements))
    }
    decoded = sum
  }

  mutating func elements(of type: GGUFValueType, range: Range<UInt64>) throws -> [MetadataValue] {
    switch type {
    case .array:
      for _ in 0..<range.lowerBound { _ = try nested(keeping: false) }
      return try run(UInt64(range.count)) { try $0.nested(keeping: true) }
    case .string:
      for _ in 0..<range.lowerBound { try skip(word(lengthWidth)) }
    default:
      try skip(range.lowerBound * UInt64(type.byteWidth ?? 1))
    }
    return try flat(type, UInt64(range.count))
  }

  private mutating func run(
    _ count: UInt64,
    _ next: (inout ArrayDecoder) throws -> MetadataValue
  ) throws -> [MetadataValue] {
    try debit(count)
    var values: [MetadataValue] = []
    // Not reserved: the count may be a lie if the file changed.
    for _ in 0..<count { values.append(try next(&self)) }
    return values
  }

  /// The next `count` scalars or strings.
  private mutating func flat(_ type: GGUFValueType, _ count: UInt64) throws -> [MetadataValue] {
    try run(count) { decoder in
      guard let width = type.byteWidth else {
        return .string(try decoder.text(decoder.word(decoder.lengthWidth)))
      }
      guard let value = type.value(ofWord: try decoder.word(width)) else {
        preconditionFailure("a scalar has a value")
      }
      return value
    }
  }

  /// The next array within an array; empty where it is only passed over.
  private mutating func nested(keeping: Bool) throws -> MetadataValue {
    /// The arrays that are being read, the outermost first: what they hold, and how much is to come.
    var open: [(values: [MetadataValue], left: UInt64)] = [([], 1)]
    while true {
      while let last = open.last, last.left == 0, open.count > 1 {
        open.removeLast()
        open[open.count - 1].values.append(.array(last.values))
      }
      guard open[open.count - 1].left > 0 else { return open[0].values.first ?? .array([]) }
      open[open.count - 1].left -= 1
      guard let type = GGUFValueType(rawValue: UInt32(truncatingIfNeeded: try word(4))) else {
        throw fault(.cutShort(within: "an array"))
      }
      let count = try word(lengthWidth)
      if type == .array {
        guard open.count < GGUFHeader.deepestNesting else {
          throw fault(.nestedTooDeep(limit: GGUFHeader.deepestNesting))
        }
        try debit(keeping ? count : 0)
        open.append(([], count))
      } else if keeping {
        open[open.count - 1].values.append(.array(try flat(type, count)))
      } else if type == .string {
        for _ in 0..<count { try skip(word(lengthWidth)) }
      } else {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(type.byteWidth ?? 1))
        try skip(overflow ? .max : bytes)
      }
    }
  }
}
