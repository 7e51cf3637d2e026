internal import ModelIR
internal import SparseCoding

/// What becomes of one tensor.
struct LayoutDecision: Sendable {
  /// The layout that it takes.
  var layout: Layout
  /// How many of its elements have bits that are not all zero, where that was counted.
  var nnz: UInt64 = 0
  /// How many of them stand before each chunk, where chunks are encoded to places that depend on it.
  var before: [UInt64] = []
  /// Reads the tensor, where its layout changes.
  var reader: DenseReader?
  /// Why it does not take the layout that was asked for.
  var obstacle: LayoutObstacle?

  /// Whether the parts go out as they are.
  var isKept: Bool { reader == nil }
}

/// The layouts that one tensor is measured for.
enum LayoutTarget: Sendable {
  case named(Layout)
  case auto

  /// The group of elements that no chunk may split: 16 elements of the widest common pattern times 8 make a
  /// whole byte of positions, which a multiple of 128 is.
  var group: Int {
    switch self {
    case .named(.nm(let pattern)): pattern.group
    case .named: 1
    case .auto: 2
    }
  }
}
