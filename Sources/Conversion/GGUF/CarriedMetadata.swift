internal import GGUF
public import ModelIR
internal import StrictJSON

/// Metadata on the way through another container: a JSON text under one key, which becomes native keys again on
/// the way home.
///
/// The text is a list of `[key, type, value]`. Types are GGUF's names, `[u32]` for an array of them. Integers are
/// JSON numbers, so are floats by the digits that give them back; a float that is not finite is a string with its
/// bits in hexadecimal.
enum CarriedMetadata {
  /// The key that the text stands under, in every container.
  static let key = "lacuna.metadata"
  private static let architectureKey = GGUFDialect.architectureKey
  /// The architecture of models that have none that llama.cpp knows.
  private static let ownArchitecture = GGUFDialect.ownArchitecture

  /// The metadata of a safetensors file made from a GGUF model.
  /// - Parameter fileType: what its weights have become; nil if they stayed as they were.
  /// - Throws: ``GGUFFault`` for texts that are no UTF-8 and for arrays that are too long, what reading throws.
  static func metadata(of reader: GGUFReader, as fileType: GGUFFileType? = nil) throws -> Metadata {
    let header = reader.header
    var metadata = Metadata()
    if let entry = header.entry(forKey: key), let text = try header.text(of: entry, in: reader.source) {
      for item in try items(ofText: text, file: reader.source.displayName) {
        if case .new(let key, .string(let value), _) = item {
          metadata.append(key: key, value: .string(value))
        }
      }
    }
    let own = GGUFDialect.plain(header.entries).filter { entry in
      if SplitModel.keys.contains(where: { $0.utf8.elementsEqual(entry.key.utf8) }) { return false }
      if entry.key.utf8.elementsEqual(key.utf8) { return false }
      return !(entry.key.utf8.elementsEqual(architectureKey.utf8) && entry.value == .string(ownArchitecture))
    }
    if !own.isEmpty { metadata.append(key: key, value: .string(try text(of: own, in: reader, as: fileType))) }
    return metadata
  }

  /// The metadata of a GGUF file made from a safetensors model: what it carried, and its own in a text.
  /// - Throws: ``CarriedMetadataFault``.
  static func items(ofFile file: ModelFile?) throws -> [MetadataItem] {
    var items: [MetadataItem] = []
    var own: [(key: String, value: String)] = []
    if let file {
      for index in 0..<file.metadata.count {
        guard case .string(let text) = file.metadata.value(at: index) else { continue }
        let found = file.metadata.key(at: index)
        if found.utf8.elementsEqual(key.utf8) {
          items = try self.items(ofText: text, file: file.source.displayName)
        } else {
          own.append((found, text))
        }
      }
    }
    if !items.contains(where: { $0.hasKey(architectureKey) }) {
      items.insert(.new(key: architectureKey, value: .string(ownArchitecture)), at: 0)
    }
    if !own.isEmpty { items.append(.new(key: key, value: .string(try text(of: own)))) }
    return items
  }

  /// Whether a pair says that the architecture is none that llama.cpp knows.
  static func isOwnArchitecture(_ item: MetadataItem) -> Bool {
    item.hasKey(architectureKey) && item.value == .string(ownArchitecture)
  }

  private static func text(of pairs: [(key: String, value: String)]) throws -> String {
    var writer = JSONWriter()
    try writer.array { writer in
      for (key, value) in pairs {
        try writer.array { writer in
          try writer.value(key)
          try writer.value(GGUFValueType.string.name)
          try writer.value(value)
        }
      }
    }
    return String(decoding: try writer.finish(), as: UTF8.self)
  }

  private static func text(
    of entries: [GGUFHeader.Entry],
    in reader: GGUFReader,
    as fileType: GGUFFileType?
  ) throws -> String {
    var writer = JSONWriter()
    try writer.array { writer in
      for entry in entries {
        try writer.array { writer in
          try writer.value(entry.key)
          if case .array(let type, let count, let payload) = entry.content {
            guard count <= UInt64(GGUFHeader.mostDecodedElements) else {
              throw GGUFFault(
                file: reader.source.displayName,
                key: entry.key,
                .tooManyElementsAtOnce(limit: GGUFHeader.mostDecodedElements),
                offset: payload.lowerBound
              )
            }
            try writer.value("[\(type.name)]")
            let elements = try reader.header.elements(of: entry, in: reader.source)
            try writer.array { writer in
              for element in elements { try write(element, of: entry, in: reader, to: &writer) }
            }
          } else if let value = entry.value {
            try writer.value(entry.type.name)
            if let fileType, entry.type == .uint32, entry.key == GGUFFileType.key {
              try writer.value(fileType.number)
            } else {
              try write(value, of: entry, in: reader, to: &writer)
            }
          } else {
            try writer.value(entry.type.name)
            try writer.value(try reader.header.text(of: entry, in: reader.source) ?? "")
          }
        }
      }
    }
    return String(decoding: try writer.finish(), as: UTF8.self)
  }

  private static func write(
    _ value: MetadataValue,
    of entry: GGUFHeader.Entry,
    in reader: GGUFReader,
    to writer: inout JSONWriter
  ) throws {
    switch value {
    case .string(let text): try writer.value(text)
    case .bool(let flag): try writer.value(flag)
    case .signed(let number, _): try writer.value(number)
    case .unsigned(let number, _): try writer.value(number)
    case .float32(let bits):
      // The shortest digits of a single-precision number are fewer than those of the double that they name.
      let number = Float(bitPattern: bits)
      if number.isFinite, let double = Double(number.description) {
        try writer.value(double)
      } else {
        try writer.value("0x" + String(bits, radix: 16))
      }
    case .float64(let bits):
      let number = Double(bitPattern: bits)
      if number.isFinite {
        try writer.value(number)
      } else {
        try writer.value("0x" + String(bits, radix: 16))
      }
    case .array:
      throw GGUFFault(
        file: reader.source.displayName,
        key: entry.key,
        .nestedArrayBeyondGGUF,
        offset: entry.range.lowerBound
      )
    }
  }

  /// The pairs of a text.
  /// - Throws: ``CarriedMetadataFault``.
  static func items(ofText text: String, file: String) throws -> [MetadataItem] {
    var reader = JSONReader(Array(text.utf8))
    var items: [MetadataItem] = []
    do {
      try reader.beginArray()
      while try reader.nextElement() { items.append(try CarriedPair.read(&reader)) }
      try reader.readEnd()
    } catch let error as JSONError {
      throw CarriedMetadataFault(file: file, problem: error.problem)
    } catch let error as CarriedPair.Problem {
      throw CarriedMetadataFault(file: file, problem: error.words)
    }
    return items
  }
}

/// A carried text that is broken.
public struct CarriedMetadataFault: Fault, Hashable {
  /// The file.
  public let file: String
  /// What is wrong with it.
  public let problem: String

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(.badData, file: file, "\(CarriedMetadata.key): \(problem)")
  }
}
