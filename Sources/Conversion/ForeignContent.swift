internal import ByteIO
public import ModelIR

/// What a file is by its first bytes, where that is none of the formats that are read.
enum ForeignContent {
  /// Looks at the first bytes of a file.
  /// - Throws: ``ForeignContentFault`` for content that is known to be something else.
  static func refuse(_ source: any ByteSource) throws {
    var head = [UInt8](repeating: 0, count: 64)
    let count = Int(min(64, source.byteCount))
    try source.read(count, at: 0, into: &head, startingAt: 0)
    let text = head[..<count]
    /// Whether the content starts so, in any case of letters.
    func starts(_ prefix: String) -> Bool {
      text.count >= prefix.utf8.count
        && zip(text, prefix.utf8).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $1 >= 0x61) }
    }
    // The length of a safetensors header may begin as a pickle does; an object follows it.
    if count > 8, text[4..<8].allSatisfy({ $0 == 0 }), text[8] == UInt8(ascii: "{") { return }
    let found: String? =
      if starts("version https://git-lfs") {
        "is a Git LFS pointer, not the file itself: `git lfs pull` fetches it"
      } else if starts("<!doctype") || starts("<html") || starts("<?xml") {
        "is a web page, probably saved in place of the file"
      } else if text.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
        "is a zip archive, probably a PyTorch checkpoint, which can run code when opened"
      } else if text.starts(with: [0x80, 0x02]) || text.starts(with: [0x80, 0x04]) {
        "is a pickle, which can run code when opened"
      } else {
        nil
      }
    if let found { throw ForeignContentFault(file: source.displayName, found: found) }
  }

  /// Whether the content is JSON text: `{` and no length of a header, whose second byte would be near zero.
  static func isJSON(_ source: any ByteSource) throws -> Bool {
    guard source.byteCount >= 8 else { return false }
    var head = [UInt8](repeating: 0, count: 8)
    try source.read(8, at: 0, into: &head, startingAt: 0)
    return head[0] == UInt8(ascii: "{") && head.allSatisfy { $0 >= 0x20 || ($0 >= 9 && $0 <= 13) }
  }
}

/// A file whose content is of a kind that is not read.
public struct ForeignContentFault: Fault, Hashable {
  /// The file.
  public let file: String
  /// What it is.
  public let found: String

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(.badData, file: file, found, expected: "a safetensors, GGUF or ONNX file")
  }
}
