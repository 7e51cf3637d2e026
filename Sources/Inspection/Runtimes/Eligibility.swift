public import ModelIR

/// Whether a runtime would take a weight for its sparse path if only its zeros were where they should be.
public struct Eligibility: Sendable, Hashable {
  /// The rules that can stop it.
  public enum Rule: String, Sendable, Hashable, CaseIterable {
    /// How the weight is stored.
    case storage
    /// The kind of layer that it belongs to.
    case layer
    /// How many axes it has.
    case rank
    /// The type of its elements.
    case type
    /// The axis that is summed over.
    case axis
    /// Its extents.
    case size
  }

  /// A rule that stops a weight.
  public struct Obstacle: Sendable, Hashable {
    /// The rule.
    public let rule: Rule
    /// What is the matter.
    public let problem: String
    /// What would help; nil where nothing does.
    public let remedy: String?
  }

  /// The pattern that the runtime needs of this weight.
  public let pattern: NMPattern
  /// Which elements make a group.
  public let grouping: RuntimeProfile.Grouping
  /// What stops the weight, in the order of ``Rule``; empty if it is eligible.
  public let obstacles: [Obstacle]
  /// What should be known all the same.
  public let remarks: [String]

  /// Whether nothing stops the weight.
  public var isEligible: Bool { obstacles.isEmpty }

  /// Judges a weight that products sum over along `axis`.
  /// - Parameter isSymmetric: whether its codes, where it has any, are 0 where the weights are.
  public init(_ tensor: Tensor, axis: Int, isSymmetric: Bool = true, _ profile: RuntimeProfile) {
    let counted = tensor.counted
    // What a runtime sees of codes is their own type, not that of the numbers that they are counted as.
    let type = tensor.elementType
    let rule = tensor.quantization?.packing == nil ? profile.rule(for: type) : nil
    let layer = LayerKind(tensor, axis: axis)
    pattern = rule?.pattern ?? profile.pattern
    grouping = profile.grouping

    var obstacles: [Obstacle] = []
    /// Notes what stops the weight.
    func stop(_ rule: Rule, _ problem: String, _ remedy: String? = nil) {
      obstacles.append(Obstacle(rule: rule, problem: problem, remedy: remedy))
    }
    if let reason = profile.denseReason, tensor.layout != .dense {
      stop(.storage, "stored sparse (\(tensor.layout)): \(reason)", "lacuna convert --layout dense")
    }
    if let layers = profile.layers, !layers.contains(layer) {
      stop(.layer, "\(layer.words): \(profile.layerReason)")
    } else if !profile.ranks.contains(counted.shape.rank) {
      stop(.rank, "rank \(counted.shape.rank): \(profile.name.title) takes \(Self.words(profile.ranks))")
    }
    if let problem = Self.typeProblem(tensor, rule, isSymmetric: isSymmetric, profile) {
      stop(.type, problem)
    }
    // Of a layer that is not taken at all it does not matter how large it is.
    if !obstacles.contains(where: { $0.rule == .layer || $0.rule == .rank }) {
      let extents = counted.shape.extents
      if profile.grouping == .lastAxis, extents.count > 0, axis != extents.count - 1 {
        stop(
          .axis,
          "its product sums over axis \(axis), and \(profile.name.title) makes the last axis sparse",
          "store it transposed"
        )
      }
      for problem in Self.sizeProblems(extents, axis: axis, pattern, rule, profile) { stop(.size, problem) }
    }
    self.obstacles = obstacles
    remarks = obstacles.isEmpty ? [rule?.remark].compactMap { $0 } : []
  }

  private static func typeProblem(
    _ tensor: Tensor,
    _ rule: RuntimeProfile.TypeRule?,
    isSymmetric: Bool,
    _ profile: RuntimeProfile
  ) -> String? {
    if profile.types.isEmpty { return nil }
    guard let rule else {
      let types = profile.types.flatMap(\.types).map(\.name).joined(separator: ", ")
      return "\(typeName(tensor)): \(profile.name.title) takes \(types)"
    }
    guard rule.needsSymmetricCodes else { return nil }
    if let products = tensor.uses?.products, !products.isEmpty, !products.contains(where: \.isDequantized) {
      return "\(typeName(tensor)) without DequantizeLinear: \(profile.name.title) takes integers behind one"
    }
    return isSymmetric
      ? nil : "\(typeName(tensor)) with zero points other than 0: \(profile.name.title) takes symmetric codes"
  }

  /// The type of elements, or what several codes in one unit are called.
  private static func typeName(_ tensor: Tensor) -> String {
    guard let quantization = tensor.quantization, quantization.packing != nil else {
      return tensor.elementType.name
    }
    return quantization.scheme
  }

  private static func sizeProblems(
    _ extents: [UInt64],
    axis: Int,
    _ pattern: NMPattern,
    _ rule: RuntimeProfile.TypeRule?,
    _ profile: RuntimeProfile
  ) -> [String] {
    let group = UInt64(pattern.group)
    var problems: [String] = []
    if profile.needsWholeGroups {
      switch profile.grouping {
      case .memory:
        let count = extents.reduce(1, &*)
        if count % group != 0 { problems.append("\(count) elements, no multiple of \(group)") }
      case .reductionAxis, .lastAxis:
        let along = profile.grouping == .lastAxis ? extents.count - 1 : axis
        if extents.indices.contains(along), extents[along] % group != 0 {
          problems.append("axis \(along) has \(extents[along]) elements, no multiple of \(group)")
        }
      }
    }
    guard let rule, extents.count >= 2 else { return problems }
    if extents[0] % rule.rows != 0 || extents[1] % rule.columns != 0 {
      problems.append(
        "\(extents[0]) × \(extents[1]) is no multiple of \(rule.rows) × \(rule.columns), which "
          + "\(profile.name.title) needs of this type"
      )
    }
    return problems
  }

  private static func words(_ ranks: ClosedRange<Int>) -> String {
    ranks.count == 1 ? "matrices" : "ranks \(ranks.lowerBound) to \(ranks.upperBound)"
  }
}

extension LayerKind {
  /// The kind in words.
  var words: String {
    switch self {
    case .linear: "a matrix product"
    case .transposedLinear: "a layer that stores [in, out]"
    case .stackedLinear: "a stack of matrices"
    case .convolution1D, .convolution2D, .convolution3D, .transposedConvolution, .recurrent: "a \(rawValue)"
    case .quantizedProduct: "an operator on quantized weights"
    case .other: "another operator"
    }
  }
}
