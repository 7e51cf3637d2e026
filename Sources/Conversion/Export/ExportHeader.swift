internal import Dialect
internal import Lossless
internal import ModelIR
internal import Safetensors
internal import StrictJSON

/// The header of a compressed export: a safetensors header whose tensors stand in the order of their data.
struct ExportHeader {
  /// A tensor of the export and where its bytes are, from the start of the data.
  struct Part {
    var name: TensorName
    var range: Range<UInt64>
  }

  /// The bytes before the data, padded with spaces to `byteCount` where that is given, else to a multiple of 8.
  /// - Throws: ``SafetensorsPlanFault`` where the format has no room for it.
  static func bytes(file: String, manifest: String, parts: [Part], paddedTo byteCount: Int? = nil) throws
    -> [UInt8]
  {
    let digest = digest(manifest: manifest, parts)
    // Room for the length, so that nothing is copied once it is known.
    var text = [UInt8](repeating: 0, count: 8)
    text.reserveCapacity(byteCount ?? 0)
    text += ExportManifest.start.dropLast(ExportManifest.versionPrefix.utf8.count)
    text.append(contentsOf: ExportManifest.version.utf8)
    text.append(contentsOf: "\",\"\(Manifest.manifestKey)\":".utf8)
    JSONWriter.append(quoting: manifest.utf8, to: &text)
    text.append(contentsOf: ",\"\(ExportManifest.digestKey)\":\"".utf8)
    text.append(contentsOf: digest.utf8)
    text.append(contentsOf: "\"}".utf8)
    for part in parts {
      text.append(UInt8(ascii: ","))
      JSONWriter.append(quoting: part.name.text.utf8, to: &text)
      let count = part.range.upperBound - part.range.lowerBound
      text.append(
        contentsOf:
          ":{\"dtype\":\"U8\",\"shape\":[\(count)],\"data_offsets\":[\(part.range.lowerBound),\(part.range.upperBound)]}"
          .utf8
      )
    }
    text.append(UInt8(ascii: "}"))
    let padding = byteCount.map { $0 - text.count } ?? (8 - text.count % 8) % 8
    precondition(padding >= 0, "a header longer than what was kept for it")
    text.append(contentsOf: repeatElement(0x20, count: padding))
    let length = UInt64(text.count - 8)
    guard length <= 100_000_000 else {
      throw SafetensorsPlanFault(file: file, rule: .headerTooLarge(text.count - 8))
    }
    for place in 0..<8 { text[place] = UInt8(truncatingIfNeeded: length >> (place * 8)) }
    return text
  }

  /// The bytes that a header takes at most, if no number in it is greater than `most`.
  /// - Throws: ``SafetensorsPlanFault`` where the format has no room for it.
  static func room(file: String, manifest: String, parts: [Part], most: UInt64) throws -> Int {
    let digits = String(most).utf8.count
    // One digit was written of each of three numbers.
    let plain = parts.map { Part(name: $0.name, range: 0..<0) }
    let bytes = try bytes(file: file, manifest: manifest, parts: plain).count + parts.count * 3 * (digits - 1)
    return (bytes + 7) / 8 * 8
  }

  /// The xxh64 over the manifest and every tensor's name and place, in hexadecimal.
  static func digest(manifest: String, _ parts: [Part]) -> String {
    var bytes = Array(manifest.utf8)
    for part in parts {
      bytes.append(0)
      bytes.append(contentsOf: part.name.text.utf8)
      bytes.append(0)
      for number in [part.range.lowerBound, part.range.upperBound] {
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift * 8))) }
      }
    }
    let digits = String(Checksum.of(bytes, 0..<bytes.count), radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}

extension [UInt8] {
  fileprivate func dropLast(_ count: Int) -> [UInt8] { Array(self[..<(self.count - count)]) }
}
