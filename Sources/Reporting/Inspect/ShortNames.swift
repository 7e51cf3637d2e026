internal import Inspection

/// What can be left out of the names in a table without making two of them one or giving one another's
/// place.
struct ShortNames {
  /// What most names start with, up to and with a dot; may be empty.
  private(set) var prefix: [UInt8] = []
  /// What most names end with: `.weight` or nothing.
  private(set) var suffix: [UInt8] = []

  /// More rows than a person reads are not worth the look.
  private static let mostRows = 10_000
  private static let longestPrefix = 64
  private static let usualSuffix = Array(".weight".utf8)

  /// Looks at the names of all rows.
  init(_ names: [[UInt8]]) {
    guard names.count > 2, names.count <= Self.mostRows else { return }
    prefix = Self.commonPrefix(names)
    if names.lazy.filter({ $0.ends(with: Self.usualSuffix) }).count * 2 > names.count {
      suffix = Self.usualSuffix
    }
    if Set(names.map { shorten($0) }).count < Set(names).count {
      suffix = []
      if Set(names.map { shorten($0) }).count < Set(names).count { prefix = [] }
    }
  }

  /// The name without what is left out.
  func shorten(_ name: [UInt8]) -> ArraySlice<UInt8> {
    var rest = name[...]
    if !prefix.isEmpty, rest.count > prefix.count, rest.starts(with: prefix) {
      rest = rest.dropFirst(prefix.count)
    }
    if !suffix.isEmpty, rest.count > suffix.count, rest.ends(with: suffix) {
      rest = rest.dropLast(suffix.count)
    }
    return rest
  }

  /// Says what is left out; nil if nothing is.
  var note: String? {
    let parts = [prefix, suffix].filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
    return parts.isEmpty
      ? nil : "names without " + parts.map { SafeText.escape($0, cells: 24) }.joined(separator: " and ")
  }

  /// Four in five names start with it, no part of it is a number, none follows it, and where a name does not
  /// start with it, it can't be taken for one that does.
  private static func commonPrefix(_ names: [[UInt8]]) -> [UInt8] {
    var prefix: [UInt8] = []
    while true {
      var tally: [ArraySlice<UInt8>: Int] = [:]
      let sharing = names.filter { $0.starts(with: prefix) }
      for name in sharing {
        if let part = part(of: name, from: prefix.count) { tally[part, default: 0] += 1 }
      }
      guard let most = tally.max(by: { $0.value < $1.value }), most.value * 5 >= names.count * 4,
        prefix.count + most.key.count <= longestPrefix, !most.key.contains(FoldedName.star)
      else { return prefix }
      let longer = prefix + most.key
      let (inside, outside) = (
        names.filter { $0.starts(with: longer) }, names.filter { !$0.starts(with: longer) }
      )
      let next = Set(inside.map { firstPart(of: $0[longer.count...]) })
      let isClear = !outside.contains { next.contains(firstPart(of: $0[...])) }
      guard isClear, !next.contains(where: { $0.first == FoldedName.star || $0.isEmpty }) else {
        return prefix
      }
      prefix = longer
    }
  }

  /// The part of a name that starts at an index, with its dot; nil for the last one.
  private static func part(of name: [UInt8], from index: Int) -> ArraySlice<UInt8>? {
    guard let dot = name[index...].firstIndex(of: UInt8(ascii: ".")) else { return nil }
    return name[index...dot]
  }

  private static func firstPart(of name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    name.prefix { $0 != UInt8(ascii: ".") }
  }
}

extension RandomAccessCollection<UInt8> {
  /// Whether the last bytes are these.
  fileprivate func ends(with other: [UInt8]) -> Bool {
    count >= other.count && suffix(other.count).elementsEqual(other)
  }
}
