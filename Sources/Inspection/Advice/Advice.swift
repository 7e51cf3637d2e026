public import ModelIR

/// What the literature advises against, or what looks like an oversight, in how a model was pruned.
///
/// It says that something deserves a look, not that it is wrong.
public struct Advice: Sendable, Hashable {
  /// What was found.
  public enum Rule: String, Sendable, CaseIterable {
    /// A layer that breaks the N:M pattern that most layers of its name hold: no sparse kernel takes it.
    case offPattern = "off_pattern"
    /// A layer of which nearly all groups follow a pattern.
    case nearPattern = "near_pattern"
    /// A layer that holds a pattern along another axis than products sum over: no sparse kernel takes it.
    case wrongAxis = "wrong_axis"
    /// A layer with less than half the zeros of the median layer of its name.
    case denseAmongSparse = "dense_among_sparse"
    /// All layers of a name are dense, though most of the prunable weights are sparse.
    case denseKind = "dense_kind"
    /// An embedding with zeros outside of rows that are all zero. Pruning in one shot leaves embeddings dense.
    /// (SparseGPT, arXiv 2301.00774, section 4; Wanda, arXiv 2306.11695, section 4: all linear layers but the first
    /// embedding layer and the last classification head.)
    case prunedEmbedding = "pruned_embedding"
    /// An output head with zeros: see ``prunedEmbedding``.
    case prunedOutputHead = "pruned_output_head"
    /// A mixture's router with zeros: other experts are chosen. (llm-compressor's examples for Mixtral leave
    /// `re:.*block_sparse_moe.gate` out.)
    case prunedRouter = "pruned_router"
    /// A convolution over the three channels of an image with zeros: it has few weights, and all else depends on it.
    /// (Gale, Elsen and Hooker, arXiv 1902.09574, section 5: the first layer stays dense.)
    case prunedFirstLayer = "pruned_first_layer"
    /// A classifier with zeros, which the same work keeps denser than the layers before it.
    case prunedClassifier = "pruned_classifier"
    /// The first or last block of a stack is sparser than the median of the blocks between. The first and last blocks
    /// change the most in what they compute. (ShortGPT, arXiv 2403.03853, table 1; OWL, arXiv 2310.05175.)
    case sparserEnd = "sparser_end"
  }

  /// What was found.
  public var rule: Rule
  /// What it was found in: a tensor's name, the name that repeated layers share, or a block's.
  public var subject: String
  /// The tensors that it is about.
  public var tensors: [TensorName]
  /// Their share of zeros, 0 to 1; of an embedding, of the elements outside of rows that are all zero.
  public var sparsity: Double
  /// The share of zeros that they are compared with: of the median layer or block, or of all prunable weights; nil where
  /// there is no such comparison.
  public var usual: Double?
  /// The pattern that is broken, or that holds along ``axes``.
  public var pattern: NMPattern?
  /// How many groups break ``pattern``; nil for rules about other things.
  public var violations: Violations?
  /// The axes along which ``pattern`` holds; empty for other rules.
  public var axes: [Int]

  /// Groups along a tensor's own axis, and how many of them break a pattern.
  public struct Violations: Sendable, Hashable {
    /// All whole groups.
    public var groups: UInt64
    /// Those with too many nonzeros.
    public var violating: UInt64

    /// So many groups, of which so many break it.
    public init(groups: UInt64, violating: UInt64) {
      self.groups = groups
      self.violating = violating
    }
  }

  /// A finding.
  init(
    _ rule: Rule,
    _ subject: String,
    _ tensors: [TensorName],
    sparsity: Double,
    usual: Double? = nil,
    pattern: NMPattern? = nil,
    violations: Violations? = nil,
    axes: [Int] = []
  ) {
    self.violations = violations
    self.rule = rule
    self.subject = subject
    self.tensors = tensors
    self.sparsity = sparsity
    self.usual = usual
    self.pattern = pattern
    self.axes = axes
  }

  /// All that deserves a look among a model's tensors, by rule; nothing for tensors whose values were not read.
  public static func on(_ reports: [TensorReport]) -> [Advice] {
    let judge = AdviceJudge(reports)
    let layers = judge.layers()
    let told = Set(layers.flatMap(\.tensors))
    let near = judge.nearMisses().filter { told.isDisjoint(with: $0.tensors) }
    let found = judge.wrongAxes() + layers + near + judge.singles() + judge.ends()
    return Rule.allCases.flatMap { rule in found.filter { $0.rule == rule } }
  }
}
