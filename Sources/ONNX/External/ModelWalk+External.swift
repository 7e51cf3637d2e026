internal import ByteIO
internal import ModelIR

/// Elements in other files. (onnx 1.23, docs/ExternalData.md.)
extension ModelWalk {
  /// Where `byteCount` bytes of elements are.
  mutating func externalPayload(
    _ fields: TensorFields,
    byteCount: UInt64,
    _ shown: String
  ) throws -> ONNXPayload {
    let start = fields.externalStart
    let entries = try externalEntries(fields, shown)
    guard let location = entries.location else {
      throw fault(.noLocation, "external_data", tensor: shown, at: fields.message.lowerBound)
    }
    let offset = try entries.offset.map { try number("offset", $0, shown, at: start) } ?? 0
    let length = try entries.length.map { try number("length", $0, shown, at: start) }

    let file: Int
    do {
      try charge(location.utf8.count * 2 + 512)
      file = try external.number(of: location, checksum: entries.checksum)
    } catch let refusal as ExternalFiles.Refusal {
      throw fault(refusal.rule, "external_data.location", tensor: shown, at: start)
    }
    let size = external.files[file].source.byteCount
    guard offset <= size else {
      let rule = ONNXFault.Rule.offsetBeyondEnd(offset, of: location, byteCount: size)
      throw fault(rule, "external_data.offset", tensor: shown, at: start)
    }
    if let length {
      guard length == byteCount else {
        let rule = ONNXFault.Rule.wrongExternalLength(length, expected: byteCount)
        throw fault(rule, "external_data.length", tensor: shown, at: start)
      }
    }
    guard byteCount <= size - offset else {
      let rule = ONNXFault.Rule.dataBeyondEnd(of: location, missing: byteCount - (size - offset))
      throw fault(rule, "external_data.length", tensor: shown, at: start)
    }
    return .external(file: file, range: offset..<(offset + byteCount))
  }

  private struct ExternalEntries {
    var location: String?
    var offset: String?
    var length: String?
    var checksum: String?
  }

  /// The entries by their keys. Unknown keys are let pass: onnx ignores them too.
  private mutating func externalEntries(_ fields: TensorFields, _ shown: String) throws -> ExternalEntries {
    var entries = ExternalEntries()
    for (key, value) in fields.external {
      let slot: WritableKeyPath<ExternalEntries, String?>
      switch key {
      case "location": slot = \.location
      case "offset": slot = \.offset
      case "length": slot = \.length
      case "checksum": slot = \.checksum
      // What onnx's own helpers leave behind.
      case "basepath": continue
      default:
        note(.unknownKey(key), tensor: shown, at: fields.externalStart)
        continue
      }
      guard entries[keyPath: slot] == nil else {
        throw fault(.duplicateKey(key), "external_data", tensor: shown, at: fields.externalStart)
      }
      entries[keyPath: slot] = value
    }
    return entries
  }

  /// A decimal number below 2^63.
  private func number(_ key: String, _ text: String, _ shown: String, at offset: UInt64) throws -> UInt64 {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt64(text),
      number < 1 << 63
    else { throw fault(.wrongNumber(key: key, text), "external_data.\(key)", tensor: shown, at: offset) }
    return number
  }
}
