/// Numbers as the table shows them.
enum Decimal {
  /// A number with so many digits behind the point.
  static func text(_ value: Double, places: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "-" }
    let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
    let scaled = Int((value.magnitude * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let (whole, rest) = scaled.quotientAndRemainder(dividingBy: scale)
    if places == 0 { return "\(sign)\(whole)" }
    let digits = String(rest)
    return "\(sign)\(whole)." + String(repeating: "0", count: places - digits.count) + digits
  }

  /// A number with three digits or more.
  static func figure(_ value: Double) -> String {
    text(value, places: value.magnitude < 10 ? 2 : value.magnitude < 100 ? 1 : 0)
  }
}
