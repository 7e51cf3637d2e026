/// Folders of compressed-tensors' sparse forms to dense ones and back, against `cp -r` of the dense folder.
struct SparseFolderBenchmarks {
  private static let timeBar = 1.3
  private static let megabytes = 64.0
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  /// What weights are pruned to, and the form that they take.
  private struct Input {
    var name: String
    var format: SparseFormat
    var pruning: Pruning

    var dense: String { "\(name)-dense" }
    var sparse: String { "\(name)-sparse" }
  }

  private static let inputs = [
    Input(name: "half", format: .bitmask, pruning: .percent(50)),
    Input(name: "pairs", format: .twoOfFour, pruning: .twoOfFour),
    Input(name: "fewer", format: .twoOfFour, pruning: .twoOfFourAndMore),
  ]

  /// A conversion that is measured.
  private struct Contender {
    var name: String
    var arguments: [String]
  }

  func run() throws -> [Row] {
    let scratch = setting.scratch
    defer { for input in Self.inputs { for name in [input.dense, input.sparse] { scratch.remove(name) } } }
    let tensors = Checkpoint.matrices(byteCount: setting.dataBytes)
    let byteCount = tensors.reduce(0) { $0 + $1.byteCount }
    let output = scratch.file("output")
    var contenders: [Contender] = []
    for input in Self.inputs {
      let dense = try ModelFolder.makeDense(input.dense, tensors, Weights(.bf16, input.pruning), in: scratch)
      let sparse = scratch.file(input.sparse)
      let compression = ["--to", "compressed-tensors", "--layout", input.format.layout, "--strict"]
      let restoring = ["--to", "safetensors", "--layout", "dense"]
      _ = try ProcessMeter.run([setting.lacuna, "convert", dense, sparse] + compression)
      _ = try ProcessMeter.run([setting.lacuna, "convert", sparse, output] + restoring)
      // Exits with 1 if an element's bits differ.
      _ = try ProcessMeter.run([setting.lacuna, "diff", dense, output])
      scratch.remove("output")
      let text = "\(input.format.rawValue), \(input.pruning.text)"
      contenders += [
        Contender(name: "restore \(text)", arguments: ["convert", sparse, output] + restoring),
        Contender(name: "write \(text)", arguments: ["convert", dense, output] + compression),
      ]
    }
    return try measure(contenders, byteCount: byteCount, output: output)
  }

  private func measure(_ contenders: [Contender], byteCount: Int, output: String) throws -> [Row] {
    let scratch = setting.scratch
    let copying = ["cp", "-r", scratch.file(Self.inputs[0].dense), output]
    let commands = [copying] + contenders.map { [setting.lacuna] + $0.arguments }
    var peaks = [Int](repeating: 0, count: commands.count)
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 3 : 7,
      commands.indices.map { place in
        {
          scratch.remove("output")
          let figures = try ProcessMeter.run(commands[place])
          peaks[place] = max(peaks[place], figures.peakBytes)
          return figures.seconds
        }
      }
    )
    scratch.remove("output")
    return contenders.enumerated().flatMap { place, contender in
      let own = samples[place + 1]
      let time = Row(
        group: .compressedTensors,
        name: contender.name,
        unit: .gigabytesPerSecond,
        value: own.gigabytesPerSecond(of: byteCount),
        baseline: Baseline(
          name: "cp -r",
          value: samples[0].gigabytesPerSecond(of: byteCount),
          ratio: own.medianRatio(to: samples[0])
        ),
        bar: .ratioAtMost(Self.timeBar),
        seconds: own.seconds,
        peakBytes: peaks[place + 1]
      )
      let memory = Row(
        group: .compressedTensors,
        name: "  its peak memory",
        unit: .megabytes,
        value: Double(peaks[place + 1]) / 1e6,
        bar: .valueAtMost(Self.megabytes)
      )
      return [time, memory]
    }
  }
}

/// The peak memory of conversions of a folder of two shards, ten times the size, which must stay in the same
/// bound.
struct ShardedFolderBenchmarks {
  private static let megabytes = 64.0
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let scratch = setting.scratch
    let shardBytes = 5 * setting.dataBytes
    let tensors = Checkpoint.matrices(byteCount: 2 * shardBytes)
    let byteCount = tensors.reduce(0) { $0 + $1.byteCount }
    let text = "\(Decimal.figure(Double(byteCount) / 1e9)) GB in 2 shards"
    guard scratch.freeBytes > byteCount / 5 * 13 else {
      print("sparse-bitmask, \(text): left out, the scratch folder has no room")
      return []
    }
    defer { for name in ["big-dense", "big-sparse", "output"] { scratch.remove(name) } }
    let dense = try ModelFolder.makeDense(
      "big-dense",
      tensors,
      Weights(.bf16, .percent(50)),
      shardBytes: shardBytes,
      in: scratch
    )
    let (sparse, output) = (scratch.file("big-sparse"), scratch.file("output"))
    let commands = [
      ("write", [dense, sparse, "--to", "compressed-tensors", "--layout", "bitmask", "--strict"]),
      ("restore", [sparse, output, "--to", "safetensors", "--layout", "dense"]),
    ]
    return try commands.map { name, arguments in
      let figures = try ProcessMeter.run([setting.lacuna, "convert", "--quiet"] + arguments)
      return Row(
        group: .compressedTensors,
        name: "\(name) sparse-bitmask, \(text)",
        unit: .megabytes,
        value: Double(figures.peakBytes) / 1e6,
        bar: .valueAtMost(Self.megabytes),
        seconds: [figures.seconds]
      )
    }
  }
}
