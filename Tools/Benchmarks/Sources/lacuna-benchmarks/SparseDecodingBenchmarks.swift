internal import CompressedTensors
internal import ModelIR
internal import Safetensors
internal import SparseCoding

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Decoding compressed-tensors' sparse parts in memory: all that a reader does, which finds the parts, checks
/// their structure and makes dense chunks.
struct SparseDecodingBenchmarks {
  /// 50 times what compressed-tensors 0.14.0.1 takes for 50 % of BF16.
  private static let gigabytesPerSecond = 10.0
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    var rows: [Row] = []
    for type in WeightType.allCases {
      for share in [50, 90] { rows += try measure(.bitmask, type, .percent(share)) }
      rows += try measure(.twoOfFour, type, .twoOfFour)
    }
    return rows
  }

  private func measure(_ format: SparseFormat, _ type: WeightType, _ pruning: Pruning) throws -> [Row] {
    let input = try Input(format, type, pruning, setting)
    let byteCount = input.dense.bytes.count
    let copy = Buffer(byteCount: byteCount)
    defer {
      input.dense.free()
      copy.free()
    }
    copy.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    try input.decode(to: copy)
    guard memcmp(input.dense.start, copy.start, byteCount) == 0 else {
      throw WrongResult(description: "\(format.rawValue): decoding does not give back the weights")
    }
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 5 : 15,
      [
        { Interleaved.seconds { PlainMemory.copy(input.dense, to: copy, 0..<byteCount) } },
        { try Interleaved.seconds { try input.decode(to: nil) } },
        { try Interleaved.seconds { try input.decode(to: copy) } },
      ]
    )
    let text = "\(format.rawValue) \(type.rawValue)"
    return [
      .throughput(
        .compressedTensors,
        "decode \(text), \(pruning.text)",
        bytes: byteCount,
        samples[1],
        against: samples[0],
        named: "memcpy",
        bar: .valueAtLeast(Self.gigabytesPerSecond)
      ),
      .throughput(
        .compressedTensors,
        "  and gather the whole tensors",
        bytes: byteCount,
        samples[2],
        against: samples[0],
        named: "memcpy"
      ),
    ]
  }

  /// A compressed file in memory, and the weights that it was made of.
  private struct Input {
    let dense: Buffer
    private let source: MemorySource
    private let config: [UInt8]

    init(_ format: SparseFormat, _ type: WeightType, _ pruning: Pruning, _ setting: Setting) throws {
      let scratch = setting.scratch
      let tensors = Checkpoint.matrices(byteCount: setting.bufferBytes, type: type)
      let weights = Weights(type, pruning)
      let folder = try ModelFolder.makeDense("plain", tensors, weights, in: scratch)
      let sparse = scratch.file("sparse")
      defer { for name in ["plain", "sparse"] { scratch.remove(name) } }
      _ = try ProcessMeter.run(
        [setting.lacuna, "convert", folder, sparse]
          + ["--to", "compressed-tensors", "--layout", format.layout, "--strict"]
      )
      source = MemorySource(
        try ScratchFolder.read("\(sparse)/\(ModelFolder.weightFile)"),
        named: ModelFolder.weightFile
      )
      config = try ScratchFolder.read("\(sparse)/config.json")
      dense = Buffer(byteCount: tensors.reduce(0) { $0 + $1.byteCount })
      var start = 0
      for tensor in tensors {
        weights.fill(UnsafeMutableRawBufferPointer(rebasing: dense.bytes[start..<start + tensor.byteCount]))
        start += tensor.byteCount
      }
    }

    /// Decodes all chunks, one after the other, and gathers them in `target` if there is one.
    func decode(to target: Buffer?) throws {
      let reader = try SafetensorsReader(source: source, name: source.displayName)
      var model = Model(
        container: .safetensors,
        files: [reader.file(numbered: 0)],
        tensors: Array(reader.tensors(inFile: 0))
      )
      _ = try CompressedCheckpoint(resolving: &model, configText: config)
      var workspace = DenseReader.Workspace()
      var start = 0
      // In the order of their numbers, which the file's may differ from.
      for tensor in model.tensors.sorted(by: { Self.layer($0.name) < Self.layer($1.name) }) {
        var chunks = DenseReader(tensor: tensor, source: source, chunkBytes: ChunkedMatrix.chunkBytes)
        try chunks.survey(on: ChunkPool(threads: 1))
        for index in 0..<chunks.grid.count {
          let count = try chunks.read(index, &workspace)
          if let target {
            workspace.dense.withUnsafeBufferPointer { dense in
              if let dense = dense.baseAddress { memcpy(target.start + start, dense, count) }
            }
          } else {
            Blackhole.take(UInt64(workspace.dense[count - 1]))
          }
          start += count
        }
      }
    }

    private static func layer(_ name: TensorName) -> Int {
      name.text.split(separator: ".").lazy.compactMap { Int($0) }.first ?? 0
    }
  }
}
