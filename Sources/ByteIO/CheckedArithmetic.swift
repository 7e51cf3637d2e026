extension UInt64 {
  /// The sum, or nil where it exceeds 64 bits.
  public func addingChecked(_ other: UInt64) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? nil : sum
  }

  /// The product, or nil where it exceeds 64 bits.
  public func multipliedChecked(by other: UInt64) -> UInt64? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }

  /// The difference, or nil where it would be negative.
  public func subtractingChecked(_ other: UInt64) -> UInt64? {
    other <= self ? self - other : nil
  }
}
