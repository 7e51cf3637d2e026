internal import ModelIR

/// How a file is told to be ONNX.
enum ONNXContent {
  /// What such files end in.
  static let suffix = ".onnx"

  /// The tags of the fields that a model starts with, behind its version: names, texts, the graph, operator sets,
  /// metadata, training, functions.
  private static let tags: Set<UInt8> = [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72]

  /// Whether a file is ONNX: by its name, where its first bytes are not those of a safetensors header, or by its first
  /// field, `ir_version`, and the tag behind it.
  /// - Throws: what the source throws.
  static func isONNX(_ source: any ByteSource, name: String) throws -> Bool {
    var head = [UInt8](repeating: 0, count: 9)
    let count = Int(min(9, source.byteCount))
    try source.read(count, at: 0, into: &head, startingAt: 0)
    // The length of a header is at most 100 MB, and an object follows.
    let isSafetensors = head[4..<8].allSatisfy { $0 == 0 } && head[8] == UInt8(ascii: "{")
    if isSafetensors { return false }
    if name.hasSuffix(suffix) { return true }
    return count >= 3 && head[0] == 0x08 && (1...64).contains(head[1]) && tags.contains(head[2])
  }
}
