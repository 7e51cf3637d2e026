internal import CompressedTensors
internal import Inspection
internal import ModelIR
internal import StrictJSON

extension OpenedModel {
  /// The members of a folder's config.json as entries, each value as compact JSON; nothing where there is none, or it is
  /// no JSON object.
  ///
  /// Memory: the text once more.
  var configEntries: [MetadataReport.Entry] {
    guard case .folder = origin, let text = compression.configText else { return [] }
    var reader = JSONReader(text)
    reader.takesNonFinite = true
    var entries: [MetadataReport.Entry] = []
    do {
      try reader.beginObject()
      while let key = try reader.nextKey() {
        let start = Int(clamping: reader.offset)
        try reader.skipValue()
        let end = min(text.count, Int(clamping: reader.offset))
        guard start <= end else { continue }
        let value = String(decoding: Self.compact(text[start..<end]), as: UTF8.self)
        entries.append(MetadataReport.Entry(key: "config.json: \(key)", type: "json", value: .string(value)))
      }
    } catch {
      return []
    }
    return entries
  }

  /// JSON without the blanks between its tokens.
  private static func compact(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var (isString, isEscape) = (false, false)
    for byte in text {
      if isString {
        (isString, isEscape) = (
          isEscape || byte != UInt8(ascii: "\""), !isEscape && byte == UInt8(ascii: "\\")
        )
      } else if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
        continue
      } else {
        isString = byte == UInt8(ascii: "\"")
      }
      result.append(byte)
    }
    return result
  }
}
