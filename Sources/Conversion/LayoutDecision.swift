internal import CompressedTensors
internal import ModelIR
internal import SparseCoding

/// What becomes of one tensor.
struct LayoutDecision: Sendable {
  /// The layout that it takes.
  var layout: Layout
  /// The form of another library that it takes, where it is not our own.
  var form: SparseForm?
  /// How many of its elements have a value that is not zero, where that was counted.
  var nonzeros: UInt64?
  /// How many of its elements have bits that are not all zero, where that was counted.
  var nnz: UInt64 = 0
  /// How many of them stand before each chunk, where chunks are encoded to places that depend on it.
  var before: [UInt64] = []
  /// Reads the tensor, where its layout changes.
  var reader: DenseReader?
  /// Why it does not take the layout that was asked for.
  var obstacle: LayoutObstacle?

  /// Whether it has parts that only we read.
  var isOurs: Bool { layout != .dense && form == nil }

  /// Whether the parts go out as they are.
  var isKept: Bool { reader == nil }
}

/// The layouts that one tensor is measured for.
enum LayoutTarget: Sendable {
  case named(Layout)
  case auto
  /// A form of another library; only if it is smaller than dense, where `isAutomatic`.
  case form(SparseForm, isAutomatic: Bool)
  /// None: its zeros are counted, and it stays as it is.
  case counted

  /// The group of elements that no chunk may split: 16 elements of the widest common pattern times 8 make a
  /// whole byte of positions, which a multiple of 128 is.
  var group: Int {
    switch self {
    case .named(.nm(let pattern)): pattern.group
    case .named, .counted: 1
    case .auto: 2
    case .form: 4
    }
  }
}
