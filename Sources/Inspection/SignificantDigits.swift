/// Numbers rounded to some significant digits, in the shortest text of a double.
package enum SignificantDigits {
  /// The text of a number: `0.0123`, `1.5e-07`, `12400.0`. What is no finite number, or zero, is told as it is, and so
  /// is what lies so far out that powers of ten would lose digits.
  package static func text(_ value: Double, _ digits: Int) -> String {
    let magnitude = abs(value)
    guard value.isFinite, magnitude < 1e100, magnitude > 1e-100 else { return value.description }
    /// Exact up to the 22nd; beyond it a last digit may be off.
    func power(_ exponent: Int) -> Double { (0..<exponent).reduce(1) { result, _ in result * 10 } }
    var exponent = 0
    while magnitude >= power(exponent + 1) { exponent += 1 }
    while exponent <= 0 && magnitude * power(-exponent) < 1 { exponent -= 1 }
    let shift = digits - 1 - exponent
    // Dividing by a power of ten gives the double that is nearest to the short decimal, and prints as it.
    let rounded =
      shift >= 0
      ? (value * power(shift)).rounded() / power(shift)
      : (value / power(-shift)).rounded() * power(-shift)
    return rounded.description
  }
}
