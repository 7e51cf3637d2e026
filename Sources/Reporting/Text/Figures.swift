internal import Inspection

/// Numbers as people read them. Sizes are decimal, as on the Hub.
public enum Figures {
  /// A size: `12 B`, `533 kB`, `268 MB`, `16.06 GB`.
  public static func size(_ bytes: UInt64) -> String {
    scaled(bytes, units: [" B", " kB", " MB", " GB", " TB", " PB", " EB"], twoDecimalsFrom: 3)
  }

  /// A count: `1,204`, `533 k`, `22.7 M`, `8.03 B`.
  public static func count(_ number: UInt64) -> String {
    if number < 10_000 { return grouped(number) }
    return scaled(number, units: ["", " k", " M", " B", " T", " Qa", " Qi"], twoDecimalsFrom: .max)
  }

  /// A whole number with its digits in groups of three: `14,680,064`.
  public static func grouped(_ number: some FixedWidthInteger) -> String {
    let digits = Array(String(number).utf8)
    var result: [UInt8] = []
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 && digits[index - 1] != UInt8(ascii: "-") {
        result.append(UInt8(ascii: ","))
      }
      result.append(digit)
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// A share in percent with one decimal. `0.0%` and `100.0%` are said of exactly nothing and exactly all;
  /// what is nearly that is `<0.1%` or `>99.9%`. Of nothing there is no share: `–`.
  public static func percent(_ part: UInt64, of whole: UInt64) -> String {
    if whole == 0 { return "–" }
    if part == 0 { return "0.0%" }
    let tenths = (UInt128(part) * 1000 + UInt128(whole) / 2) / UInt128(whole)
    if part < whole && tenths >= 1000 { return ">99.9%" }
    if part > whole && tenths <= 1000 { return ">100.0%" }
    if tenths >= 100_000 { return ">9,999%" }
    return tenths == 0 ? "<0.1%" : "\(tenths / 10).\(tenths % 10)%"
  }

  /// A share as percent.
  static func percent(_ share: Double) -> String {
    guard share.isFinite, share >= 0 else { return "–" }
    return percent(UInt64(min(share, 1e3) * 1e12), of: 1_000_000_000_000)
  }

  /// An error relative to what it is an error of, with three digits: `0.0123%`, `7.41%`.
  public static func relative(_ error: Double) -> String {
    guard error.isFinite, error >= 0, error < 1e6 else { return "–" }
    let percent = error * 100
    if percent >= 100 { return decimal(UInt128(percent.rounded()), decimals: 0, scale: 0) + "%" }
    var decimals = percent >= 10 ? 1 : 2
    var scaled = percent * (decimals == 1 ? 10 : 100)
    while scaled < 100 && decimals < 6 {
      scaled *= 10
      decimals += 1
    }
    return decimal(UInt128(scaled.rounded()), decimals: decimals, scale: decimals) + "%"
  }

  /// A real number with three significant digits: `0.0123`, `1.5e-07`, `12400.0`; `0` only for exactly nothing.
  public static func number(_ value: Double) -> String { value == 0 ? "0" : SignificantDigits.text(value, 3) }

  /// How many times smaller something became: `×1.61`; `–` where nothing is left to compare with.
  public static func ratio(_ before: UInt64, _ after: UInt64) -> String {
    if before == 0 || after == 0 { return "–" }
    let hundredths = (UInt128(before) * 100 + UInt128(after) / 2) / UInt128(after)
    if hundredths == 0 { return "×<0.01" }
    if hundredths >= 100_000 { return "×" + grouped(hundredths / 100) }
    return "×" + decimal(hundredths, decimals: hundredths >= 10_000 ? 0 : 2, scale: 2)
  }

  /// A time that something took: `0.04 s`, `6.1 s`, `1:05`, `1:02:03`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
    if seconds < 0.995 { return decimal(UInt128((seconds * 100).rounded()), decimals: 2, scale: 2) + " s" }
    if seconds < 59.95 { return decimal(UInt128((seconds * 10).rounded()), decimals: 1, scale: 1) + " s" }
    return clock(seconds)
  }

  /// A time on a clock: `0:05`, `1:02:03`.
  public static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
    /// Two digits.
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let whole = Int(seconds.rounded())
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0
      ? "\(hours):\(padded(minutes)):\(padded(whole % 60))" : "\(minutes):\(padded(whole % 60))"
  }

  /// A speed: `2.61 GB/s`.
  public static func rate(_ bytes: UInt64, seconds: Double) -> String {
    guard seconds > 0, (Double(bytes) / seconds).isFinite else { return "–" }
    return size(UInt64(min(Double(bytes) / seconds, 1e18))) + "/s"
  }

  /// A number of things: `1 tensor`, `291 tensors`, `2 matrices`.
  public static func things(_ number: some FixedWidthInteger, _ thing: String, plural: String? = nil)
    -> String
  {
    grouped(number) + " " + (number == 1 ? thing : plural ?? thing + "s")
  }

  /// Three significant digits in the unit that suits; from a unit on always two decimals.
  private static func scaled(_ number: UInt64, units: [String], twoDecimalsFrom: Int) -> String {
    if number < 1000 { return "\(number)\(units[0])" }
    var scale: UInt128 = 1
    for (index, unit) in units.enumerated().dropFirst() {
      scale *= 1000
      let isLast = index == units.count - 1
      for decimals in [2, 1, 0] {
        let power: UInt128 = [1, 10, 100][decimals]
        let rounded = (UInt128(number) * power + scale / 2) / scale
        let limit: UInt128 = index >= twoDecimalsFrom || isLast ? 1000 : [1000, 100, 10][decimals]
        if rounded < limit * power || (isLast && decimals == 2) {
          return decimal(rounded, decimals: decimals, scale: decimals) + unit
        }
      }
    }
    return grouped(number)
  }

  /// `value` / 10^`scale`, of which so many decimals are shown.
  private static func decimal(_ value: UInt128, decimals: Int, scale: Int) -> String {
    let power: UInt128 = (0..<scale).reduce(1) { power, _ in power * 10 }
    let shown = decimals == 0 && scale > 0 ? (value + power / 2) / power * power : value
    if decimals == 0 { return "\(shown / power)" }
    let fraction = "\(shown % power)"
    return "\(shown / power)." + String(repeating: "0", count: scale - fraction.utf8.count) + fraction
  }
}
