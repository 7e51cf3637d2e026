public import ModelIR

/// A tensor seen along one of its axes: `outer` x `extent` x `inner` elements, row-major, where groups run
/// along the middle one.
public struct AxisView: Sendable, Hashable {
  /// The axis, outermost 0.
  public let axis: Int
  /// The product of the extents before the axis.
  public let outer: UInt64
  /// The axis's extent.
  public let extent: UInt64
  /// The product of the extents behind the axis; 1 for the last.
  public let inner: UInt64

  /// A view of a shape with elements along `axis`; nil where the shape has no such axis or no element.
  public init?(_ shape: Shape, axis: Int) {
    guard axis >= 0, axis < shape.rank, shape.elementCount > 0 else { return nil }
    self.axis = axis
    // No product overflows: each is a divisor of the element count.
    outer = shape.extents[..<axis].reduce(1, *)
    extent = shape.extents[axis]
    inner = shape.extents[(axis + 1)...].reduce(1, *)
  }

  /// The tensor as a matrix whose rows lie along the axis, where that is how its elements lie side by side: if
  /// the axis is the last one, or a dense tensor's only behind it are extents of 1 (a 1x1 convolution).
  public func matrix(of tensor: Tensor) -> Tensor? {
    if axis == tensor.shape.rank - 1 { return tensor }
    guard inner == 1, tensor.layout == .dense, let shape = Shape([outer, extent]) else { return nil }
    var matrix = tensor
    matrix.shape = shape
    return matrix
  }

  /// The whole groups of `size` along the axis.
  public func wholeGroups(of size: Int) -> UInt64 { outer * inner * (extent / UInt64(size)) }

  /// The groups at the axis's end that are shorter than `size`.
  public func raggedGroups(of size: Int) -> UInt64 { extent % UInt64(size) == 0 ? 0 : outer * inner }
}
