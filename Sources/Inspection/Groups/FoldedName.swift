package import ModelIR

/// A name in which every part between dots that is a number became a star, so that the layers of a model
/// share one.
package struct FoldedName {
  /// What stands for a number: a byte that no name holds, as names are UTF-8.
  package static let star: UInt8 = 0xFF

  /// Room for a name, used again for the next.
  private var buffer: [UInt8] = []
  private var count = 0

  /// No name yet.
  package init() {}

  /// The bytes of the name that was folded last.
  package var bytes: [UInt8] { Array(buffer[..<count]) }

  /// A hash of these bytes.
  package var fingerprint: Int { Fingerprint.of(buffer.span.extracting(..<count)) }

  /// Whether the name that was folded last has these bytes.
  package func equals(_ other: [UInt8]) -> Bool {
    guard other.count == count else { return false }
    let (left, right) = (buffer.span, other.span)
    for index in right.indices where left[index] != right[index] { return false }
    return true
  }

  /// Folds a name.
  package mutating func fold(_ name: TensorName) {
    let name = name.text.utf8Span.span
    // A folded name is never longer.
    if buffer.count < name.count { buffer = [UInt8](repeating: 0, count: 2 * name.count) }
    var target = buffer.mutableSpan
    var end = 0
    var start = 0
    var isNumber = true
    for index in name.indices {
      let byte = name[index]
      if byte == UInt8(ascii: ".") {
        if isNumber && end > start {
          target[start] = Self.star
          end = start &+ 1
        }
        target[end] = byte
        end &+= 1
        start = end
        isNumber = true
      } else {
        target[end] = byte
        end &+= 1
        isNumber = isNumber && byte.isDigit
      }
    }
    if isNumber && end > start {
      target[start] = Self.star
      end = start &+ 1
    }
    count = end
  }

  /// The name with `*` for its stars.
  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.map { $0 == star ? UInt8(ascii: "*") : $0 }, as: UTF8.self)
  }
}
