/// An equation of `Einsum`: `bij,jk->bik`. (ONNX, Einsum-12.)
struct Einsum {
  /// An index of a term; the ellipsis stands for any number of axes.
  private enum Label: Hashable {
    case letter(UInt8)
    case ellipsis
  }

  private let terms: [[Label]]
  private let kept: Set<Label>

  /// Nil for what is no equation.
  init?(_ text: String) {
    let bytes = text.utf8.filter { $0 != UInt8(ascii: " ") }
    let arrow = bytes.indices.first { bytes[$0...].starts(with: "->".utf8) }
    var terms: [[Label]] = []
    for part in bytes[..<(arrow ?? bytes.count)].split(
      separator: UInt8(ascii: ","),
      omittingEmptySubsequences: false
    ) {
      guard let term = Self.labels(part) else { return nil }
      terms.append(term)
    }
    self.terms = terms
    if let arrow {
      guard let result = Self.labels(bytes[(arrow + 2)...]) else { return nil }
      kept = Set(result)
    } else {
      // Without an output, indices that occur once are put out.
      var counts: [Label: Int] = [:]
      for label in terms.joined() { counts[label, default: 0] += 1 }
      kept = Set(counts.filter { $0.value == 1 || $0.key == .ellipsis }.keys)
    }
  }

  private static func labels(_ text: ArraySlice<UInt8>) -> [Label]? {
    var labels: [Label] = []
    var rest = text
    while let byte = rest.first {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        labels.append(.letter(byte))
        rest = rest.dropFirst()
      default:
        guard rest.starts(with: "...".utf8), !labels.contains(.ellipsis) else { return nil }
        labels.append(.ellipsis)
        rest = rest.dropFirst(3)
      }
    }
    return labels
  }

  /// The axes of an input of that rank that are not put out.
  func summedAxes(ofInput input: Int, rank: Int) -> SummedAxes? {
    guard terms.indices.contains(input) else { return nil }
    let term = terms[input]
    let hasEllipsis = term.contains(.ellipsis)
    let spread = rank - (term.count - (hasEllipsis ? 1 : 0))
    guard hasEllipsis ? spread >= 0 : spread == 0 else { return nil }
    guard terms.count > 1 else { return SummedAxes(absence: .lost(by: "Einsum"), isRearrangement: true) }
    var axes: [Int] = []
    var place = 0
    for label in term {
      let width = label == .ellipsis ? spread : 1
      if !kept.contains(label) { axes += place..<(place + width) }
      place += width
    }
    return axes.isEmpty
      ? .none(.outerProduct) : .axes(axes, name: axes.count > 1 ? "summed indices" : "the summed index")
  }
}
