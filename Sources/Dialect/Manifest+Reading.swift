public import ModelIR
internal import StrictJSON

extension Manifest {
  /// Reads the manifest of a file's metadata; nil if the file has none and is what it seems.
  /// - Throws: ``ManifestFault``.
  public static func read(from metadata: Metadata, file: String) throws -> Manifest? {
    try read(
      version: metadata.text(forKey: versionKey),
      text: metadata.text(forKey: manifestKey),
      file: file
    )
  }

  /// Reads the manifest of a file whose metadata have these texts of ours; nil if it has neither.
  /// - Throws: ``ManifestFault``.
  public static func read(version: String?, text: String?, file: String) throws -> Manifest? {
    guard let version else {
      if text != nil { throw ManifestFault(file: file, .missingVersion) }
      return nil
    }
    guard version == Self.version else { throw ManifestFault(file: file, .unknownVersion(version)) }
    guard let text else { throw ManifestFault(file: file, .missingManifest) }
    var parser = ManifestParser(file: file)
    do {
      var reader = JSONReader(Array(text.utf8))
      return try parser.parse(&reader)
    } catch let error as JSONError {
      throw ManifestFault(file: file, tensor: parser.tensor, .json(error.problem))
    }
  }
}

/// Turns a manifest's JSON into entries; whether they fit the file is checked afterwards.
private struct ManifestParser {
  let file: String
  /// Whose fields are being read.
  var tensor: TensorName?

  init(file: String) { self.file = file }

  func fault(_ rule: ManifestFault.Rule) -> ManifestFault {
    ManifestFault(file: file, tensor: tensor, rule)
  }

