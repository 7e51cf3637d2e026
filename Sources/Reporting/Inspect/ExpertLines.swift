internal import Inspection

/// How many experts each layer of a mixture keeps.
struct ExpertLines {
  private let layers: [ExpertLayer]

  /// The lines of these layers; nil without any.
  init?(_ layers: [ExpertLayer]) {
    if layers.isEmpty { return nil }
    self.layers = layers
  }

  /// All layers in a few words: `8 of 8 kept in each of 32 layers`.
  var summary: String {
    let kept = layers.map(\.kept)
    let (fewest, most) = (kept.min() ?? 0, kept.max() ?? 0)
    let count = fewest == most ? "\(fewest)" : "\(fewest) to \(most)"
    let totals = Set(layers.map(Self.total))
    let of = totals.count == 1 ? totals.first.map { " of \($0)" } ?? "" : ""
    let places = layers.count == 1 ? "in 1 layer" : "in each of \(Figures.grouped(layers.count)) layers"
    // Where values of stacks were not looked at row by row, an expert that is all zero counts as kept.
    let caveat = layers.contains { $0.empty == nil } ? " (by names and shapes)" : ""
    return "\(count)\(of) kept \(places)\(caveat)"
  }

  /// The experts that a layer would have if none were gone.
  private static func total(_ layer: ExpertLayer) -> UInt64 {
    max(layer.expected ?? 0, layer.present)
  }

  /// How many layers have a line.
  private static let most = 8

  /// Writes a line for each layer that lacks experts, or whose router counts on others.
  func write(to writer: inout LineWriter) throws {
    let odd = layers.filter { layer in
      layer.kept < Self.total(layer) || layer.routed.map { $0 != layer.present } ?? false
    }
    guard !odd.isEmpty else { return }
    let style = writer.style
    try writer.line(style.paint("experts", .dim))
    for layer in odd.prefix(Self.most) {
      var words = "\(layer.kept) of \(Self.total(layer)) kept"
      if let empty = layer.empty, empty > 0 { words += ", \(empty) all zero" }
      if let routed = layer.routed, routed != layer.present {
        words += ", its router tells \(routed) apart"
      }
      try writer.lines(
        Flow.lines(
          [Cell(foreign: layer.name), Cell(words)],
          separator: "  ",
          start: "  ",
          indent: 4,
          style: style
        )
      )
    }
    if odd.count > Self.most {
      try writer.line("  and \(Figures.things(odd.count - Self.most, "layer")) more")
    }
    try writer.line()
  }
}
