internal import ModelIR
internal import SparseCoding

/// Looks for what ``Advice`` names.
///
/// Memory: some 40 bytes for each tensor that was counted, and an entry for each block.
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
  /// The share of violating groups up to which a pattern was meant to hold.
  private static let nearShare = 0.01
  /// The fewest blocks that make a stack, and the fewest layers that have a median.
  private static let (fewestBlocks, fewestLayers) = (4, 3)

  private let reports: [TensorReport]
  /// The places of matrices that were counted, and those of embeddings and output heads.
  private let matrices: [Int]
  private let others: [(place: Int, kind: WeightKind)]

  init(_ reports: [TensorReport]) {
    self.reports = reports
    var (matrices, others): ([Int], [(Int, WeightKind)]) = ([], [])
    for place in reports.indices where (Self.statistics(reports[place])?.elements ?? 0) > 0 {
      let kind = reports[place].kind
      switch kind {
      case .matrix: matrices.append(place)
      case .embedding, .outputHead, .router: others.append((place, kind))
      case .vector, .auxiliary, .notWeight: break
      }
    }
    (self.matrices, self.others) = (matrices, others)
  }

  /// What the values are like, with the mask applied where there is one.
  private static func statistics(_ report: borrowing TensorReport) -> TensorStatistics? {
    report.maskedStatistics ?? report.statistics
  }

  private func sparsity(_ place: Int) -> Double { Self.statistics(reports[place])?.sparsity ?? 0 }
  private func name(_ place: Int) -> TensorName { reports[place].tensor.name }

  /// The share of zeros from which a tensor counts as pruned.
  private func threshold(_ place: Int) -> Double {
    reports[place].tensor.quantization == nil ? Self.pruned : Self.prunedCodes
  }

  /// The share of zeros of all of some tensors.
  private func sparsity(ofAll places: [Int]) -> Double {
    let sums = places.reduce(into: (elements: 0.0, zeros: 0.0)) { sums, place in
      guard let statistics = Self.statistics(reports[place]) else { return }
      sums.elements += Double(statistics.elements)
      sums.zeros += Double(statistics.zeros)
    }
    return sums.elements > 0 ? sums.zeros / sums.elements : 0
  }

  /// Layers of a name that hold a pattern along an axis of no use, together.
  func wrongAxes() -> [Advice] {
    let wrong = matrices.filter { Self.statistics(reports[$0])?.elsewhere != nil }
    let grouped = GroupedTensors(folding: reports, at: wrong)
    var found = [[AxisPattern: [Int]]](repeating: [:], count: grouped.groups.count)
    for (place, group) in zip(wrong, grouped.membership) {
      if let pattern = Self.statistics(reports[place])?.elsewhere {
        found[group][pattern, default: []].append(place)
      }
    }
    return zip(grouped.groups, found).flatMap { group, patterns in
      patterns.sorted { $0.value[0] < $1.value[0] }.map { pattern, places in
        Advice(
          .wrongAxis,
          places.count == 1 ? name(places[0]).text : FoldedName.text(group.name),
          places.map(name),
          sparsity: sparsity(ofAll: places),
          pattern: pattern.pattern,
          axes: pattern.axes
        )
      }
    }
  }

  /// Layers beside others of their name, and names beside others.
  func layers() -> [Advice] {
    let grouped = GroupedTensors(folding: reports, at: matrices)
    var members = [[Int]](repeating: [], count: grouped.groups.count)
    for (place, group) in zip(matrices, grouped.membership) { members[group].append(place) }
    let elements = grouped.groups.reduce(0.0) { $0 + Double($1.elements) }
    let inSparse = zip(grouped.groups, members).reduce(0.0) {
      sparsity(ofAll: $1.1) >= Self.sparse ? $0 + Double($1.0.elements) : $0
    }
    let usual = sparsity(ofAll: matrices)
    var advice: [Advice] = []
    for (group, places) in zip(grouped.groups, members) {
      let found = within(group, places)
      advice += found
      guard found.isEmpty, places.allSatisfy({ sparsity($0) < threshold($0) }), inSparse >= elements / 2,
        Double(group.elements) >= Self.leastShare * elements
      else { continue }
      // What is best left dense is no oversight.
      guard !places.contains(where: isSensitive), places.contains(where: holdsGroups) else { continue }
      advice.append(
        Advice(
          .denseKind,
          FoldedName.text(group.name),
          places.map(name),
          sparsity: sparsity(ofAll: places),
          usual: usual
        )
      )
    }
    return advice
  }

  /// Members of a group that differ from most.
  private func within(_ group: TensorGroup, _ members: [Int]) -> [Advice] {
    var advice: [Advice] = []
    let pattern = group.pattern.flatMap { pattern, count in
      count < members.count && 2 * count >= members.count && !pattern.isSlack(at: group.sparsity)
        ? pattern : nil
    }
    let median = Self.median(members.map(sparsity))
    for member in members {
      let sparsity = sparsity(member)
      let compliant = Self.statistics(reports[member])?.compliant ?? []
      if let pattern, !compliant.contains(pattern) {
        advice.append(offPattern(member, pattern, usual: median))
      } else if members.count >= Self.fewestLayers, median >= Self.sparse, sparsity < median / 2 {
        advice.append(
          Advice(.denseAmongSparse, name(member).text, [name(member)], sparsity: sparsity, usual: median)
        )
      }
    }
    return advice
  }

  /// A matrix that breaks a pattern, and how many of its groups do.
  private func offPattern(_ place: Int, _ pattern: NMPattern, usual: Double? = nil) -> Advice {
    let statistics = Self.statistics(reports[place])
    let count = statistics?.patterns.first { $0.pattern == pattern }?.count
    return Advice(
      usual == nil ? .nearPattern : .offPattern,
      name(place).text,
      [name(place)],
      sparsity: sparsity(place),
      usual: usual,
      pattern: pattern,
      violations: count.map { Advice.Violations(groups: $0.groups, violating: $0.violations) }
    )
  }

  /// Matrices of which nearly all groups follow a pattern that none of them follows by chance.
  func nearMisses() -> [Advice] {
    matrices.compactMap { place in
      guard let statistics = Self.statistics(reports[place]), statistics.compliant.isEmpty else { return nil }
      let near = statistics.patterns.filter { result in
        let (groups, violations) = (Double(result.count.groups), Double(result.count.violations))
        return violations > 0 && violations <= Self.nearShare * groups && result.count.raggedGroups == 0
          && !result.pattern.isSlack(at: statistics.sparsity)
      }
      return near.min { $0.pattern.strictness < $1.pattern.strictness }.map { offPattern(place, $0.pattern) }
    }
  }

  /// Tensors that are best left dense.
  func singles() -> [Advice] {
    var advice: [Advice] = []
    for (place, kind) in others {
      guard let statistics = Self.statistics(reports[place]) else { continue }
      var (elements, zeros) = (statistics.elements, statistics.zeros)
      if kind == .embedding {
        // Words that are never looked up have rows of zeros: none of them was pruned.
        let (empty, overflow) = statistics.zeroRows.multipliedReportingOverflow(by: statistics.columns)
        guard !overflow, empty <= zeros, empty < elements else { continue }
        (elements, zeros) = (elements - empty, zeros - empty)
      }
      let share = Double(zeros) / Double(elements)
      guard share >= threshold(place) else { continue }
      let rule: Advice.Rule =
        kind == .embedding ? .prunedEmbedding : kind == .router ? .prunedRouter : .prunedOutputHead
      advice.append(Advice(rule, name(place).text, [name(place)], sparsity: share))
    }
    for place in matrices where sparsity(place) >= threshold(place) {
      guard let rule = sensitivity(place) else { continue }
      advice.append(Advice(rule, name(place).text, [name(place)], sparsity: sparsity(place)))
    }
    return advice
  }

  /// Whether the axis that is summed over has room for a group of the shortest patterns that kernels take: that of a
  /// depthwise convolution has not.
  private func holdsGroups(_ place: Int) -> Bool {
    guard let axis = reports[place].axis?.axes.first else { return false }
    let extents = reports[place].tensor.logicalShape.extents
    return extents.indices.contains(axis) && extents[axis] >= 4
  }

  private func isSensitive(_ place: Int) -> Bool { sensitivity(place) != nil }

  /// What a matrix is that is best left dense; nil for all others.
  private func sensitivity(_ place: Int) -> Advice.Rule? {
    let tensor = reports[place].tensor
    let extents = tensor.logicalShape.extents
    // A convolution over the channels of an image.
    if extents.count == 4 && extents[1] == 3 { return .prunedFirstLayer }
    return isClassifier(tensor) ? .prunedClassifier : nil
  }

  private static let classifiers: Set<Substring> = ["fc", "classifier", "score", "head", "heads"]

  /// Whether it is a model's last matrix by its name, which has no number of a layer.
  private func isClassifier(_ tensor: Tensor) -> Bool {
    guard tensor.logicalShape.rank == 2 else { return false }
    let parts = NameWords.parts(tensor.name)
    return parts.last.map { Self.classifiers.contains($0) } ?? false
      && parts.allSatisfy { NameWords.number($0) == nil }
  }

  /// First and last blocks that are sparser than those between.
  func ends() -> [Advice] {
    struct Block {
      var elements: UInt64 = 0
      var zeros: UInt64 = 0
      var tensors: [TensorName] = []
      var sparsity: Double { Double(zeros) / Double(elements) }

      mutating func add(_ statistics: TensorStatistics, _ name: TensorName) {
        elements &+= statistics.elements
        zeros &+= statistics.zeros
        tensors.append(name)
      }
    }
    var stacks: [String: [UInt64: Block]] = [:]
    for place in matrices {
      guard let statistics = Self.statistics(reports[place]),
        let (stack, number) = NameWords.block(name(place))
      else { continue }
      stacks[stack, default: [:]][number, default: Block()].add(statistics, name(place))
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
