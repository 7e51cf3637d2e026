public import ModelIR
internal import StrictJSON

extension ExportManifest {
  /// The manifest's text: JSON without white space, keys always in the same order.
  public func text() throws -> String {
    var writer = JSONWriter()
    try writer.object { writer in
      writer.key("source")
      try writer.object { writer in
        writer.key("name")
        try writer.value(fileName)
        writer.key("format")
        try writer.value(format.rawValue)
        writer.key("bytes")
        try writer.value(byteCount)
        writer.key("sha256")
        try writer.value(digest)
      }
      writer.key("level")
      try writer.value(level)
      writer.key("tensors")
      try writer.array { writer in
        for entry in entries { try entry.write(to: &writer) }
      }
    }
    return String(decoding: try writer.finish(), as: UTF8.self)
  }

  /// Reads a manifest; whether it fits its file is checked afterwards.
  /// - Throws: ``ExportManifestFault``.
  public static func read(version: String?, text: String?, file: String) throws -> ExportManifest {
    guard version == Self.version else {
      throw ExportManifestFault(file: file, .unknownVersion(version ?? ""))
    }
    guard let text else { throw ExportManifestFault(file: file, .missingField(Manifest.manifestKey)) }
    var parser = ExportParser(file: file)
    do {
      var reader = JSONReader(Array(text.utf8))
      return try parser.parse(&reader)
    } catch let error as JSONError {
      throw ExportManifestFault(file: file, .json(error.problem))
    }
  }
}

extension ExportManifest.Entry {
  fileprivate func write(to writer: inout JSONWriter) throws {
    try writer.object { writer in
      if let name {
        writer.key("name")
        try writer.value(name.text)
      }
      writer.key("dtype")
      try writer.value(content.name)
      writer.key("shape")
      try writer.array { writer in
        for extent in shape.extents { try writer.value(extent) }
      }
      writer.key("offset")
      try writer.value(offset)
      if !isStored {
        writer.key("stored")
        try writer.value(false)
      }
    }
  }
}

/// Turns the JSON into a manifest.
private struct ExportParser {
  let file: String
  private var entries: [ExportManifest.Entry]?
  private var format: ExportManifest.Format?
  private var name: String?
  private var byteCount: UInt64?
  private var digest: String?
  private var level: String?

  init(file: String) { self.file = file }

  private func fault(_ rule: ExportManifestFault.Rule) -> ExportManifestFault {
    ExportManifestFault(file: file, rule)
  }

