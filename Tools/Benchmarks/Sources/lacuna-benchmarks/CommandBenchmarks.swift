/// Whole commands on a model of the full size, against `cp` of it.
struct CommandBenchmarks {
  private static let convertBar = 1.0
  private static let inspectBar = 0.5
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  /// A command that is measured.
  private struct Contender {
    var name: String
    var arguments: [String]
    var bar: Bar?
  }

  func run() throws -> [Row] {
    let scratch = setting.scratch
    let (half, pairs) = (scratch.file("half.safetensors"), scratch.file("pairs.safetensors"))
    let (bitmask, output) = (scratch.file("bitmask.safetensors"), scratch.file("output.safetensors"))
    defer { for name in ["half", "pairs", "bitmask", "output"] { scratch.remove("\(name).safetensors") } }
    let tensors = Checkpoint.matrices(byteCount: setting.dataBytes)
    let byteCount = tensors.reduce(0) { $0 + $1.byteCount }
    try Checkpoint.write(tensors, Weights(.bf16, .percent(50)), to: half)
    try Checkpoint.write(tensors, Weights(.bf16, .twoOfFour), to: pairs)
    _ = try ProcessMeter.run([setting.lacuna, "convert", half, bitmask, "--layout", "bitmask"])

    let contenders = [
      Contender(
        name: "convert --layout bitmask, 50 % zeros",
        arguments: ["convert", half, output, "--layout", "bitmask"],
        bar: .ratioAtMost(Self.convertBar)
      ),
      Contender(
        name: "convert --layout csr, 50 % zeros",
        arguments: ["convert", half, output, "--layout", "csr"]
      ),
      Contender(
        name: "convert --layout nm:2:4, 2:4",
        arguments: ["convert", pairs, output, "--layout", "nm:2:4"]
      ),
      Contender(
        name: "convert --layout auto, 50 % zeros",
        arguments: ["convert", half, output, "--layout", "auto"]
      ),
      Contender(
        name: "convert --layout dense, from bitmask",
        arguments: ["convert", bitmask, output, "--layout", "dense"]
      ),
      Contender(
        name: "inspect, 50 % zeros",
        arguments: ["inspect", half],
        bar: .ratioAtMost(Self.inspectBar)
      ),
      Contender(name: "validate --pattern 2:4, 2:4", arguments: ["validate", "--pattern", "2:4", pairs]),
      Contender(name: "diff, dense with bitmask", arguments: ["diff", half, bitmask]),
      Contender(name: "verify, bitmask", arguments: ["verify", bitmask]),
    ]
    let commands =
      [["cp", half, output]] + contenders.map { [setting.lacuna] + $0.arguments }
    var peaks = [Int](repeating: 0, count: commands.count)
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 3 : 7,
      commands.indices.map { place in
        {
          scratch.remove("output.safetensors")
          let figures = try ProcessMeter.run(commands[place])
          peaks[place] = max(peaks[place], figures.peakBytes)
          return figures.seconds
        }
      }
    )
    return contenders.enumerated().map { place, contender in
      let own = samples[place + 1]
      return Row(
        group: .commands,
        name: contender.name,
        unit: .gigabytesPerSecond,
        value: own.gigabytesPerSecond(of: byteCount),
        baseline: Baseline(
          name: "cp",
          value: samples[0].gigabytesPerSecond(of: byteCount),
          ratio: own.medianRatio(to: samples[0])
        ),
        bar: contender.bar,
        seconds: own.seconds,
        peakBytes: peaks[place + 1]
      )
    }
  }
}
