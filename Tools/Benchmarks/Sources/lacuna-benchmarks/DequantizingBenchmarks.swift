/// Quantized folders to plain BF16, against `cp -r` of the folder that comes out.
struct DequantizingBenchmarks {
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let scratch = setting.scratch
    let matrices = Checkpoint.matrices(byteCount: setting.dataBytes)
    let byteCount = matrices.reduce(0) { $0 + $1.byteCount }
    let plain = try ModelFolder.makeDense("plain", matrices, Weights(.bf16, .percent(50)), in: scratch)
    defer { scratch.remove("plain") }
    return try QuantizedForm.allCases.map { form in
      let quantized = try QuantizedFolder.make("quantized", form, matrices, in: scratch)
      defer { scratch.remove("quantized") }
      return try measure(form, quantized, plain: plain, byteCount: byteCount)
    }
  }

  private func measure(
    _ form: QuantizedForm,
    _ quantized: String,
    plain: String,
    byteCount: Int
  ) throws -> Row {
    let (scratch, output) = (setting.scratch, setting.scratch.file("output"))
    var peakBytes = 0
    let commands = [
      ["cp", "-r", plain, output],
      [setting.lacuna, "convert", quantized, output, "--to", "safetensors", "--type", "bf16"],
    ]
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 3 : 5,
      commands.map { command in
        {
          scratch.remove("output")
          let figures = try ProcessMeter.run(command)
          if command[0] == setting.lacuna { peakBytes = max(peakBytes, figures.peakBytes) }
          return figures.seconds
        }
      }
    )
    scratch.remove("output")
    return Row(
      group: .compressedTensors,
      name: "to bf16, \(form.text)",
      unit: .gigabytesPerSecond,
      value: samples[1].gigabytesPerSecond(of: byteCount),
      baseline: Baseline(
        name: "cp -r",
        value: samples[0].gigabytesPerSecond(of: byteCount),
        ratio: samples[1].medianRatio(to: samples[0])
      ),
      seconds: samples[1].seconds,
      peakBytes: peakBytes
    )
  }
}
