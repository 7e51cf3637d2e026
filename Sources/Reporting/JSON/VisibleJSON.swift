/// JSON whose strings hold no character that steers a terminal or hides: controls beyond ASCII's, those that turn the
/// direction of text, and separators of lines stand as `\u` escapes, which are the same strings.
enum VisibleJSON {
  /// A piece of a document so spelled.
  ///
  /// - Parameter piece: whole values of a document in UTF-8, so that no character is cut.
  static func escaping(_ piece: borrowing [UInt8]) -> [UInt8] {
    guard piece.contains(where: { $0 >= 0x7F }) else { return copy piece }
    var result: [UInt8] = []
    result.reserveCapacity(piece.count + piece.count / 16)
    var index = 0
    while index < piece.count {
      let byte = piece[index]
      if byte < 0x7F {
        result.append(byte)
        index += 1
        continue
      }
      var end = index + 1
      while end < piece.count, piece[end] >= 0x7F { end += 1 }
      for scalar in String(decoding: piece[index..<end], as: UTF8.self).unicodeScalars {
        if hides(scalar) {
          for unit in String(scalar).utf16 { EmbeddedJSON.append(unit, to: &result) }
        } else {
          result.append(contentsOf: String(scalar).utf8)
        }
      }
      index = end
    }
    return result
  }

  private static func hides(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
