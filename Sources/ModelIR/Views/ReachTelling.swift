/// Tells how far from zero rounding alone makes zeros: numbers of this magnitude at most have no nearer one than zero.
///
/// That is half the step from zero to the next number that an element's scale can express, half-way cases included, and
/// a little more where a quantizer divides in the scale's type, or rounds the scale once it has divided.
package protocol ReachTelling: Sendable {
  /// Writes the reach of each element of a rectangle to the start of `reaches`, row after row; it grows if need be.
  /// NaN where the reach is not known.
  /// - Throws: what reading throws.
  func readReaches(_ rows: Range<UInt64>, _ columns: Range<UInt64>, into reaches: inout [Double]) throws
}
