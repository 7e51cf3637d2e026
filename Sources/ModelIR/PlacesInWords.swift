extension Range<UInt64> {
  /// The first and the last of some places, as people count them: `1024 to 2047`.
  package var inWords: String {
    upperBound - lowerBound <= 1 ? "\(lowerBound)" : "\(lowerBound) to \(upperBound - 1)"
  }
}
