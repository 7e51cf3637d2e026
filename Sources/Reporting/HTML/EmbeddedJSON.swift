/// JSON within HTML: the same document, spelled so that no text in it ends its element, starts a comment, or steers who reads
/// the page's source.
enum EmbeddedJSON {
  /// A piece of JSON in ASCII without `<`, `>` and `&`, which can only stand in its strings: `\u003c` and so on.
  ///
  /// - Parameter piece: whole values of a document in UTF-8, so that no character is cut.
  static func escaping(_ piece: borrowing [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(piece.count + piece.count / 16)
    var index = 0
    while index < piece.count {
      let byte = piece[index]
      switch byte {
      case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), 0x7F:
        append(UInt16(byte), to: &result)
        index += 1
      case 0x80...:
        var end = index + 1
        while end < piece.count, piece[end] >= 0x80 { end += 1 }
        for unit in String(decoding: piece[index..<end], as: UTF8.self).utf16 { append(unit, to: &result) }
        index = end
      default:
        result.append(byte)
        index += 1
      }
    }
    return result
  }

  static func append(_ unit: UInt16, to result: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    result.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
    for shift in [12, 8, 4, 0] as [UInt16] { result.append(digits[Int(unit >> shift & 15)]) }
  }
}
