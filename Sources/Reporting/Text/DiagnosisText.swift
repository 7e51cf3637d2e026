public import ModelIR

extension Diagnosis {
  /// The whole story on one line: `FILE: TENSOR: what is wrong (what would be right) [byte OFFSET]`, with
  /// everything that comes from a file escaped.
  public var line: String {
    var line = ""
    if let file { line += SafeText.escape(file) + ": " }
    // A name may be as long as a header; a line should not.
    if let tensor { line += tensor.text.isEmpty ? "\(SafeText.emptyName): " : "\(short(tensor.text, 200)): " }
    line += short(problem, 2000)
    if let expected { line += " (\(short(expected, 1000)))" }
    if let offset { line += " [byte \(offset)]" }
    return line
  }

  private func short(_ text: String, _ cells: Int) -> String { SafeText.escape(text, cells: cells) }
}
