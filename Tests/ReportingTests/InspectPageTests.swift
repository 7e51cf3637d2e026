import ByteIO
import Foundation
import Inspection
import ModelIR
import Reporting
import SparseCoding
import Testing

@Suite("The page of an inspection")
struct InspectPageTests {
  /// A page, cut where its document starts and ends.
  private struct Page {
    var before: String
    var document: String
    var after: String

    init(_ reports: [ModelReport]) throws {
      let collector = Collector()
      try InspectPage.write(reports, version: "1.2.3") { collector.take(bytes: $0) }
      let text = collector.text
      let start = try #require(text.range(of: "<script type=\"application/json\" id=\"report\">"))
      let end = try #require(text.range(of: "</script>", range: start.upperBound..<text.endIndex))
      before = String(text[..<start.upperBound])
      document = String(text[start.upperBound..<end.lowerBound])
      after = String(text[end.lowerBound...])
    }
  }

  /// A document with its keys in order and without its schema's name, which comes besides.
  private static func sorted(_ document: String) throws -> (schema: String, text: String) {
    var object = try #require(
      try JSONSerialization.jsonObject(with: Data(document.utf8)) as? [String: Any]
    )
    let schema = try #require(object.removeValue(forKey: "schema") as? String)
    let data = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
    return (schema, String(decoding: data, as: UTF8.self))
  }

  /// Names that end an element, an attribute, a comment or a line, besides those that harm a screen.
  static let names =
    Hostile.names + [
      "</script><img src=x onerror=alert(1)>", "</SCRIPT >", "<!--<script>", "]]>", "\"", "'", "&lt;", "-->",
      "{{script}}", "</title><script>alert(1)</script>", "\" onload=\"alert(1)",
    ]

  private static func hostile() throws -> [ModelReport] {
    try names.map { name in
      Synthetic.model(
        [try Synthetic.report(name, .bfloat16, [8, 8], zeros: 0.5)],
        path: "./\(name)",
        warnings: [Diagnosis(.badData, file: name, tensor: TensorName(name), name, expected: name)]
      )
    }
  }

  @Test("The document parses back and is the JSON report but for its schema's name")
  func document() throws {
    let reports = try Self.hostile() + [Synthetic.llama(), Synthetic.bert()]
    let page = try Self.sorted(Page(reports).document)
    let collector = Collector()
    try JSONReport.inspect(reports) { collector.take(bytes: $0) }
    // Foundation takes a byte order mark that starts a string for none of it.
    let mark = String(Character("\u{FEFF}"))
    let report = try Self.sorted(collector.text.replacingOccurrences(of: mark, with: "\\ufeff"))
    #expect(page.schema == "lacuna.inspect-page/1")
    #expect(report.schema == "lacuna.inspect/1")
    let place = zip(page.text.utf8, report.text.utf8).enumerated().first { $1.0 != $1.1 }?.offset
    let around = place.map { place in
      [page.text, report.text].map {
        String(decoding: $0.utf8.dropFirst(max(0, place - 40)).prefix(80), as: UTF8.self)
      }
    }
    #expect(around == nil)
    #expect(page.text.utf8.count == report.text.utf8.count)
    for name in Self.names { #expect(try Self.holds(name, page.text)) }
  }

  /// Whether a document holds a text as a value.
  private static func holds(_ text: String, _ document: String) throws -> Bool {
    let data = try JSONSerialization.data(withJSONObject: ["name": text], options: .sortedKeys)
    return document.contains(String(decoding: data, as: UTF8.self).dropFirst().dropLast())
  }

  @Test("Texts of a file stand in the document alone, where nothing ends it, hides or reorders")
  func hostileNames() throws {
    let page = try Page(Self.hostile())
    #expect(page.document.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
    #expect(!page.document.contains { "<>&".contains($0) })
    let harmless = try Page([Synthetic.model([], path: "m")])
    #expect(page.after == harmless.after)
    let title = try #require(page.before.range(of: "<title>"))
    let end = try #require(page.before.range(of: "</title>"))
    let rest = page.before[end.upperBound...].split(separator: "<h1 id=\"title\">")
    let plain = try #require(harmless.before.range(of: "</title>"))
    let wanted = harmless.before[plain.upperBound...].split(separator: "<h1 id=\"title\">")
    #expect(rest.first == wanted.first)
    let text = page.before[title.upperBound..<end.lowerBound]
    #expect(!text.contains { "<>\"'".contains($0) })
    #expect(text.contains("./&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"))
    #expect(!text.unicodeScalars.contains("\u{202E}") && !text.unicodeScalars.contains("\n"))
  }

  @Test("Nothing of elsewhere is named, and no script makes markup of text")
  func selfContained() throws {
    let page = try Page([Synthetic.llama()])
    let frame = page.before + page.after
    let forbidden = [
      "://", "src=", "@import", "url(", "<iframe", "<object", "<base", "innerHTML", "outerHTML",
      "insertAdjacentHTML",
      "document.write", "eval(", "new Function", "fetch(", "XMLHttpRequest", "WebSocket", "import(", "{{",
      "srcdoc",
    ]
    for word in forbidden { #expect(!frame.contains(word), "\(word)") }
    #expect(frame.components(separatedBy: "<script").count == 3)
    #expect(frame.components(separatedBy: "<style").count == 2)
  }

  @Test("The policy lets the page's own style and script run and nothing else")
  func policy() throws {
    let page = try Page([Synthetic.llama()])
    let frame = page.before + page.after
    /// The text between two others.
    func between(_ start: String, _ end: String) throws -> String {
      let from = try #require(frame.range(of: start))
      let to = try #require(frame.range(of: end, range: from.upperBound..<frame.endIndex))
      return String(frame[from.upperBound..<to.lowerBound])
    }
    /// What a policy calls a text by.
    func source(_ text: String) -> String {
      var digest = ContentDigest()
      digest.update(Array(text.utf8)[...])
      let hexadecimal = Array(digest.hexadecimal())
      let bytes = stride(from: 0, to: hexadecimal.count, by: 2).compactMap {
        UInt8(String(hexadecimal[$0..<($0 + 2)]), radix: 16)
      }
      return "'sha256-\(Data(bytes).base64EncodedString())'"
    }
    let policy = try between("Content-Security-Policy\" content=\"", "\"")
    let style = source(try between("<style>", "</style>"))
    let script = source(try between("</script>\n<script>", "</script>"))
    #expect(
      policy
        == "default-src 'none'; style-src \(style); script-src \(script); img-src data:; base-uri 'none'; form-action 'none'"
    )
  }

  @Test("A page without what it grows by is small")
  func size() throws {
    let page = try Page([Synthetic.model([])])
    #expect(page.before.utf8.count + page.after.utf8.count < 64_000)
  }
}
