/// Text of bytes that are not all UTF-8: those that are not are shown as `\xNN`.
enum EscapedText {
  static func of(_ bytes: some BidirectionalCollection<UInt8>) -> String {
    var text = ""
    var rest = bytes[...]
    while let first = rest.first {
      // A character takes 4 bytes at most.
      let length = (1...4).first { String(validating: rest.prefix($0), as: UTF8.self) != nil }
      if let length {
        text += String(decoding: rest.prefix(length), as: UTF8.self)
        rest = rest.dropFirst(length)
      } else {
        text += "\\x" + (first < 16 ? "0" : "") + String(first, radix: 16, uppercase: true)
        rest = rest.dropFirst()
      }
    }
    return text
  }
}
