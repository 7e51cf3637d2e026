internal import ByteIO
public import Inspection
internal import StrictJSON

/// An inspection as one HTML page that holds all it needs: it loads nothing, and its policy forbids it to.
///
/// The page's script draws it from a document like that of ``JSONReport/inspect(_:to:)``, without line breaks and in ASCII,
/// where the counts of a tensor's map of densities are levels, which take one letter a cell (see ``DensityLevels``).
/// What comes from a file is in that document alone, but for the title, and becomes text and never markup.
public enum InspectPage {
  /// Writes a page on one model or several.
  ///
  /// Memory: a piece of some 64 KiB of the document; the page around it is some 45 KB.
  /// - Parameter version: the version of Lacuna that the page names.
  /// - Throws: what `sink` throws.
  public static func write(
    _ reports: [ModelReport],
    version: String,
    to sink: @escaping JSONReport.Sink
  ) throws {
    let script = script
    let title = reports.map { SafeText.escape($0.path, cells: 80) }.joined(separator: ", ")
    let parts = [
      "style": style, "style-hash": source(of: style), "script": script, "script-hash": source(of: script),
      "title": escaped("\(reports.isEmpty ? "nothing" : title) - lacuna"), "version": escaped(version),
    ]
    var holder = markup[...]
    while let place = nextPlace(in: holder) {
      try sink(Array(holder[..<place.start].utf8))
      if place.name == "report" {
        try writeDocument(on: reports, to: sink)
      } else {
        try sink(Array((parts[place.name] ?? "").utf8))
      }
      holder = holder[place.end...]
    }
    try sink(Array(holder.utf8))
  }

  /// Writes the document that the script reads.
  private static func writeDocument(
    on reports: [ModelReport],
    to sink: @escaping JSONReport.Sink
  ) throws {
    try JSONReport.inspect(reports, schema: "lacuna.inspect-page/1", indent: nil, mapsAsLevels: true) {
      try sink(EmbeddedJSON.escaping($0))
    }
  }

  /// The whole script, in a scope of its own.
  static let script =
    "(() => {\n\"use strict\";\n"
    + [elementScript, summaryScript, plotScript, detailScript, tableScript, startScript].joined(
      separator: "\n"
    )
    + "\n})();"

  /// What a policy calls an inline style or script by: the SHA-256 of its text.
  private static func source(of text: String) -> String {
    var digest = ContentDigest()
    digest.update(Array(text.utf8)[...])
    return "'sha256-\(digest.base64())'"
  }

  /// A place of the markup that takes a part.
  private struct Place {
    var name: String
    var start: String.Index
    var end: String.Index
  }

  /// The first place in double braces.
  private static func nextPlace(in text: Substring) -> Place? {
    var start = text.startIndex
    while start < text.endIndex {
      if text[start...].hasPrefix("{{") {
        var end = start
        while end < text.endIndex, !text[end...].hasPrefix("}}") { end = text.index(after: end) }
        guard end < text.endIndex else { return nil }
        let name = String(text[text.index(start, offsetBy: 2)..<end])
        return Place(name: name, start: start, end: text.index(end, offsetBy: 2))
      }
      start = text.index(after: start)
    }
    return nil
  }

  /// Text as HTML, in an element or in a quoted attribute.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
