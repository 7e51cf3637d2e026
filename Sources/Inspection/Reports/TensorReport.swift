public import ModelIR
public import SparseCoding

/// What an inspection finds about one tensor.
public struct TensorReport: Sendable {
  /// The tensor.
  public var tensor: Tensor
  /// The axis along which ``TensorStatistics/patterns`` were counted, and how it is known.
  public var axis: ReductionAxis? { ReductionAxis.byConvention(tensor) }
  /// What it is for, judged anew each time by its name: of 92,000 headers most are never asked.
  public var kind: WeightKind { WeightKind(tensor) }
  /// What the values are like; nil where they were not read, or their type is not counted.
  public var statistics: TensorStatistics? {
    get { box?.content.statistics }
    set { change { $0.statistics = newValue } }
  }
  /// What the values are like once the mask is applied that is stored beside the tensor; nil where there is
  /// none, or values were not read.
  public var maskedStatistics: TensorStatistics? {
    get { box?.content.masked?.statistics }
    set { change { $0.masked = newValue.map(Masked.init) } }
  }
  /// Where its zeros come from; nil where there is no reference to tell.
  public var origins: ZeroOrigins? {
    get { box?.content.origins }
    set { change { $0.origins = newValue } }
  }
  /// SHA-256 of type, shape and dense bytes, where it was asked for.
  public var digest: String? {
    get { box?.content.digest }
    set { change { $0.digest = newValue } }
  }

  /// What reading the values found.
  private struct Content: Sendable {
    var statistics: TensorStatistics?
    var masked: Masked?
    var origins: ZeroOrigins?
    var digest: String?
  }
  /// Statistics on the heap, which few reports have.
  private final class Masked: Sendable {
    let statistics: TensorStatistics
    init(_ statistics: TensorStatistics) { self.statistics = statistics }
  }
  /// All of it on the heap, so that the many reports on headers alone stay small.
  private final class Findings: Sendable {
    let content: Content
    init(_ content: Content) { self.content = content }
  }
  private var box: Findings?

  private mutating func change(_ body: (inout Content) -> Void) {
    var content = box?.content ?? Content()
    body(&content)
    box = Findings(content)
  }

  /// A report without statistics.
  public init(tensor: Tensor) { self.tensor = tensor }
}

/// Counts over all elements of a tensor. Zeros are counted by value: +0 and -0, not NaN.
public struct TensorStatistics: Sendable {
  /// All elements.
  public var elements: UInt64
  /// Elements whose value is not zero.
  public var nonzeros: UInt64
  /// Elements whose bits are not all zero: what a lossless layout stores.
  public var stored: UInt64
  /// NaNs.
  public var nan: UInt64
  /// Infinities.
  public var infinite: UInt64
  /// How the common patterns fare along the tensor's axis; empty below rank 2.
  public var patterns: [PatternResult]
  /// The strictest pattern that holds along other axes, where none holds along the tensor's own.
  public var elsewhere: AxisPattern?
  /// Whole blocks of 4 elements along the last axis, and how many of them are all zero.
  public var blocks: UInt64
  /// See ``blocks``.
  public var zeroBlocks: UInt64
  /// Rows, where all axes but the last make rows.
  public var rows: UInt64
  /// Rows that are all zero.
  public var zeroRows: UInt64
  /// Columns: the last extent.
  public var columns: UInt64
  /// Columns that are all zero; nil where there are too many to track.
  public var zeroColumns: UInt64?
  /// The smallest layout and the bytes of its parts.
  public var best: LayoutChoice
  /// The values that are not zero by their magnitudes, where that was asked for and the type has them.
  public var magnitudes: MagnitudeHistogram?
  /// What a second look found, where that was asked for and the type has it.
  public var deep: DeepStatistics?

  /// Elements whose value is zero.
  public var zeros: UInt64 { elements - nonzeros }
  /// Zeros whose sign bit is set. Types without a zero store fewer elements than are nonzero: all bits clear
  /// is a number there.
  public var negativeZeros: UInt64 { stored > nonzeros ? stored - nonzeros : 0 }
  /// The share of zeros, 0 to 1; 0 where there is no element.
  public var sparsity: Double { elements == 0 ? 0 : Double(zeros) / Double(elements) }
  /// The patterns that hold and say something: at least one whole group, no ragged one, no violation.
  public var compliant: [NMPattern] { patterns.filter(\.isCompliant).map(\.pattern) }
}

/// How one pattern fares along a tensor's axis.
public struct PatternResult: Sendable, Hashable {
  /// The pattern.
  public var pattern: NMPattern
  /// Groups and violations.
  public var count: PatternCount

  /// Whether every group complies; a ragged group does not, as no runtime takes it.
  public var isCompliant: Bool { count.groups > 0 && count.violations == 0 && count.raggedGroups == 0 }
}

/// A layout and the bytes that a tensor's parts take in it.
public struct LayoutChoice: Sendable, Hashable {
  /// The layout.
  public var layout: Layout
  /// The bytes of all parts, without header text.
  public var byteCount: UInt64

  /// A layout of so many bytes.
  public init(layout: Layout, byteCount: UInt64) {
    self.layout = layout
    self.byteCount = byteCount
  }

  /// The layouts that a tensor with these counts can take, with their bytes, dense first.
  ///
  /// - Parameter stored: the common patterns that hold for bit patterns along rows.
  public static func candidates(
    elementType: ElementType,
    shape: Shape,
    nnz: UInt64,
    stored: [NMPattern]
  ) -> [LayoutChoice] {
    ([.dense, .bitmask, .csr] + stored.map(Layout.nm)).compactMap { layout in
      guard layout.obstacle(elementType: elementType, shape: shape) == nil else { return nil }
      return layout.byteCount(elementType: elementType, shape: shape, nnz: nnz).map {
        LayoutChoice(layout: layout, byteCount: $0)
      }
    }
  }

  /// The smallest of some choices; ties go to the simpler layout.
  public static func smallest(_ choices: [LayoutChoice]) -> LayoutChoice? {
    choices.min { ($0.byteCount, $0.layout.simplicity) < ($1.byteCount, $1.layout.simplicity) }
  }
}
