/// How the elements of two tensors of one type and shape differ.
public struct ValueDifference: Sendable, Hashable {
  /// How many elements differ in their bits; bytes for ggml's blocks.
  public var elements: UInt64
  /// The place of the first of them in row-major order.
  public var first: UInt64
  /// The same as numbers; nil for types that are none.
  public var numbers: NumberDifference?

  /// So many elements, the first at this place.
  public init(elements: UInt64, first: UInt64, numbers: NumberDifference? = nil) {
    self.elements = elements
    self.first = first
    self.numbers = numbers
  }
}

/// How two tensors differ as numbers, and which of their elements are zero.
///
/// Zeros are counted by value: +0 and -0, not NaN.
public struct NumberDifference: Sendable, Hashable {
  /// All elements of either tensor.
  public var elements: UInt64 = 0
  /// Elements whose numbers differ; +0 and -0 do not, nor do two NaNs.
  public var changed: UInt64 = 0
  /// Changed elements one of which is NaN or infinite: no difference can be given.
  public var unmeasured: UInt64 = 0
  /// The largest absolute difference.
  public var largest: Double = 0
  /// The place of the first element with the largest difference, in row-major order.
  public var largestPlace: UInt64 = 0
  /// The sum of all absolute differences.
  public var sum: Double = 0
  /// Elements that are zero in neither tensor.
  public var kept: UInt64 = 0
  /// Elements that are zero in the second tensor only.
  public var pruned: UInt64 = 0
  /// Elements that are zero in the first tensor only.
  public var regrown: UInt64 = 0

  /// No element yet.
  public init() {}

  /// Elements that are zero in the first tensor.
  public var firstZeros: UInt64 { elements - kept - pruned }
  /// Elements that are zero in the second tensor.
  public var secondZeros: UInt64 { elements - kept - regrown }
  /// The mean absolute difference over all elements that can be measured.
  public var mean: Double { elements > unmeasured ? sum / Double(elements - unmeasured) : 0 }
  /// Elements not zero in both, over those not zero in either: 1 where the masks are the same; nil without any.
  public var maskOverlap: Double? {
    let union = kept + pruned + regrown
    return union == 0 ? nil : Double(kept) / Double(union)
  }

  /// Adds the elements of a later piece of the tensor.
  public mutating func add(_ other: NumberDifference) {
    elements += other.elements
    changed += other.changed
    unmeasured += other.unmeasured
    if other.largest > largest { (largest, largestPlace) = (other.largest, other.largestPlace) }
    sum += other.sum
    kept += other.kept
    pruned += other.pruned
    regrown += other.regrown
  }

  /// Counts the first `count` numbers of two pieces that start at the element `start`.
  public mutating func add(_ first: [Double], _ second: [Double], count: Int, from start: UInt64) {
    precondition(count <= first.count && count <= second.count)
    elements += UInt64(count)
    var index = 0
    while index < count {
      let (a, b) = (first[index], second[index])
      if a != 0 {
        if b != 0 { kept &+= 1 } else { pruned &+= 1 }
      } else if b != 0 {
        regrown &+= 1
      }
      if a != b && !(a.isNaN && b.isNaN) {
        changed &+= 1
        let difference = abs(a - b)
        if difference.isFinite {
          sum += difference
          if difference > largest { (largest, largestPlace) = (difference, start + UInt64(index)) }
        } else {
          unmeasured &+= 1
        }
      }
      index &+= 1
    }
  }
}
