/// A tensor's name: UTF-8 exactly as the file has it.
///
/// Unlike `String`, two names are equal only if their bytes are: a composed and a decomposed accent make two
/// names, as they do for every reader of these formats.
public struct TensorName: Sendable, Hashable {
  /// The name as text, for files; what is shown to a person goes through an escaping function first.
  public let text: String
  /// A hash of the bytes, made once: a checkpoint's names are looked up several times each.
  package let fingerprint: Int

  /// A name of these exact bytes.
  public init(_ text: String) {
    self.text = text
    // `String`'s own hash is the same for canonically equivalent names, which would let a hostile file
    // collide any number of them.
    fingerprint = Fingerprint.of(text.utf8Span.span)
  }

  /// Whether the bytes are the same.
  public static func == (left: TensorName, right: TensorName) -> Bool {
    guard left.fingerprint == right.fingerprint, left.text == right.text else { return false }
    let (left, right) = (left.text.utf8Span, right.text.utf8Span)
    // Equal as text; only beyond ASCII does that leave a choice of bytes.
    if left.isKnownASCII && right.isKnownASCII { return true }
    guard left.count == right.count else { return false }
    for index in 0..<left.count where left.span[index] != right.span[index] { return false }
    return true
  }

  /// Feeds the fingerprint.
  public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
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
