/// A share as a bar of eighths of a cell.
enum Bar {
  /// The bar of `part` in `whole`, of at most `cells` cells. What is more than nothing shows, and what is
  /// less than all does not fill the bar.
  ///
  /// In ASCII it is made of whole cells.
  static func text(_ part: UInt64, of whole: UInt64, cells: Int, style: TerminalStyle) -> String {
    guard whole > 0, part > 0, cells > 0 else { return "" }
    let full = cells * 8
    var eighths =
      part >= whole ? full : Int((UInt128(part) * UInt128(full) + UInt128(whole) / 2) / UInt128(whole))
    if part < whole { eighths = min(max(eighths, 1), full - 1) }
    if !style.useUnicode { return String(repeating: "#", count: eighths < 4 ? 0 : max(1, (eighths + 4) / 8)) }
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return String(repeating: "█", count: eighths / 8) + rest
  }
}
