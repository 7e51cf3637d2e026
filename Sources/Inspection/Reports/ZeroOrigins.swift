public import ModelIR

/// Where the zeros of a tensor come from, beside a reference that it was made of: pruned there, made by rounding, or
/// neither. Zeros are counted by value: +0 and -0, not NaN; of quantized tensors by the numbers that codes stand for.
public struct ZeroOrigins: Sendable, Hashable {
  /// All elements.
  public var elements: UInt64 = 0
  /// Zeros that are zero in the reference too.
  public var before: UInt64 = 0
  /// Zeros that rounding alone makes: the reference is not zero, but no more than half a step from it, half-way cases
  /// included. A step goes from zero to the next number that the element's type and scale can express.
  public var rounded: UInt64 = 0
  /// Zeros that rounding to the nearest number does not explain: pruned, as a rule.
  public var neither: UInt64 = 0
  /// Zeros that are not zero in the reference, where the step is not known.
  public var unexplained: UInt64 = 0
  /// Elements that are zero in the reference only.
  public var regrown: UInt64 = 0

  /// No element yet.
  public init() {}

  /// All zeros.
  public var zeros: UInt64 { before &+ rounded &+ neither &+ unexplained }
  /// All zeros of the reference.
  public var referenceZeros: UInt64 { before &+ regrown }

  /// Adds the elements of another piece, or of another tensor; counts wrap where they pass 64 bits.
  public mutating func add(_ other: ZeroOrigins) {
    elements &+= other.elements
    before &+= other.before
    rounded &+= other.rounded
    neither &+= other.neither
    unexplained &+= other.unexplained
    regrown &+= other.regrown
  }

  /// Counts the first `count` numbers of a piece and of the reference, all but what becomes of zeros that are none in
  /// the reference.
  /// - Returns: how many those are.
  public mutating func add(_ numbers: [Double], _ reference: [Double], count: Int) -> UInt64 {
    precondition(count <= numbers.count && count <= reference.count)
    elements &+= UInt64(count)
    // Without branches: which element is zero cannot be foretold.
    var (zeros, zerosThere, both): (UInt64, UInt64, UInt64) = (0, 0, 0)
    var index = 0
    while index < count {
      let here: UInt64 = numbers[index] == 0 ? 1 : 0
      let there: UInt64 = reference[index] == 0 ? 1 : 0
      zeros &+= here
      zerosThere &+= there
      both &+= here & there
      index &+= 1
    }
    before &+= both
    regrown &+= zerosThere &- both
    return zeros &- both
  }

  /// Judges the zeros that ``add(_:_:count:)`` left open by how far from zero rounding makes zeros; NaN where that is
  /// not known.
  public mutating func judge(
    _ numbers: [Double],
    _ reference: [Double],
    reaches: [Double],
    count: Int
  ) {
    precondition(count <= numbers.count && count <= reference.count && count <= reaches.count)
    var (all, within, unknown): (UInt64, UInt64, UInt64) = (0, 0, 0)
    var index = 0
    while index < count {
      let here: UInt64 = numbers[index] == 0 ? 1 : 0
      let there: UInt64 = reference[index] == 0 ? 0 : 1
      let open = here & there
      all &+= open
      within &+= open & (reference[index].magnitude <= reaches[index] ? 1 : 0)
      unknown &+= open & (reaches[index].isNaN ? 1 : 0)
      index &+= 1
    }
    rounded &+= within
    unexplained &+= unknown
    neither &+= all &- within &- unknown
  }
}

/// What was compared with a reference, and what was not.
public struct ReferenceReport: Sendable, Hashable {
  /// A tensor that was not compared.
  public struct Omission: Sendable, Hashable {
    /// Its name, as it is in the model, or in the reference where only that has it.
    public var name: TensorName
    /// Why.
    public var reason: String

    /// This tensor, for this reason.
    public init(name: TensorName, reason: String) {
      self.name = name
      self.reason = reason
    }
  }

  /// What the user called the reference.
  public var path: String
  /// What was not compared: weights of the model in its order, then those that only the reference has.
  public var omissions: [Omission]
  /// Why zeros of some tensors are ``ZeroOrigins/unexplained``, each reason once.
  public var unknownSteps: [String]

  /// A report of these parts.
  public init(path: String, omissions: [Omission], unknownSteps: [String]) {
    self.path = path
    self.omissions = omissions
    self.unknownSteps = unknownSteps
  }
}

extension ModelReport {
  /// The origins of the zeros of all weight matrices that were compared, and how many of those there are.
  public var matrixOrigins: (tensors: Int, origins: ZeroOrigins) {
    tensors.reduce(into: (0, ZeroOrigins())) { sums, report in
      guard let origins = report.origins, report.kind == .matrix else { return }
      sums.0 += 1
      sums.1.add(origins)
    }
  }
}
