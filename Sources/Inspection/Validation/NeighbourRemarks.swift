internal import ModelIR

/// Finds weights that look never pruned among pruned ones of the same name in other layers.
enum NeighbourRemarks {
  /// Weights with fewer zeros than this share look never pruned, beside neighbours with more than the other.
  private static let (fewZeros, manyZeros) = (0.05, 0.25)

  /// Adds a remark to each such weight. Weights with the same name but for its first number are neighbours.
  static func add(to results: inout [ValidationReport.TensorResult]) {
    var layers: [String: [(layer: Int, index: Int)]] = [:]
    for (index, result) in results.enumerated() where result.status != .skipped {
      guard let (family, layer) = split(result.tensor.name.text) else { continue }
      layers[family, default: []].append((layer, index))
    }
    for var members in layers.values where members.count > 1 {
      members.sort { ($0.layer, $0.index) < ($1.layer, $1.index) }
      let shares = members.map { results[$0.index].zeroShare ?? 0 }
      for place in members.indices where results[members[place].index].status == .violating {
        guard shares[place] < fewZeros else { continue }
        let before = place > 0 ? place - 1 : nil
        let after = place + 1 < members.count ? place + 1 : nil
        let neighbours = [before, after].compactMap { $0 }
        guard neighbours.allSatisfy({ shares[$0] > manyZeros && members[$0].layer != members[place].layer })
        else { continue }
        results[members[place].index].remarks.append(
          words(neighbours.map { (members[$0].layer, shares[$0]) })
        )
      }
    }
  }

  private static func words(_ neighbours: [(layer: Int, share: Double)]) -> String {
    let layers = neighbours.map { "\($0.layer)" }.joined(separator: " and ")
    let percents = neighbours.map { percent($0.share) }
    let shares = Set(percents).count == 1 ? percents[0] : percents.joined(separator: " and ")
    return neighbours.count == 1
      ? "looks never pruned: its neighbour in layer \(layers) is \(shares) zero"
      : "looks never pruned: its neighbours in layers \(layers) are \(shares) zero"
  }

  private static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10)%"
  }

  /// A name without its first number between dots, and that number.
  private static func split(_ name: String) -> (family: String, layer: Int)? {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)
    for index in parts.indices {
      guard let layer = Int(parts[index]), parts[index].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
        continue
      }
      parts[index] = "*"
      return (parts.joined(separator: "."), layer)
    }
    return nil
  }
}

extension ValidationReport.TensorResult {
  /// The share of zeros among the values that were counted; nil where no group was.
  public var zeroShare: Double? {
    let groups = histogram.reduce(0, &+)
    guard groups > 0, histogram.count > 1 else { return nil }
    let nonzeros = histogram.enumerated().reduce(0.0) { $0 + Double($1.offset) * Double($1.element) }
    // Groups that are short at the end of an axis have fewer places, all of which the tensor has.
    let places = min(Double(groups) * Double(histogram.count - 1), Double(tensor.counted.shape.elementCount))
    return max(0, 1 - nonzeros / places)
  }
}
