internal import ModelIR
internal import SparseCoding

/// Looks for what ``Advice`` names.
///
/// Memory: an entry for each tensor that was counted, and one for each block.
struct AdviceJudge {
  /// A share of zeros from which a layer counts as pruned, and one for codes of up to 8 bits, many of which are zero by
  /// rounding alone.
  private static let (pruned, prunedCodes) = (0.05, 0.3)
  /// A share of zeros from which a layer counts as sparse among its neighbours.
  private static let sparse = 0.2
  /// How much more of a first or last block may be zero than of the median one.
  private static let endMargin = 0.05
  /// A kind of layer with a smaller share of the prunable weights does not matter for the size.
  private static let leastShare = 0.01
  /// The fewest blocks that make a stack, and the fewest layers that have a median.
  private static let (fewestBlocks, fewestLayers) = (4, 3)

  /// A tensor whose values were counted, with its mask applied where it has one.
  private struct Counted {
    var report: TensorReport
    var kind: WeightKind
    var statistics: TensorStatistics
    var name: TensorName { report.tensor.name }
    var sparsity: Double { statistics.sparsity }

    /// The share of zeros from which it counts as pruned.
    var threshold: Double { report.tensor.quantization == nil ? pruned : prunedCodes }
  }

  private let matrices: [Counted]
  private let others: [Counted]
  /// What names of mixtures' layers start with.
  private let mixtures: Set<String>

  init(_ reports: [TensorReport]) {
    let counted = reports.compactMap { report in
      (report.maskedStatistics ?? report.statistics).map {
        Counted(report: report, kind: report.kind, statistics: $0)
      }
    }
    matrices = counted.filter { $0.kind == .matrix && $0.statistics.elements > 0 }
    others = counted.filter {
      ($0.kind == .embedding || $0.kind == .outputHead) && $0.statistics.elements > 0
    }
    mixtures = Set(ExpertLayer.find(in: reports, ArchitectureFacts()).map(\.name))
  }

  /// Layers of a name that hold a pattern along an axis of no use, together.
  func wrongAxes() -> [Advice] {
    let wrong = matrices.filter { $0.statistics.elsewhere != nil }
    let grouped = GroupedTensors(folding: wrong.map(\.report))
    var found: [Int: [AxisPattern: [Int]]] = [:]
    for (index, group) in grouped.membership.enumerated() {
      if let pattern = wrong[index].statistics.elsewhere {
        found[group, default: [:]][pattern, default: []].append(index)
      }
    }
    return grouped.groups.indices.flatMap { group in
      (found[group] ?? [:]).sorted { $0.value[0] < $1.value[0] }.map { pattern, places in
        let members = places.map { wrong[$0] }
        let elements = members.reduce(0.0) { $0 + Double($1.statistics.elements) }
        let zeros = members.reduce(0.0) { $0 + Double($1.statistics.zeros) }
        return Advice(
          .wrongAxis,
          members.count == 1 ? members[0].name.text : FoldedName.text(grouped.groups[group].name),
          members.map(\.name),
          sparsity: zeros / elements,
          pattern: pattern.pattern,
          axes: pattern.axes
        )
      }
    }
  }

  /// Layers beside others of their name, and names beside others.
  func layers() -> [Advice] {
    let grouped = GroupedTensors(folding: matrices.map(\.report))
    var members = [[Int]](repeating: [], count: grouped.groups.count)
    for (index, group) in grouped.membership.enumerated() { members[group].append(index) }
    let elements = matrices.reduce(0.0) { $0 + Double($1.statistics.elements) }
    let zeros = matrices.reduce(0.0) { $0 + Double($1.statistics.zeros) }
    let inSparse = grouped.groups.filter { $0.sparsity >= Self.sparse }
      .reduce(0.0) { $0 + Double($1.elements) }
    var advice: [Advice] = []
    for (group, places) in zip(grouped.groups, members) {
      let found = within(group, places.map { matrices[$0] })
      advice += found
      let isDense = places.allSatisfy { matrices[$0].sparsity < matrices[$0].threshold }
      guard found.isEmpty, isDense, inSparse >= elements / 2,
        Double(group.elements) >= Self.leastShare * elements
      else { continue }
      // What is best left dense is no oversight.
      guard !places.contains(where: { isSensitive(matrices[$0]) }) else { continue }
      advice.append(
        Advice(
          .denseKind,
          FoldedName.text(group.name),
          places.map { matrices[$0].name },
          sparsity: group.sparsity,
          usual: zeros / elements
        )
      )
    }
    return advice
  }

