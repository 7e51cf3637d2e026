/// Why numbers have no blocks.
public enum EncodingProblem: Error, Sendable, Hashable {
  /// The element at this index, counted from the first one given, is NaN or infinite.
  case nonFinite(at: Int)
  /// The block that starts with the element at this index needs a scale that the type can't store.
  ///
  /// ggml stores an infinite or invalid scale then, and refuses the finished file.
  case scaleOutOfRange(at: Int)
}
