/// Conversions of an ONNX model to its sparse forms and back, each in turn with `cp` of what it reads and of what it
/// writes.
struct ONNXConversions {
  private static let ratio = 1.5
  private static let megabytes = 96.0
  private let setting: Setting
  private let model: String
  private let zeros: String

  /// Conversions of the model at a path, which has so many zeros.
  init(_ setting: Setting, _ model: String, zeros: String) {
    self.setting = setting
    self.model = model
    self.zeros = zeros
  }

  private struct Contender {
    var name: String
    var input: String
    var layout: String
    /// An output that was made before.
    var output: String
    var judged = Judged.none
  }

  /// By what bytes the form that is written by default is held against the bars.
  enum Judged {
    /// By none.
    case none
    /// By those that it reads.
    case input
    /// By those that it writes; then the other forms are measured too.
    case output
  }

  func run(_ judged: Judged) throws -> [Row] {
    let scratch = setting.scratch
    let (sparse, bitmask) = (scratch.file("sparse.onnx"), scratch.file("bitmask.onnx"))
    let dense = scratch.file("dense.onnx")
    defer { for name in ["sparse", "bitmask", "dense", "output"] { scratch.remove("\(name).onnx") } }
    let needed = try 5 * ScratchFolder.byteCount(of: model)
    guard scratch.freeBytes > needed else {
      print("convert, \(zeros) zeros: left out, the scratch folder has no room")
      return []
    }
    var contenders = [
      Contender(
        name: "convert --layout csr, \(zeros) zeros",
        input: model,
        layout: "csr",
        output: sparse,
        judged: judged
      )
    ]
    if judged == .output {
      contenders += [
        Contender(
          name: "convert --layout bitmask, \(zeros) zeros",
          input: model,
          layout: "bitmask",
          output: bitmask
        ),
        Contender(name: "convert --layout dense, from csr", input: sparse, layout: "dense", output: dense),
        Contender(
          name: "convert --layout dense, from bitmask",
          input: bitmask,
          layout: "dense",
          output: dense
        ),
      ]
    }
    return try contenders.flatMap { contender in
      scratch.remove("dense.onnx")
      _ = try ProcessMeter.run(command(contender, to: contender.output))
      // Exits with 0 if all tensors are the same.
      _ = try ProcessMeter.run([setting.lacuna, "diff", model, contender.output])
      return try measure(contender)
    }
  }

  private func command(_ contender: Contender, to output: String) -> [String] {
    [setting.lacuna, "convert", contender.input, output, "--layout", contender.layout]
  }

  private func measure(_ contender: Contender) throws -> [Row] {
    let scratch = setting.scratch
    let output = scratch.file("output.onnx")
    var peakBytes = 0
    let commands = [
      ["cp", contender.input, output], ["cp", contender.output, output], command(contender, to: output),
    ]
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 3 : 7,
      commands.map { command in
        {
          scratch.remove("output.onnx")
          let figures = try ProcessMeter.run(command)
          if command[0] == setting.lacuna { peakBytes = max(peakBytes, figures.peakBytes) }
          return figures.seconds
        }
      }
    )
    /// A row of bytes per second, whose ratio is that of the times for one byte, to `cp`.
    func row(_ name: String, _ path: String, _ baseline: Samples, bar: Bar?) throws -> Row {
      let byteCount = try ScratchFolder.byteCount(of: path)
      return Row(
        group: .onnx,
        name: name,
        unit: .gigabytesPerSecond,
        value: samples[2].gigabytesPerSecond(of: byteCount),
        baseline: Baseline(
          name: "cp",
          value: baseline.gigabytesPerSecond(of: byteCount),
          ratio: samples[2].medianRatio(to: baseline)
        ),
        bar: bar,
        seconds: samples[2].seconds,
        peakBytes: peakBytes
      )
    }
    var rows = [
      try row(
        contender.name,
        contender.output,
        samples[1],
        bar: contender.judged == .output ? .ratioAtMost(Self.ratio) : nil
      ),
      try row(
        "  the same by the bytes of its input",
        contender.input,
        samples[0],
        bar: contender.judged == .input ? .ratioAtMost(Self.ratio) : nil
      ),
    ]
    if contender.judged != .none {
      rows.append(
        Row(
          group: .onnx,
          name: "  its peak memory",
          unit: .megabytes,
          value: Double(peakBytes) / 1e6,
          bar: .valueAtMost(Self.megabytes)
        )
      )
    }
    return rows
  }
}