  /// Members of a group that differ from most.
  private func within(_ group: TensorGroup, _ members: [Counted]) -> [Advice] {
    var advice: [Advice] = []
    let pattern = group.pattern.flatMap { pattern, count in
      count < members.count && 2 * count >= members.count ? pattern : nil
    }
    let median = Self.median(members.map(\.sparsity))
    for member in members {
      if let pattern, !member.statistics.compliant.contains(pattern) {
        advice.append(
          Advice(
            .offPattern,
            member.name.text,
            [member.name],
            sparsity: member.sparsity,
            usual: median,
            pattern: pattern
          )
        )
      } else if members.count >= Self.fewestLayers, median >= Self.sparse, member.sparsity < median / 2 {
        advice.append(
          Advice(
            .denseAmongSparse,
            member.name.text,
            [member.name],
            sparsity: member.sparsity,
            usual: median
          )
        )
      }
    }
    return advice
  }

  /// Tensors that are best left dense.
  func singles() -> [Advice] {
    var advice: [Advice] = []
    for tensor in others {
      let statistics = tensor.statistics
      var (elements, zeros) = (statistics.elements, statistics.zeros)
      if tensor.kind == .embedding {
        // Words that are never looked up have rows of zeros: none of them was pruned.
        let (empty, overflow) = statistics.zeroRows.multipliedReportingOverflow(by: statistics.columns)
        guard !overflow, empty <= zeros, empty < elements else { continue }
        (elements, zeros) = (elements - empty, zeros - empty)
      }
      let share = Double(zeros) / Double(elements)
      guard share >= tensor.threshold else { continue }
      let rule: Advice.Rule = tensor.kind == .embedding ? .prunedEmbedding : .prunedOutputHead
      advice.append(Advice(rule, tensor.name.text, [tensor.name], sparsity: share))
    }
    for tensor in matrices where tensor.sparsity >= tensor.threshold {
      let rule: Advice.Rule? =
        isRouter(tensor)
        ? .prunedRouter : isFirst(tensor) ? .prunedFirstLayer : isClassifier(tensor) ? .prunedClassifier : nil
      guard let rule else { continue }
      advice.append(Advice(rule, tensor.name.text, [tensor.name], sparsity: tensor.sparsity))
    }
    return advice
  }

  private func isSensitive(_ tensor: Counted) -> Bool {
    isRouter(tensor) || isFirst(tensor) || isClassifier(tensor)
  }

  private func isRouter(_ tensor: Counted) -> Bool {
    ExpertLayer.router(tensor.report.tensor).map { mixtures.contains($0.layer) } ?? false
  }

  /// Whether it is a convolution over the channels of an image.
  private func isFirst(_ tensor: Counted) -> Bool {
    let extents = tensor.report.tensor.logicalShape.extents
    return extents.count == 4 && extents[1] == 3
  }

  private static let classifiers: Set<Substring> = ["fc", "classifier", "score", "head", "heads"]

  /// Whether it is a model's last matrix by its name, which has no number of a layer.
  private func isClassifier(_ tensor: Counted) -> Bool {
    let parts = NameWords.parts(tensor.name)
    return tensor.report.tensor.logicalShape.rank == 2
      && parts.last.map { Self.classifiers.contains($0) } ?? false
      && parts.allSatisfy { NameWords.number($0) == nil }
  }

  /// First and last blocks that are sparser than those between.
  func ends() -> [Advice] {
    struct Block {
      var elements: UInt64 = 0
      var zeros: UInt64 = 0
      var tensors: [TensorName] = []
      var sparsity: Double { Double(zeros) / Double(elements) }
    }
    var stacks: [String: [UInt64: Block]] = [:]
    for tensor in matrices {
      let parts = NameWords.parts(tensor.name)
      guard let place = parts.firstIndex(where: { NameWords.number($0) != nil }), place > 0,
        let number = NameWords.number(parts[place])
      else { continue }
      let stack = parts[..<place].joined(separator: ".")
      var block = stacks[stack]?[number] ?? Block()
      block.elements &+= tensor.statistics.elements
      block.zeros &+= tensor.statistics.zeros
      block.tensors.append(tensor.name)
      stacks[stack, default: [:]][number] = block
    }
    return stacks.sorted { $0.key < $1.key }.flatMap { stack, blocks -> [Advice] in
      let numbers = blocks.keys.sorted()
      guard numbers.count >= Self.fewestBlocks else { return [] }
      let usual = Self.median(numbers[1..<numbers.count - 1].compactMap { blocks[$0]?.sparsity })
      guard usual >= Self.pruned else { return [] }
      return [numbers[0], numbers[numbers.count - 1]].compactMap { number in
        guard let block = blocks[number], block.sparsity > usual + Self.endMargin else { return nil }
        return Advice(
          .sparserEnd,
          "\(stack).\(number)",
          block.tensors,
          sparsity: block.sparsity,
          usual: usual
        )
      }
    }
  }

  /// The middle one of some numbers, the lower of two; 0 without any.
  private static func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
  }
}
