internal import Inspection
internal import ModelIR
internal import SparseCoding

/// Where the nonzeros of a matrix are, drawn with two cells in a character.
///
/// Without colours a character stands for the mean of its two cells: space for none, `█` for all.
struct HeatmapLines {
  private let map: DensityMap
  private let name: TensorName

  /// The map of a tensor; nil where it was not made.
  init?(_ report: TensorReport) {
    guard let map = report.statistics?.deep?.densityMap else { return nil }
    self.map = map
    name = report.tensor.name
  }

  /// Writes a title and the map, at most as wide as the style says.
  func write(to writer: inout LineWriter) throws {
    let style = writer.style
    try writer.lines(
      Flow.lines(
        [
          Cell(foreign: name.text, .strong), Cell("\(map.rows) × \(map.columns)"),
          Cell("density, row 0 on top", .dim),
        ],
        start: "  ",
        indent: 4,
        style: style
      )
    )
    for row in stride(from: 0, to: map.cells.rows, by: 2) {
      var line = "  "
      for column in 0..<map.cells.columns {
        let top = density(row, column)
        let bottom = row + 1 < map.cells.rows ? density(row + 1, column) : nil
        line += style.halfBlock(top, bottom)
      }
      try writer.line(line)
    }
  }

  private func density(_ row: Int, _ column: Int) -> Double {
    let cell = row * map.cells.columns + column
    let elements = map.elements(ofCell: cell)
    return elements == 0 ? 0 : Double(map.counts[cell]) / Double(elements)
  }
}

extension TerminalStyle {
  /// Two densities, 0 to 1, one above the other, in one character.
  func halfBlock(_ top: Double, _ bottom: Double?) -> String {
    if useColor {
      // The 24 greys of the palette of 256 colours, from black to nearly white.
      func grey(_ density: Double) -> Int { 232 + min(23, max(0, Int(density * 23.99))) }
      let below = bottom.map { "48;5;\(grey($0))" } ?? "49"
      return "\u{1B}[38;5;\(grey(top));\(below)m▀\u{1B}[0m"
    }
    let mean = bottom.map { (top + $0) / 2 } ?? top
    let shades = useUnicode ? Array(" ░▒▓█") : Array(" .:+#")
    if mean <= 0 { return " " }
    return String(shades[min(4, max(1, Int((mean * 4).rounded())))])
  }
}
