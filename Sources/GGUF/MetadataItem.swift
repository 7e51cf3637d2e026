public import ModelIR

/// A key-value pair of a file that is about to be written.
public enum MetadataItem: Sendable, Hashable {
  /// A pair of a file that is there, copied byte for byte.
  case copied(GGUFHeader.Entry, file: Int)
  /// A new pair; arrays name the type of their elements.
  case new(key: String, value: MetadataValue, of: GGUFValueType? = nil)

  /// The key.
  public var key: String {
    switch self {
    case .copied(let entry, _): entry.key
    case .new(let key, _, _): key
    }
  }

  /// The type of the value; nil where GGUF has none for it.
  public var type: GGUFValueType? {
    switch self {
    case .copied(let entry, _): entry.type
    case .new(_, let value, _): GGUFValueType(of: value)
    }
  }

  /// The value; nil for arrays and long texts that are copied.
  public var value: MetadataValue? {
    switch self {
    case .copied(let entry, _): entry.value
    case .new(_, let value, _): value
    }
  }

  /// Whether the keys are the same bytes.
  public func hasKey(_ key: String) -> Bool { self.key.utf8.elementsEqual(key.utf8) }
}

extension GGUFHeader {
  /// The metadata as items of a file to write: copied byte for byte, or decoded where the file's version or
  /// byte order is not the one that is written.
  /// - Parameter index: the number of the file in the regions that will be copied.
  /// - Throws: ``GGUFFault`` where a value cannot be decoded.
  public func items(inFile index: Int, of source: any ByteSource) throws -> [MetadataItem] {
    guard version == 1 || isBigEndian else { return entries.map { .copied($0, file: index) } }
    return try entries.map { entry in
      switch entry.content {
      case .value(let value): return .new(key: entry.key, value: value)
      case .text: return .new(key: entry.key, value: .string(try text(of: entry, in: source) ?? ""))
      case .array(let type, let count, _):
        // Checked here, because asking for more elements than that is no mistake of the file.
        guard count <= UInt64(Self.mostDecodedElements) else {
          throw GGUFFault(
            file: source.displayName,
            key: entry.key,
            .tooManyElementsAtOnce(limit: Self.mostDecodedElements),
            offset: entry.range.lowerBound
          )
        }
        return .new(key: entry.key, value: .array(try elements(of: entry, in: source)), of: type)
      }
    }
  }
}
