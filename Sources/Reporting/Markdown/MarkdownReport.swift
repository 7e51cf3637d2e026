internal import ModelIR

/// Reports as Markdown tables, for model cards and comments (GitHub Flavored Markdown).
///
/// Names stand in code spans, where no link, mention or markup works; what is invisible is spelled out.
public enum MarkdownReport {
  /// Takes text, in pieces of whole lines.
  public typealias Sink = (String) throws -> Void

  /// How many tensors have a row of their own; pages take texts of some 64 KB.
  static let mostRows = 100

  /// A row of a table.
  static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

  /// A name in a code span.
  static func code(_ name: TensorName) -> String {
    name.text.isEmpty ? "(no name)" : code(name.text)
  }

  /// A string of a file in a code span that it cannot leave, within a table's cell.
  static func code(_ string: String) -> String {
    let safe = SafeText.escape(string)
    var longest = 0
    var run = 0
    for byte in safe.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    let pad = longest > 0 ? " " : ""
    return fence + pad + safe.replacing("|", with: "\\|") + pad + fence
  }

  /// Our own words, in which a string of a file may stand: nothing in it is markup.
  static func text(_ string: String) -> String {
    var result = ""
    for scalar in SafeText.escape(string).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      // A mention or a reference would reach someone.
      case "@": result += "&#64;"
      case "#": result += "&#35;"
      case "." where result.hasSuffix("www"): result += "&#46;"
      case "\\", "`", "*", "_", "[", "]", "(", ")", "!", "|", "~":
        result += "\\"
        result.unicodeScalars.append(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    // Addresses become links by themselves.
    return result.replacing("://", with: "&#58;//")
  }
}
