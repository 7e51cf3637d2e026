/// The extents of a tensor, row-major, outermost first; rank 0 is a scalar.
///
/// A shape is valid by construction: the product of its extents, taken from the left, fits 64 bits.
public struct Shape: Sendable, Hashable {
  /// The extents, outermost first.
  public let extents: [UInt64]
  /// The product of the extents; 1 for rank 0.
  public let elementCount: UInt64

  /// A shape of these extents, or nil where a product on the way exceeds 64 bits (as safetensors checks it,
  /// so `[2^63, 2^63, 0]` is none although it has no element).
  public init?(_ extents: [UInt64]) {
    var count: UInt64 = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      count = product
    }
    self.extents = extents
    elementCount = count
  }

  private init(extents: [UInt64], elementCount: UInt64) {
    self.extents = extents
    self.elementCount = elementCount
  }

  /// A list of `count` elements.
  public static func vector(_ count: UInt64) -> Shape { Shape(extents: [count], elementCount: count) }

  /// The number of axes.
  public var rank: Int { extents.count }

  /// The innermost extent, the length of a row; 1 for rank 0.
  public var columns: UInt64 { extents.last ?? 1 }

  /// The product of all extents but the last; 1 for rank 0 and 1.
  ///
  /// It cannot overflow: it is a prefix of the product that the initializer checked.
  public var rows: UInt64 { extents.dropLast().reduce(1, *) }

  /// The same outer extents with another innermost one, as the parts of a layout have it; rank 0 counts as
  /// `[1]`. Nil where the product exceeds 64 bits.
  public func replacingColumns(with columns: UInt64) -> Shape? {
    Shape(Array(extents.dropLast()) + [columns])
  }

  /// The bytes that `elementCount` elements of the type take, or nil where they are no whole number of
  /// bytes or exceed 64 bits.
  public func byteCount(of type: ElementType) -> UInt64? {
    let (bits, overflow) = elementCount.multipliedReportingOverflow(by: UInt64(type.bitWidth))
    return overflow || bits % 8 != 0 ? nil : bits / 8
  }
}

extension Shape: CustomStringConvertible {
  /// The extents as people write them: `[4096, 11008]`.
  public var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }
}
