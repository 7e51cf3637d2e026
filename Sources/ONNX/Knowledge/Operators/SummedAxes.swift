/// Over which axes of an operand a product sums.
struct SummedAxes {
  /// Axes of the operand, as the node sees it.
  var axes: [Int] = []
  /// What they are called: `K`, `input channels`.
  var name = "K"
  /// Why there are none.
  var absence: AxisAbsence?
  /// Whether it is no product at all.
  var isRearrangement = false

  /// These axes.
  static func axes(_ axes: [Int], name: String = "K") -> SummedAxes { SummedAxes(axes: axes, name: name) }

  /// None, for that reason.
  static func none(_ absence: AxisAbsence) -> SummedAxes { SummedAxes(absence: absence) }
}

extension GraphLookups {
  /// Over which axes of an operand of that rank a product sums. (ONNX operators; the axes of packed operands
  /// are those of their logical shape and not asked for here.)
  func summedAxes(_ rule: ProductRule, rank: Int, input: Int, node: Int, context: Int) -> SummedAxes {
    switch rule {
    case .left:
      return rank >= 1 ? .axes([rank - 1]) : .none(.malformed("a scalar in a matrix product"))
    case .right:
      return rank >= 1 ? .axes([max(rank - 2, 0)]) : .none(.malformed("a scalar in a matrix product"))
    case .transposable(let attribute, let isLeft, let isBatched):
      return transposable(attribute, isLeft, isBatched, rank: rank, node: node, context: context)
    case .fixed(let axis, let least, let isExact, let name):
      guard isExact ? rank == least : rank >= least else {
        return .none(.malformed("rank \(rank) where the operator takes \(least)\(isExact ? "" : " or more")"))
      }
      return .axes([axis], name: name)
    case .einsum:
      guard case .value(.string(let text)) = attribute("equation", of: node, in: context) else {
        return .none(.unknownAttribute("equation"))
      }
      return Einsum(text)?.summedAxes(ofInput: input, rank: rank) ?? .none(.malformed("equation"))
    case .packed:
      return .none(.opaque("packed"))
    }
  }

  private func transposable(
    _ attribute: String,
    _ isLeft: Bool,
    _ isBatched: Bool,
    rank: Int,
    node: Int,
    context: Int
  ) -> SummedAxes {
    guard let transposed = integer(attribute, of: node, in: context, default: 0) else {
      return .none(.unknownAttribute(attribute))
    }
    if isBatched {
      let batch = isLeft ? "transBatchA" : "transBatchB"
      guard integer(batch, of: node, in: context, default: 0) == 0 else {
        return .none(.unknownAttribute(batch))
      }
      if rank == 1 { return .axes([0]) }
      guard rank > 1 else { return .none(.malformed("a scalar in a matrix product")) }
    } else {
      guard rank == 2 else { return .none(.malformed("rank \(rank) where the operator takes 2")) }
    }
    let isLast = isLeft != (transposed != 0)
    return .axes([isLast ? rank - 1 : rank - 2])
  }
}
