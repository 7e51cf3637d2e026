/// How the indices of a sparse tensor are written.
package enum IndexForm: Sendable, Hashable, CaseIterable {
  /// One number a value, its place in the row-major order, as a varint in `int64_data`: what other programs read
  /// best, and mostly the smallest.
  case linearVarints
  /// One number a value, of 8 bytes in `raw_data`.
  case linearRaw
  /// A coordinate for each axis, as varints in `int64_data`.
  case coordinateVarints
}
