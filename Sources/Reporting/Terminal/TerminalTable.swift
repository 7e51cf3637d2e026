/// A table that fits a terminal: columns give way in the order in which they can be missed.
struct TerminalTable {
  /// On which side the cells of a column stand.
  enum Alignment {
    /// At the left.
    case left
    /// At the right.
    case right
  }

  /// What a column gives when the room is short: it falls to `width`, at 0 it goes.
  struct Squeeze {
    /// The lowest goes first, over all columns.
    var order: Int
    var width: Int
  }

  /// A column.
  struct Column {
    var header: String
    var alignment: Alignment
    /// The widest that it gets.
    var limit: Int
    /// How wide it is at least; bars have no width of their own.
    var floor: Int
    /// Whether any width between the squeezes will do: names and bars.
    var isElastic: Bool
    var squeezes: [Squeeze]

    /// A column with this header.
    init(
      _ header: String,
      _ alignment: Alignment = .left,
      limit: Int = .max,
      floor: Int = 0,
      isElastic: Bool = false,
      squeezes: [Squeeze] = []
    ) {
      self.header = header
      self.alignment = alignment
      self.limit = limit
      self.floor = floor
      self.isElastic = isElastic
      self.squeezes = squeezes
    }
  }

  private static let gap = 2

  var columns: [Column]
  var indent = 2
  private(set) var rows: [[Cell]] = []

  /// An empty table.
  init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row with a cell for each column.
  mutating func add(_ row: [Cell]) {
    precondition(row.count == columns.count, "a cell for each column")
    rows.append(row)
  }

  /// Writes header, rule, rows and, if `isClosed`, another rule.
  func write(isClosed: Bool = true, to writer: inout LineWriter) throws {
    let style = writer.style
    let widths = fittingWidths(style)
    let rule = style.paint(String(repeating: "─", count: Self.total(widths)), .dim)
    let margin = String(repeating: " ", count: indent)
    try writer.line(text(columns.map { Cell($0.header, .dim) }, widths, style))
    try writer.line(margin + rule)
    for row in rows { try writer.line(text(row, widths, style)) }
    if isClosed { try writer.line(margin + rule) }
  }

  private func text(_ row: [Cell], _ widths: [Int], _ style: TerminalStyle) -> String {
    var line = ""
    var owed = indent
    for (index, cell) in row.enumerated() where widths[index] > 0 {
      let (text, cells) = cell.fitted(widths[index], style)
      let rest = widths[index] - cells
      let before = columns[index].alignment == .right ? rest : 0
      if cells > 0 {
        // Spaces are written once something follows them, so that no line ends in one.
        line += String(repeating: " ", count: owed + before)
        line += style.paint(text, cell.tone)
        owed = rest - before
      } else {
        owed += rest
      }
      owed += Self.gap
    }
    return line
  }

  private static func total(_ widths: [Int]) -> Int {
    let shown = widths.lazy.filter { $0 > 0 }
    return shown.reduce(0, +) + gap * max(0, shown.count - 1)
  }

  /// The widths of the columns within the style's width; 0 for those that are left out.
  func fittingWidths(_ style: TerminalStyle) -> [Int] {
    let room = style.width - indent
    var widths = columns.indices.map { index in
      let column = columns[index]
      let natural = rows.reduce(max(column.floor, DisplayWidth.cells(of: column.header))) {
        max($0, $1[index].cells(style, atMost: min(column.limit, style.width)))
      }
      return min(natural, column.limit)
    }
    var steps = columns.indices.flatMap { index in columns[index].squeezes.map { (index, $0) } }
    steps.sort { $0.1.order < $1.1.order }
    var given: [(column: Int, width: Int)] = []
    for (index, step) in steps where Self.total(widths) > room && step.width < widths[index] {
      given.append((index, widths[index]))
      widths[index] = step.width
    }
    // The last step may have given more than was needed.
    for (index, width) in given.reversed() {
      let spare = room - Self.total(widths)
      if widths[index] == 0 {
        if width + Self.gap <= spare { widths[index] = width }
      } else if columns[index].isElastic || width - widths[index] <= spare {
        widths[index] = min(width, widths[index] + max(0, spare))
      }
    }
    return widths
  }
}
