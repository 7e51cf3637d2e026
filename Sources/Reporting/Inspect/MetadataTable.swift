internal import Inspection
internal import ModelIR

extension MetadataReport.Entry {
  /// The value in words, not escaped: `2048`, `a text`, `["a", "b", … 32000 elements]`.
  var shownValue: String {
    let text = Self.text(value, isInside: false)
    guard isCut, let count else { return text }
    if case .array = value { return String(text.dropLast()) + ", … \(count) elements]" }
    return text + "… (\(count) bytes)"
  }

  private static func text(_ value: MetadataValue, isInside: Bool) -> String {
    switch value {
    case .string(let text): isInside ? "\"\(text)\"" : text
    case .bool(let flag): flag ? "true" : "false"
    case .signed(let number, _): "\(number)"
    case .unsigned(let number, _): "\(number)"
    case .float32(let bits): Float(bitPattern: bits).description
    case .float64(let bits): Double(bitPattern: bits).description
    case .array(let values): "[" + values.map { text($0, isInside: true) }.joined(separator: ", ") + "]"
    }
  }
}

/// A model's metadata as rows.
struct MetadataTable {
  private let entries: [MetadataReport.Entry]

  /// The table of these entries.
  init(_ entries: [MetadataReport.Entry]) { self.entries = entries }

  /// Writes the rows.
  func write(to writer: inout LineWriter) throws {
    var table = TerminalTable([
      .init(
        "key",
        limit: 48,
        isElastic: true,
        squeezes: [.init(order: 2, width: 24), .init(order: 5, width: 12)]
      ),
      .init("type", squeezes: [.init(order: 4, width: 0)]),
      .init("value", isElastic: true, squeezes: [.init(order: 1, width: 24), .init(order: 6, width: 8)]),
    ])
    for entry in entries {
      table.add([Cell(foreign: entry.key), Cell(entry.type, .dim), Cell(foreign: entry.shownValue)])
    }
    try table.write(to: &writer)
  }
}
