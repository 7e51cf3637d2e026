extension UInt64 {
  /// The quotient, rounded up; without the overflow of adding the divisor first.
  package func dividedUp(by divisor: UInt64) -> UInt64 { self / divisor + (self % divisor == 0 ? 0 : 1) }
}
