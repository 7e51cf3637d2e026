/// A tensor's name: UTF-8 exactly as the file has it.
///
/// Unlike `String`, two names are equal only if their bytes are: a composed and a decomposed accent make two
/// names, as they do for every reader of these formats.
public struct TensorName: Sendable, Hashable {
  /// The name as text, for files; what is shown to a person goes through an escaping function first.
  public let text: String

  /// A name of these exact bytes.
  public init(_ text: String) { self.text = text }

  /// Whether the bytes are the same.
  public static func == (left: TensorName, right: TensorName) -> Bool {
    let (a, b) = (left.text.utf8, right.text.utf8)
    guard a.count == b.count, left.text == right.text else { return false }
    let (left, right) = (left.text.utf8Span.span, right.text.utf8Span.span)
    for index in left.indices where left[index] != right[index] { return false }
    return true
  }

  /// Feeds the bytes; `String`'s own hash is the same for canonically equivalent names,
  /// which would let a hostile file collide any number of them.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(bytes: text.utf8Span.span)
  }
}

extension TensorName: ExpressibleByStringLiteral {
  /// A name written in source.
  public init(stringLiteral value: String) { self.init(value) }
}

extension TensorName: Comparable {
  /// Byte order, as the reference writer of safetensors sorts.
  public static func < (left: TensorName, right: TensorName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}
