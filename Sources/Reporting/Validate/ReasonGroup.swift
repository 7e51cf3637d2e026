internal import Inspection
internal import ModelIR

/// Tensors to which the same thing happened for the same reason.
struct ReasonGroup {
  /// The reason; where its count differs from tensor to tensor it says `some`.
  private(set) var reason: String
  private(set) var count = 0
  /// How many tensors there are of each folded name, in the order in which these come up.
  private var names: [(name: [UInt8], first: TensorName, count: Int)] = []
  private var places: [[UInt8]: Int] = [:]

  private static let exampleCount = 3

  /// Groups tensors by their reasons, in the order in which these come up.
  static func group(_ results: [(name: TensorName, reason: String)]) -> [ReasonGroup] {
    var places: [String: Int] = [:]
    var groups: [ReasonGroup] = []
    var folded = FoldedName()
    for (name, reason) in results {
      let key = withoutNumbers(reason)
      let place = places[key] ?? groups.count
      if place == groups.count {
        places[key] = place
        groups.append(ReasonGroup(reason: reason))
      } else if groups[place].reason != reason {
        groups[place].reason = key
      }
      folded.fold(name)
      groups[place].add(name, folded: folded.bytes)
    }
    return groups
  }

  private init(reason: String) { self.reason = reason }

  private mutating func add(_ name: TensorName, folded: [UInt8]) {
    count += 1
    if let place = places[folded] {
      names[place].count += 1
    } else {
      places[folded] = names.count
      names.append((folded, name, 1))
    }
  }

  /// The first names, layers folded, and how many tensors have others.
  func examples(_ tone: Tone = .dim) -> [Cell] {
    let shown = names.prefix(Self.exampleCount)
    var cells = shown.map {
      Cell(foreign: $0.count == 1 ? $0.first.text : "\(FoldedName.text($0.name)) (\($0.count))", tone)
    }
    let rest = count - shown.reduce(0) { $0 + $1.count }
    if rest > 0 { cells.append(Cell("and \(Figures.grouped(rest)) more", tone)) }
    return cells
  }

  /// The reason with the count that it may start with replaced: it differs from tensor to tensor, and what
  /// follows is said in the plural.
  private static func withoutNumbers(_ reason: String) -> String {
    let rest = reason.drop { $0.isASCII && $0.isNumber }
    guard rest.startIndex != reason.startIndex, rest.first == " " else { return reason }
    return rest.hasPrefix(" group has") ? "some groups have" + rest.dropFirst(10) : "some" + rest
  }
}
