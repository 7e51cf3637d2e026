public import SparseCoding

/// What a second, slower look at a tensor's values finds.
public struct DeepStatistics: Sendable {
  /// Count, mean, spread and extremes of the finite values; nil for types whose numbers are not known.
  public var moments: Moments?
  /// The finite values in bins of equal width from the least to the greatest; nil without moments.
  public var distribution: Distribution?
  /// The order-0 entropy of each byte of an element in bits, the highest byte first: what an entropy coder without
  /// context needs for it.
  public var planeEntropies: [Double]
  /// The bytes that an entropy coder without context would need for all elements, or for a mask of the zeros and all
  /// others, whichever is less: about what a compressed export takes.
  public var predictedByteCount: UInt64
  /// Rows by their density; nil where they are too many, and for types without a zero.
  public var rowDensities: Densities?
  /// Columns by their density, as for ``rowDensities``.
  public var columnDensities: Densities?
  /// Whole blocks of 16 elements along a row, and how many of them are all zero; nil for types without a zero.
  public var blocks16: (all: UInt64, zero: UInt64)?
  /// The places on the first of three or more axes whose elements are all zero; nil where that was not looked at.
  public var emptySlices: [UInt64]?
  /// Where the nonzeros are; nil where that is not kept, and for types without a zero.
  public var densityMap: DensityMap?

  /// How the nonzeros of an attention layer's weight are spread over its heads; nil for other weights, and where the
  /// architecture does not tell the heads.
  public var heads: HeadDensities?

  /// What was found.
  public init(
    moments: Moments?,
    distribution: Distribution?,
    planeEntropies: [Double],
    predictedByteCount: UInt64,
    zeros map: ZeroMap?,
    keepsMap: Bool = true
  ) {
    self.moments = moments
    self.distribution = distribution
    self.planeEntropies = planeEntropies
    self.predictedByteCount = predictedByteCount
    guard let map else { return }
    rowDensities = Densities(map.rowCounts, extent: map.columns)
    columnDensities = Densities(map.columnCounts, extent: map.rows)
    blocks16 = (map.blocks16, map.zeroBlocks16)
    densityMap = keepsMap ? map.density : nil
  }

  /// Values in bins of equal width.
  public struct Distribution: Sendable, Hashable {
    /// How many bins there are.
    public static let binCount = 41
    /// Where the first bin starts.
    public var least: Double
    /// Where the last bin ends; the greatest value is in it.
    public var greatest: Double
    /// Values of each bin. Of types over 16 bits a value is taken to be that of its upper 16 bits, which is at most
    /// 2^-7 of it away (2^-4 for 64-bit floats).
    public var counts: [UInt64]
  }

  /// Lines of a matrix, rows or columns, by the share of their elements that are not zero.
  public struct Densities: Sendable, Hashable {
    /// Lines without a nonzero, then those up to 5 %, 10 % and so on; the last are over 95 %.
    public var counts: [UInt64]
    /// The fewest nonzeros of a line.
    public var fewest: UInt64
    /// The most nonzeros of a line.
    public var most: UInt64

    /// Lines of `extent` elements with so many nonzeros each; nil without any.
    public init?(_ lines: [UInt32], extent: UInt64) {
      guard let least = lines.min(), let greatest = lines.max(), extent > 0 else { return nil }
      counts = [UInt64](repeating: 0, count: 21)
      for line in lines {
        let place = line == 0 ? 0 : (UInt64(line) * 20 - 1) / extent + 1
        counts[Int(min(20, place))] += 1
      }
      (fewest, most) = (UInt64(least), UInt64(greatest))
    }
  }
}
