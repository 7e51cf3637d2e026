package import ModelIR
internal import SparseCoding

/// Tensors that share a row of a report: the same name but for numbers, and the same type.
package struct TensorGroup {
  /// What all members have, or that they differ in it.
  package enum Shared<Value: Equatable> {
    /// All have this.
    case all(Value)
    /// They differ.
    case varied

    /// Takes another member's value into account.
    package mutating func merge(_ value: Value) {
      if case .all(let known) = self, known != value { self = .varied }
    }
  }

  /// The name: folded if there are several members, else as it is.
  package var name: [UInt8]
  /// The place of the first member among the model's tensors.
  package let first: Int
  /// What the elements are, in words: the code's type where several share a stored unit.
  package let typeName: String
  /// What members must share besides the name.
  package let typeKey: Int
  package private(set) var count = 1
  package private(set) var shape: Shared<Shape>
  package private(set) var layout: Shared<Layout>
  /// The bytes as they are stored.
  package private(set) var storedBytes: UInt64
  /// The bytes with each member in its smallest layout, and those layouts; of members that were counted.
  package private(set) var bestBytes: UInt64 = 0
  package private(set) var bestLayout: Shared<Layout>?
  /// How many members have statistics, and their elements and zeros.
  package private(set) var counted = 0
  package private(set) var elements: UInt64 = 0
  package private(set) var zeros: UInt64 = 0
  /// For each common pattern how many members comply.
  package private(set) var compliant: [Int] = []

  /// A group of one.
  package init(_ report: TensorReport, at index: Int, name: [UInt8]) {
    self.name = name
    first = index
    typeKey = report.tensor.typeKey
    typeName = report.tensor.typeName
    shape = .all(report.tensor.logicalShape)
    layout = .all(report.tensor.layout)
    storedBytes = report.tensor.storedBytes
    if let statistics = report.statistics { add(statistics) }
  }

  /// Adds a member.
  package mutating func add(_ report: borrowing TensorReport) {
    count += 1
    shape.merge(report.tensor.logicalShape)
    layout.merge(report.tensor.layout)
    storedBytes &+= report.tensor.storedBytes
    if let statistics = report.statistics { add(statistics) }
  }

  private mutating func add(_ statistics: TensorStatistics) {
    counted += 1
    elements &+= statistics.elements
    zeros &+= statistics.zeros
    bestBytes &+= statistics.best.byteCount
    if bestLayout == nil {
      bestLayout = .all(statistics.best.layout)
    } else {
      bestLayout?.merge(statistics.best.layout)
    }
    if compliant.isEmpty { compliant = [Int](repeating: 0, count: NMPattern.common.count) }
    for result in statistics.patterns where result.isCompliant {
      if let place = NMPattern.common.firstIndex(of: result.pattern) { compliant[place] += 1 }
    }
  }

  /// The share of zeros, 0 to 1.
  package var sparsity: Double { elements == 0 ? 0 : Double(zeros) / Double(elements) }

  /// The pattern that most members comply with, the strictest of several, and how many do.
  package var pattern: (pattern: NMPattern, members: Int)? {
    let most = compliant.max() ?? 0
    guard most > 0 else { return nil }
    let found = zip(NMPattern.common, compliant).filter { $1 == most }.map(\.0)
    return found.min { $0.strictness < $1.strictness }.map { ($0, most) }
  }
}

extension Tensor {
  /// A number for each element type and each type of blocks.
  package var typeKey: Int {
    guard quantization?.packing == Quantization.blockPacking, let blockType else {
      return Int(elementType.rawValue)
    }
    return 0x100 + Int(blockType.rawValue)
  }

  /// What the elements are, in words: `BF16`, or `int4` for codes that share stored units.
  package var typeName: String {
    guard let quantization, let packing = quantization.packing else { return elementType.name }
    if packing == Quantization.blockPacking { return quantization.scheme }
    return ([.int8, .int16].contains(counted.elementType) ? "int" : "fp") + String(quantization.bits)
  }
}

extension NMPattern {
  /// What patterns are ordered by: the strictest keeps the least share, and of equal shares the one that
  /// keeps it in the smallest groups.
  package var strictness: (Double, Int) { (Double(kept) / Double(group), group) }

  /// Whether a tensor of this share of zeros is so much sparser than the pattern asks for that it may follow it by
  /// chance: less than six tenths of what may be nonzero is.
  package func isSlack(at sparsity: Double) -> Bool {
    1 - sparsity < 0.6 * Double(kept) / Double(group)
  }
}

extension Tensor {
  /// ``storedByteCount`` without a list of regions: it is asked for every tensor of models that have very many.
  package var storedBytes: UInt64 {
    if case .dense(let region) = storage, views == nil { return region.byteCount }
    return storedByteCount
  }
}
