/// How letters are compared.
enum CaseFolding: Hashable, Sendable {
  /// As they are.
  case exact
  /// The 26 letters in either case.
  case ascii
  /// Every letter in any case.
  case unicode

  /// The folding that flags ask for.
  init(_ flags: PatternFlags) {
    self = !flags.contains(.ignoreCase) ? .exact : flags.contains(.ascii) ? .ascii : .unicode
  }

  /// The lower case of a scalar, as this folding sees it.
  func lowered(_ value: UInt32) -> UInt32 {
    if value < 0x80 { return self != .exact && (0x41...0x5A).contains(value) ? value | 0x20 : value }
    return self == .unicode ? CaseTable.shared.lower[value] ?? value : value
  }

  /// What scalars of a range match besides themselves: what to look for once a text's scalar is lowered.
  func others(of range: ClosedRange<UInt32>) -> [UInt32] {
    switch self {
    case .exact: return []
    case .ascii:
      let letters = range.clamped(to: 0x41...0x5A)
      return letters.overlaps(range) ? letters.map { $0 | 0x20 } : []
    case .unicode:
      let pairs = CaseTable.shared.others
      var index = pairs.partitioningIndex { $0.scalar >= range.lowerBound }
      var found: [UInt32] = []
      while index < pairs.count, pairs[index].scalar <= range.upperBound {
        found.append(pairs[index].lower)
        index += 1
      }
      return found
    }
  }
}

/// The letters of Unicode that have cases.
///
/// Python takes two letters for the same if their lower cases are, or if these have the same full upper case
/// (its table `re._casefix` lists the latter: "s" and the long s, "i" and the dotless i, and so on).
private struct CaseTable {
  static let shared = CaseTable()

  /// The simple lower case of the scalars that are not their own.
  let lower: [UInt32: UInt32]
  /// Sorted pairs of a scalar and a lower case that matches it and is not itself.
  let others: [(scalar: UInt32, lower: UInt32)]

  private init() {
    var lower: [UInt32: UInt32] = [:]
    var sameUpper: [[UInt32]: [UInt32]] = [:]
    // All letters with cases are in the first two planes.
    for value in UInt32(0)..<0x20000 {
      guard let properties = Unicode.Scalar(value)?.properties else { continue }
      // One letter has a lower case of two scalars; the first is its simple one.
      let simple = properties.lowercaseMapping.unicodeScalars.first?.value ?? value
      if simple != value {
        lower[value] = simple
      } else if properties.changesWhenUppercased {
        sameUpper[properties.uppercaseMapping.unicodeScalars.map(\.value), default: []].append(value)
      }
    }
    var fixes: [UInt32: [UInt32]] = [:]
    for group in sameUpper.values where group.count > 1 {
      for value in group { fixes[value] = group.filter { $0 != value } }
    }
    var others: [(scalar: UInt32, lower: UInt32)] = []
    for (value, simple) in lower {
      others.append((value, simple))
      for fix in fixes[simple] ?? [] { others.append((value, fix)) }
    }
    for (value, group) in fixes { for fix in group { others.append((value, fix)) } }
    self.lower = lower
    self.others = others.sorted { ($0.scalar, $0.lower) < ($1.scalar, $1.lower) }
  }
}

extension Array {
  /// The first index whose element `belongs` to the second part of an array that is parted already.
  fileprivate func partitioningIndex(_ belongs: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