  /// Reads an object's members; `body` reads the value of each key that it knows and returns whether it did.
  private func members(
    _ reader: inout JSONReader,
    _ body: (String, inout JSONReader) throws -> Bool
  ) throws {
    var seen = Set<String>()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard seen.insert(key).inserted, seen.count <= 100 else {
        throw fault(.wrongField(key, "each field once"))
      }
      if try !body(key, &reader) { try reader.skipValue() }
    }
  }

  mutating func parse(_ reader: inout JSONReader) throws -> ExportManifest {
    var found = self
    let parser = self
    try members(&reader) { key, reader in
      switch key {
      case "source": try found.parseSource(&reader)
      case "level": found.level = try reader.readString()
      case "tensors":
        var entries: [ExportManifest.Entry] = []
        try reader.beginArray()
        while try reader.nextElement() { entries.append(try parser.parseEntry(&reader)) }
        found.entries = entries
      default: return false
      }
      return true
    }
    try reader.readEnd()
    guard let format = found.format else { throw fault(.missingField("source.format")) }
    guard let name = found.name else { throw fault(.missingField("source.name")) }
    guard let byteCount = found.byteCount else { throw fault(.missingField("source.bytes")) }
    guard let digest = found.digest else { throw fault(.missingField("source.sha256")) }
    guard let level = found.level else { throw fault(.missingField("level")) }
    guard let entries = found.entries else { throw fault(.missingField("tensors")) }
    return ExportManifest(
      format: format,
      fileName: name,
      byteCount: byteCount,
      digest: digest,
      level: level,
      entries: entries
    )
  }

  private mutating func parseSource(_ reader: inout JSONReader) throws {
    var found = self
    let parser = self
    try members(&reader) { key, reader in
      switch key {
      case "name":
        let text = try reader.readString()
        let isPlain =
          !text.isEmpty && text != "." && text != ".." && text.utf8.count <= 1000
          && !text.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
        guard isPlain else { throw parser.fault(.wrongField("source.name", "a file name without folders")) }
        found.name = text
      case "format":
        let text = try reader.readString()
        guard let format = ExportManifest.Format(rawValue: text) else {
          throw parser.fault(.wrongField("source.format \"\(text)\"", "safetensors, gguf, onnx or raw"))
        }
        found.format = format
      case "bytes":
        let count = try reader.readUInt64()
        guard count < 1 << 62 else { throw parser.fault(.wrongField("source.bytes", "less than 2^62")) }
        found.byteCount = count
      case "sha256":
        let text = try reader.readString()
        let isHexadecimal = text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x66 }
        guard isHexadecimal, text.utf8.count == 64 else {
          throw parser.fault(.wrongField("source.sha256", "64 hexadecimal digits"))
        }
        found.digest = text
      default: return false
      }
      return true
    }
    self = found
  }

  private func parseEntry(_ reader: inout JSONReader) throws -> ExportManifest.Entry {
    var name: TensorName?
    var content: ExportManifest.Content?
    var shape: Shape?
    var offset: UInt64?
    var isStored = true
    try members(&reader) { key, reader in
      switch key {
      case "name": name = TensorName(try reader.readString())
      case "dtype":
        let text = try reader.readString()
        guard let found = ExportManifest.Content(name: text) else {
          throw fault(.wrongField("dtype \"\(text)\"", "a dtype, or a type of ggml"))
        }
        content = found
      case "shape":
        var extents: [UInt64] = []
        try reader.beginArray()
        while try reader.nextElement() { extents.append(try reader.readUInt64()) }
        guard let found = Shape(extents) else {
          throw fault(.wrongField("shape", "fewer than 2^64 elements"))
        }
        shape = found
      case "offset": offset = try reader.readUInt64()
      case "stored": isStored = try reader.readBoolean()
      default: return false
      }
      return true
    }
    guard let content else { throw fault(.missingField("dtype")) }
    guard let shape else { throw fault(.missingField("shape")) }
    guard let offset else { throw fault(.missingField("offset")) }
    if !isStored && name == nil { throw fault(.missingField("name")) }
    return ExportManifest.Entry(
      name: name,
      content: content,
      shape: shape,
      offset: offset,
      isStored: isStored
    )
  }
}

/// The manifest of a compressed export that is broken, or does not fit its file.
public struct ExportManifestFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The version is another one.
    case unknownVersion(String)
    /// It is no JSON, or not strict JSON.
    case json(String)
    /// A field that must be there is not.
    case missingField(String)
    /// A field's value is not what it must be: the field, and what it must be.
    case wrongField(String, String)
    /// The hash of manifest and header is wrong.
    case digest
    /// The file's tensors are not those of the manifest.
    case tensors(String)
    /// A tensor's bytes do not lie where they can.
    case place
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The broken rule.
  public let rule: Rule

  /// A violation of `rule`.
  public init(file: String, tensor: TensorName? = nil, _ rule: Rule) {
    self.file = file
    self.tensor = tensor
    self.rule = rule
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let key = Manifest.manifestKey
    let (problem, expected): (String, String?) =
      switch rule {
      case .unknownVersion(let version):
        (
          "is a compressed export of the version \"\(version)\"",
          "this program reads \(ExportManifest.version); a newer one may read it"
        )
      case .json(let problem): ("\(key): \(problem)", nil)
      case .missingField(let field): ("\(key): \(field) is missing", nil)
      case .wrongField(let field, let expected): ("\(key): \(field) has a wrong value", expected)
      case .digest: ("the header is damaged: its xxh64 is not the one in \(ExportManifest.digestKey)", nil)
      case .tensors(let problem): ("\(key): \(problem)", nil)
      case .place: ("its bytes lie over others, or outside of the source", nil)
      }
    return Diagnosis(.badData, file: file, tensor: tensor, problem, expected: expected)
  }
}
