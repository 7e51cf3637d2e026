/// Commands that read headers only, and the start of the process itself.
struct HeaderBenchmarks {
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let scratch = setting.scratch
    let single = scratch.file("many.safetensors")
    defer { scratch.remove("many.safetensors") }
    try Checkpoint.writeHollow(
      (0..<10_000).map { number in
        PlannedTensor(
          name: "model.layers.\(number / 100).mlp.experts.\(number % 100).up_proj.weight",
          type: "BF16",
          elementBytes: 2,
          shape: [2048, 7168]
        )
      },
      to: single
    )
    let folder = try scratch.makeFolder("experts")
    let model = ExpertModel()
    try model.write(to: folder)

    let version = Contender(name: "--version", arguments: ["--version"], milliseconds: 15)
    let contenders = [
      version,
      Contender(
        name: "inspect --headers-only, 10000 tensors",
        arguments: ["inspect", "--headers-only", single],
        milliseconds: 40
      ),
      Contender(
        name: "inspect --headers-only, \(model.tensors.count) tensors",
        arguments: ["inspect", "--headers-only", folder],
        milliseconds: 150,
        megabytes: 64
      ),
    ]
    var peaks = [Int](repeating: 0, count: contenders.count)
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 5 : 20,
      contenders.indices.map { place in
        {
          let figures = try ProcessMeter.run([setting.lacuna] + contenders[place].arguments)
          peaks[place] = max(peaks[place], figures.peakBytes)
          return figures.seconds
        }
      }
    )
    return contenders.enumerated().flatMap { place, contender in
      let time = Row(
        group: .headers,
        name: contender.name,
        unit: .milliseconds,
        value: samples[place].median * 1000,
        bar: .valueAtMost(contender.milliseconds),
        seconds: samples[place].seconds,
        peakBytes: peaks[place]
      )
      guard let megabytes = contender.megabytes else { return [time] }
      let memory = Row(
        group: .headers,
        name: "  its peak memory",
        unit: .megabytes,
        value: Double(peaks[place]) / 1e6,
        bar: .valueAtMost(megabytes)
      )
      return [time, memory]
    }
  }

  /// A command that is measured, and what it may take.
  private struct Contender {
    var name: String
    var arguments: [String]
    var milliseconds: Double
    var megabytes: Double?
  }
}
