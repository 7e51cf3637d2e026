internal import Inspection
internal import ModelIR
internal import SparseCoding

/// The sizes that a model could have, and how to get them.
struct SizeForecast {
  private let report: ModelReport
  private let summary: ModelSummary
  private let sharedPattern: NMPattern?

  /// What a report whose values were read foretells.
  init(_ report: ModelReport, _ summary: ModelSummary) {
    self.report = report
    self.summary = summary
    sharedPattern = report.sharedPattern
  }

  /// A size that the model has or could have.
  struct Size {
    /// The form that has it, in words.
    var label: String
    /// The bytes of all tensors.
    var bytes: UInt64
    /// The conversion that gives it; nil for what is there, and for what saves too little.
    var command: Suggestion?
  }

  /// A size in a layout; `isGraph` says whether that is a form of ONNX, and not one of safetensors.
  private func size(label: String, bytes: UInt64, layout: String? = nil, isGraph: Bool = false) -> Size {
    let command = layout.map { layout in
      Suggestion([
        "convert", .path(report.path), .word(output(layout, isGraph: isGraph)), "--layout", .word(layout),
      ])
    }
    return Size(label: label, bytes: bytes, command: command)
  }

  /// The sizes, the present one first.
  var sizes: [Size] {
    let stored = summary.storedBytes
    var rows = [size(label: "as it is", bytes: stored)]
    let dense = report.tensors.reduce(UInt64(0)) { $0 &+ $1.tensor.denseByteCount }
    if summary.layouts.keys.contains(where: { $0 != .dense }) {
      rows.append(size(label: "dense", bytes: dense, layout: dense < stored ? "dense" : nil))
    }
    if let sharedPattern, let bytes = bytes(in: .nm(sharedPattern)), saves(bytes) {
      rows.append(size(label: "\(sharedPattern) layout", bytes: bytes, layout: "nm:\(sharedPattern)"))
    }
    let worth = saves(summary.bestBytes)
    rows.append(
      size(label: "smallest layouts", bytes: summary.bestBytes, layout: worth ? "auto" : nil)
    )
    if report.container == .onnx {
      for form in GraphSizes.forms {
        guard let bytes = GraphSizes(report.tensors).byteCount(in: form.layout), saves(bytes) else {
          continue
        }
        rows.append(
          size(label: "\(form.name) in ONNX", bytes: bytes, layout: form.name, isGraph: true)
        )
      }
    }
    return rows
  }

  /// Whether so many bytes are at least 5 % less than there are.
  private func saves(_ bytes: UInt64) -> Bool {
    bytes < summary.storedBytes && Double(bytes) < 0.95 * Double(summary.storedBytes)
  }

  /// The bytes with every tensor in this N:M layout that can take it, the others as they are; nil if none can.
  private func bytes(in layout: Layout) -> UInt64? {
    guard case .nm(let pattern) = layout else { return nil }
    var total: UInt64 = 0
    var taken = 0
    for report in report.tensors {
      let tensor = report.tensor
      total &+= tensor.storedByteCount
      guard tensor.shape.rank >= 2, tensor.views?.codes == nil, let statistics = report.statistics,
        // Groups of the layout lie along rows; those of another axis tell nothing about them.
        report.axis?.axes.first == tensor.shape.rank - 1,
        let result = statistics.patterns.first(where: { $0.pattern == pattern }),
        result.count.storedViolations == 0,
        let bytes = layout.byteCount(
          elementType: tensor.elementType,
          shape: tensor.shape,
          nnz: statistics.stored
        )
      else { continue }
      total = total &- tensor.storedByteCount &+ bytes
      taken += 1
    }
    return taken == 0 ? nil : total
  }

  /// What a conversion writes. Sizes are those of safetensors files but for the forms of ONNX, which has none for N:M.
  private func output(_ layout: String, isGraph: Bool) -> String {
    if isGraph { return "OUT.onnx" }
    return report.container == .onnx && layout != "dense" ? "OUT.safetensors" : "OUT"
  }
}
