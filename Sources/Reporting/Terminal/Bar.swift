/// A share as a bar of eighths of a cell.
enum Bar {
  /// The bar of `part` in `whole`, of at most `cells` cells. What is more than nothing shows, and what is
  /// less than all does not fill the bar.
  static func text(_ part: UInt64, of whole: UInt64, cells: Int) -> String {
    guard whole > 0, part > 0, cells > 0 else { return "" }
    let full = cells * 8
    var eighths = part >= whole ? full : Int((UInt128(part) * UInt128(full) + UInt128(whole) / 2) / UInt128(whole))
    if part < whole { eighths = min(max(eighths, 1), full - 1) }
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return String(repeating: "█", count: eighths / 8) + rest
  }
}
