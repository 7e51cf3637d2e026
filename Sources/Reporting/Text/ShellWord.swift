/// A path as one word of a shell's command line.
enum ShellWord {
  /// The word for a path, or nil where it could not be pasted: it holds something that is not shown as it is.
  static func quoting(_ path: String, asciiOnly: Bool = false) -> String? {
    guard !path.isEmpty, SafeText.escape(path, asciiOnly: asciiOnly) == path else { return nil }
    // What starts with a hyphen would be read as an option.
    let path = path.hasPrefix("-") ? "./\(path)" : path
    if path.utf8.allSatisfy(isPlain) { return path }
    return "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "._-/+,:@%=".utf8.contains(byte)
    }
  }
}
