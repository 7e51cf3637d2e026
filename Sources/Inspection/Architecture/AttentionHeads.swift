public import ModelIR
public import SparseCoding

/// How the heads of an attention layer lie in one of its weights: consecutive rows of the projections to queries, keys
/// and values, consecutive columns of the one behind them (for `[in, out]` the other way round).
public struct AttentionHeads: Sendable, Hashable {
  /// The axis that the heads lie along.
  public var axis: Int
  /// The lines of a head along ``axis``.
  public var extent: UInt64
  /// The heads that the weight has; those of queries, keys and values together where one weight makes them all.
  public var count: UInt64
  /// The heads that it has by the architecture; nil where that is not known.
  public var expected: UInt64?

  /// What a weight does in its layer.
  private enum Role {
    case query, keyValue, fused, output
  }

  /// The last part of names, in the spelling of transformers' models and of llama.cpp's (`constants.py`, `TENSOR_NAMES`).
  private static let roles: [Substring: Role] = [
    "q_proj": .query, "q_lin": .query, "query": .query, "q": .query, "q_attn": .query, "attn_q": .query,
    "k_proj": .keyValue, "k_lin": .keyValue, "key": .keyValue, "k": .keyValue, "attn_k": .keyValue,
    "v_proj": .keyValue, "v_lin": .keyValue, "value": .keyValue, "v": .keyValue, "attn_v": .keyValue,
    "qkv_proj": .fused, "qkv": .fused, "query_key_value": .fused, "Wqkv": .fused, "c_attn": .fused,
    "in_proj_weight": .fused, "attn_qkv": .fused,
    "o_proj": .output, "out_proj": .output, "out_lin": .output, "o": .output, "dense": .output,
    "c_proj": .output, "attn_output": .output,
  ]
  private static let attentionWord = Array("att".utf8)

  /// The heads in a weight; nil for weights of other layers, and where the architecture does not tell.
  ///
  /// The side that faces the rest of the model must have the hidden size: a model of text and images has heads of two
  /// kinds, of which the facts tell one.
  public init?(_ tensor: Tensor, _ facts: ArchitectureFacts) {
    let shape = tensor.logicalShape
    guard shape.rank == 2, let hidden = facts.hiddenSize, let extent = facts.headExtent,
      let role = NameWords.parts(tensor.name).last.flatMap({ Self.roles[$0] }),
      NameWords.contains(Self.attentionWord, in: tensor.name),
      let summed = ReductionAxis.byConvention(tensor)?.axes.first, (0...1).contains(summed)
    else { return nil }
    axis = role == .output ? summed : 1 - summed
    guard shape.extents[1 - axis] == hidden else { return nil }
    self.extent = role == .output ? facts.valueHeadDimension ?? extent : extent
    let lines = shape.extents[axis]
    guard self.extent > 0, lines > 0, lines.isMultiple(of: self.extent) else { return nil }
    count = lines / self.extent
    switch role {
    case .query, .output: expected = facts.headCount
    case .keyValue: expected = facts.keyValueHeadCount ?? facts.headCount
    case .fused: expected = Self.fused(facts)
    }
  }

  /// The heads of queries, keys and values together.
  private static func fused(_ facts: ArchitectureFacts) -> UInt64? {
    guard let queries = facts.headCount else { return nil }
    let (pair, overflow) = (facts.keyValueHeadCount ?? queries).multipliedReportingOverflow(by: 2)
    let (sum, tooMany) = queries.addingReportingOverflow(pair)
    return overflow || tooMany ? nil : sum
  }
}

/// How the nonzeros of a weight are spread over an attention layer's heads.
public struct HeadDensities: Sendable, Hashable {
  /// How the heads lie.
  public var heads: AttentionHeads
  /// The elements of a head.
  public var elements: UInt64
  /// The nonzeros of the emptiest head.
  public var fewest: UInt64
  /// The nonzeros of the fullest head.
  public var most: UInt64
  /// The heads without a nonzero, counted from 0.
  public var empty: [UInt64]

  /// Sums lines to heads; nil where lines are too many to have been counted one by one, or are not those of the weight.
  ///
  /// Memory: 8 bytes for each empty head.
  public init?(_ heads: AttentionHeads, _ map: ZeroMap) {
    let lines = heads.axis == 0 ? map.rowCounts : map.columnCounts
    let (extent, across) = (Int(clamping: heads.extent), heads.axis == 0 ? map.columns : map.rows)
    guard !lines.isEmpty, extent > 0, UInt64(lines.count) == heads.count * heads.extent else { return nil }
    self.heads = heads
    elements = heads.extent * across
    (fewest, most, empty) = (.max, 0, [])
    for head in 0..<heads.count {
      let start = Int(head) * extent
      let nonzeros = lines[start..<start + extent].reduce(0) { $0 + UInt64($1) }
      fewest = min(fewest, nonzeros)
      most = max(most, nonzeros)
      if nonzeros == 0 { empty.append(head) }
    }
  }
}
