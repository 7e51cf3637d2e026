/// Opening, validating and converting ONNX models, as whole processes.
struct ONNXBenchmarks {
  /// The most bytes of the model that is opened and converted.
  private static let mostBytes = 500_000_000
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let weights = [90, 50].map { Weights(.f32, .percent($0)).tile }
    let model = ONNXFile(
      products: 64,
      byteCount: min(Self.mostBytes, setting.dataBytes),
      wide: 2048,
      stepsPerProduct: 46
    )
    let path = setting.scratch.file("model.onnx")
    defer { setting.scratch.remove("model.onnx") }
    try model.write(weights, to: path)
    var rows = try opening(path, model)
    rows += try pattern()
    rows += try ONNXConversions(setting, path, zeros: "50 and 90 %").run(.none)
    // Half of the weights is what pruning in one go leaves, and what the bar is for. Of nine tenths so little is
    // written that reading decides: those are judged by the bytes of the input.
    for (tile, (zeros, judged)) in zip(
      weights,
      [("90 %", .input), ("50 %", .output)] as [(String, ONNXConversions.Judged)]
    ) {
      try model.write([tile], to: path)
      rows += try ONNXConversions(setting, path, zeros: zeros).run(judged)
    }
    return rows
  }

  /// What needs no element. Python's `onnx.load` takes 0.7 s and 1064 MB for such a model.
  private func opening(_ path: String, _ model: ONNXFile) throws -> [Row] {
    var peakBytes = 0
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 5 : 20,
      [
        {
          let figures = try ProcessMeter.run([setting.lacuna, "inspect", "--headers-only", path])
          peakBytes = max(peakBytes, figures.peakBytes)
          return figures.seconds
        }
      ]
    )
    let text = "\(model.byteCount / 1_000_000) MB, \(model.nodeCount) nodes"
    return [
      Row(
        group: .onnx,
        name: "inspect --headers-only, \(text)",
        unit: .milliseconds,
        value: samples[0].median * 1000,
        bar: .valueAtMost(20),
        seconds: samples[0].seconds,
        peakBytes: peakBytes
      ),
      Row(
        group: .onnx,
        name: "  its peak memory",
        unit: .megabytes,
        value: Double(peakBytes) / 1e6,
        bar: .valueAtMost(32)
      ),
    ]
  }

  /// The seconds that Polygraphy's `inspect sparsity` takes for such a model: it is no part of this run, but was
  /// measured once, on two cores.
  private static let polygraphySeconds = 4.16

  /// A weight of 16.8 MB whose pattern runs along the axis that the product reduces, which is its first.
  private func pattern() throws -> [Row] {
    let extent = 2048
    let path = setting.scratch.file("pairs.onnx")
    defer { setting.scratch.remove("pairs.onnx") }
    let tile = Weights(.f32, .twoOfFour).tile
    try ONNXFile(square: extent).write([Self.transposed(tile, extent)], to: path)
    let command = [setting.lacuna, "validate", "--pattern", "2:4", path]
    do {
      _ = try ProcessMeter.run(command + ["--axis", "last"])
      throw WrongResult(description: "validate finds no violation along the other axis")
    } catch let failure as ProcessFailure where failure.exitStatus == 1 {}
    var peakBytes = 0
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 5 : 20,
      [
        {
          let figures = try ProcessMeter.run(command)
          peakBytes = max(peakBytes, figures.peakBytes)
          return figures.seconds
        }
      ]
    )
    return [
      Row(
        group: .onnx,
        name: "validate 2:4, to Polygraphy's noted 4.16 s",
        unit: .milliseconds,
        value: samples[0].median * 1000,
        baseline: Baseline(
          name: "Polygraphy, measured once, not in this run",
          value: Self.polygraphySeconds * 1000,
          ratio: Self.polygraphySeconds / samples[0].median
        ),
        bar: .ratioAtLeast(100),
        seconds: samples[0].seconds,
        peakBytes: peakBytes
      )
    ]
  }

  /// A square matrix of elements of four bytes with rows and columns exchanged.
  private static func transposed(_ matrix: [UInt8], _ extent: Int) -> [UInt8] {
    precondition(matrix.count == 4 * extent * extent)
    var result = [UInt8](repeating: 0, count: matrix.count)
    for row in 0..<extent {
      for column in 0..<extent {
        for byte in 0..<4 {
          result[4 * (column * extent + row) + byte] = matrix[4 * (row * extent + column) + byte]
        }
      }
    }
    return result
  }
}
