internal import ModelIR

/// A name in which every part between dots that is a number became a star, so that the layers of a model
/// share one.
struct FoldedName {
  /// What stands for a number: a byte that no name holds, as names are UTF-8.
  static let star: UInt8 = 0xFF

  /// The bytes of the name that was folded last.
  private(set) var bytes: [UInt8] = []

  /// Folds a name.
  mutating func fold(_ name: TensorName) {
    let name = name.text.utf8Span.span
    bytes.removeAll(keepingCapacity: true)
    bytes.reserveCapacity(name.count)
    var start = 0
    var isNumber = true
    for index in name.indices {
      let byte = name[index]
      if byte == UInt8(ascii: ".") {
        if isNumber { replaceNumber(from: start) }
        bytes.append(byte)
        start = bytes.count
        isNumber = true
      } else {
        bytes.append(byte)
        if !byte.isDigit { isNumber = false }
      }
    }
    if isNumber { replaceNumber(from: start) }
  }

  private mutating func replaceNumber(from start: Int) {
    if bytes.count == start { return }
    bytes.removeLast(bytes.count - start)
    bytes.append(Self.star)
  }

  /// The name with `*` for its stars.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.map { $0 == star ? UInt8(ascii: "*") : $0 }, as: UTF8.self)
  }
}