  /// Reads an object's members; `body` reads the value of each key that it knows and returns whether it did.
  func members(
    _ reader: inout JSONReader,
    _ body: (String, inout JSONReader) throws -> Bool
  ) throws {
    var seen = Set<String>()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if !seen.insert(key).inserted { throw fault(.duplicateField(key)) }
      if seen.count > JSONReader.skippedKeyLimit { throw fault(.wrongField(key, expected: "fewer fields")) }
      if try !body(key, &reader) { try reader.skipValue() }
    }
  }

  func integer(_ field: String, _ reader: inout JSONReader) throws -> Int {
    guard let value = Int(exactly: try reader.readUInt64()) else {
      throw fault(.wrongField(field, expected: "a smaller integer"))
    }
    return value
  }

  func extents(_ reader: inout JSONReader) throws -> [UInt64] {
    var extents: [UInt64] = []
    try reader.beginArray()
    while try reader.nextElement() { extents.append(try reader.readUInt64()) }
    return extents
  }

  mutating func parse(_ reader: inout JSONReader) throws -> Manifest {
    var entries: [Manifest.Entry]?
    var declaresMetadata = true
    var seen = Set<String>()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if !seen.insert(key).inserted { throw fault(.duplicateField(key)) }
      switch key {
      case "source_metadata": declaresMetadata = try reader.readBoolean()
      case "tensors":
        var found: [Manifest.Entry] = []
        try reader.beginArray()
        while try reader.nextElement() { found.append(try parseEntry(&reader)) }
        entries = found
      default: try reader.skipValue()
      }
    }
    try reader.readEnd()
    guard let entries else { throw fault(.missingField("tensors")) }
    return Manifest(entries: entries, sourceDeclaresMetadata: declaresMetadata)
  }

  mutating func parseEntry(_ reader: inout JSONReader) throws -> Manifest.Entry {
    var elementType: ElementType?
    var shape: Shape?
    var layout: Layout?
    var parts: [String: TensorName] = [:]
    var alias: TensorName?
    var quantization: Quantization?
    tensor = nil
    var name: TensorName?
    let parser = self
    try members(&reader) { key, reader in
      switch key {
      case "name": name = TensorName(try reader.readString())
      case "dtype":
        let text = try reader.readString()
        guard let type = ElementType(name: text), type.isInSafetensors else {
          throw parser.fault(.wrongField("dtype \"\(text)\"", expected: "a dtype of safetensors"))
        }
        elementType = type
      case "shape":
        guard let found = Shape(try parser.extents(&reader)) else { throw parser.fault(.tooLarge) }
        shape = found
      case "layout":
        let text = try reader.readString()
        guard let found = Layout(text) else { throw parser.fault(.unknownLayout(text)) }
        layout = found
      case "parts":
        try parser.members(&reader) { role, reader in
          guard PartRole(rawValue: role) != nil else { return false }
          parts[role] = TensorName(try reader.readString())
          return true
        }
      case "alias": alias = TensorName(try reader.readString())
      case "quantization": quantization = try parser.parseQuantization(&reader)
      default: return false
      }
      return true
    }
    guard let name else { throw fault(.missingField("name")) }
    tensor = name
    guard let elementType else { throw fault(.missingField("dtype")) }
    guard let shape else { throw fault(.missingField("shape")) }
    guard let layout else { throw fault(.missingField("layout")) }
    if alias != nil && layout != .dense {
      throw fault(.wrongField("alias", expected: "only dense tensors have one"))
    }
    let names = try LayoutParts.roles(of: layout).map { role in
      guard let part = parts[role.rawValue] else { throw fault(.missingField("parts.\(role.rawValue)")) }
      return part
    }
    return Manifest.Entry(
      name: name,
      elementType: elementType,
      shape: shape,
      layout: layout,
      parts: names,
      alias: alias,
      quantization: quantization
    )
  }

  func parseQuantization(_ reader: inout JSONReader) throws -> Quantization {
    var scheme: String?
    var bits: Int?
    var packing: String?
    var ggmlType: String?
    var logicalShape: Shape?
    var axis: Int?
    var group: Int?
    var block: [UInt64]?
    var parameters: [String: Quantization.Parameter] = [:]
    try members(&reader) { key, reader in
      switch key {
      case "scheme": scheme = try reader.readString()
      case "bits": bits = try integer("quantization.bits", &reader)
      case "packing": packing = try reader.readString()
      case "ggml_type": ggmlType = try reader.readString()
      case "logical_shape":
        guard let shape = Shape(try extents(&reader)) else {
          throw fault(.wrongField("quantization.logical_shape", expected: "fewer than 2^64 elements"))
        }
        logicalShape = shape
      case "axis": axis = try integer("quantization.axis", &reader)
      case "group": group = try integer("quantization.group", &reader)
      case "block": block = try extents(&reader)
      case "scale", "zero_point", "global_scale", "group_index":
        parameters[key] = try parseParameter(key, &reader)
      default: return false
      }
      return true
    }
    guard let scheme else { throw fault(.missingField("quantization.scheme")) }
    guard let bits else { throw fault(.missingField("quantization.bits")) }
    guard ggmlType == nil || ggmlType == scheme else {
      throw fault(.wrongField("quantization.ggml_type", expected: "the scheme's name"))
    }
    let granularity: Quantization.Granularity =
      switch (block, axis, group) {
      case (let block?, _, _): .block(block.map { Int(clamping: $0) })
      case (nil, let axis?, let group?): .group(axis: axis, size: group)
      case (nil, let axis?, nil): .channel(axis: axis)
      case (nil, nil, _): .tensor
      }
    return Quantization(
      scheme: scheme,
      bits: bits,
      packing: packing,
      logicalShape: logicalShape,
      granularity: granularity,
      scale: parameters["scale"],
      zeroPoint: parameters["zero_point"],
      globalScale: parameters["global_scale"],
      groupIndex: parameters["group_index"]
    )
  }

  func parseParameter(_ field: String, _ reader: inout JSONReader) throws -> Quantization.Parameter {
    var parameter: Quantization.Parameter?
    try members(&reader) { key, reader in
      switch key {
      case "tensor": parameter = .tensor(TensorName(try reader.readString()))
      case "constant": parameter = .constant(try reader.readString())
      default: return false
      }
      return true
    }
    guard let parameter else { throw fault(.missingField("quantization.\(field)")) }
    return parameter
  }
}
