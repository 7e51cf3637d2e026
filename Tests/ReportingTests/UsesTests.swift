import Inspection
import ModelIR
import Reporting
import StrictJSON
import Testing

@Suite("Who reads the weights")
struct UsesTests {
  /// A report of a tensor that a graph uses.
  static func report(
    _ name: String,
    axes: [Int]? = [0],
    _ consumers: String = "MatMul",
    role: TensorUses.Role = .weight,
    evidence: [String] = [],
    omitted: Int = 0
  ) throws -> TensorReport {
    var report = try Synthetic.report(name, .float32, [16, 8], zeros: 0.5)
    report.tensor.reduction = axes.map { ReductionAxis(axes: $0, evidence: .graph) }
    report.tensor.uses = TensorUses(role: role, consumers: consumers, evidence: evidence, omitted: omitted)
    return report
  }

  static func model(_ tensors: [TensorReport], files: Int = 1) -> ModelReport {
    var report = Synthetic.model(tensors, path: "m.onnx", files: files)
    report.container = .onnx
    return report
  }

  static func lines(
    _ report: ModelReport,
    width: Int = 100,
    _ options: InspectionOptions = InspectionOptions()
  ) throws -> [String] {
    let collector = Collector()
    try TerminalReport.inspect(
      report,
      options: options,
      style: TerminalStyle(width: width),
      to: collector.take
    )
    return collector.lines
  }

  /// Rows of the second table, spaces as one.
  static func rows(_ lines: [String]) throws -> [String] {
    let start = try #require(lines.firstIndex { $0.contains("read by") })
    return lines[(start + 2)...].prefix { !$0.contains("──") }.map {
      $0.split(separator: " ").joined(separator: " ")
    }
  }

  @Test("weights of one folded name share a row if their axis and their consumers are the same")
  func folds() throws {
    var tensors = try (0..<12).map { try Self.report("layers.\($0).up") }
    tensors.append(try Self.report("layers.12.up", axes: [1], "Gemm"))
    tensors.append(try Self.report("tied", axes: [0, 1], "Gather; MatMul"))
    tensors.append(try Self.report("table", axes: [], "Gather"))
    tensors.append(try Self.report("lost", axes: nil, "Reshape"))
    let lines = try Self.lines(Self.model(tensors))
    #expect(
      try Self.rows(lines) == [
        "layers.*.up 12 0 MatMul", "layers.12.up 1 1 Gemm", "lost 1 ? Reshape", "table 1 – Gather",
        "tied 1 0, 1 Gather; MatMul",
      ]
    )
  }

  @Test("what is no weight is counted by its role, and rows beyond the limit too")
  func others() throws {
    var tensors = try ["a", "b", "c"].map { try Self.report($0) }
    tensors.append(try Self.report("d", role: .bias))
    for name in ["e", "f"] { tensors.append(try Self.report(name, role: .scale)) }
    tensors.append(try Self.report("g", role: .zeroPoint))
    tensors.append(try Self.report("h", "", role: .unused))
    let lines = try Self.lines(Self.model(tensors), InspectionOptions(limit: 2))
    #expect(try Self.rows(lines).count == 2)
    #expect(lines.contains("  and 1 row more · 1 bias · 2 scales · 1 zero point · 1 unused"))
  }

  @Test("with every tensor in a row of its own, each is told with its evidence, escaped")
  func evidence() throws {
    let tensors = [
      try Self.report("w", evidence: ["MatMul \"a\u{1B}[2J\", input 1: K is axis 0"], omitted: 3),
      try Self.report(
        "b",
        axes: nil,
        "Add",
        role: .bias,
        evidence: ["Add (node 1), input 1: element by element"]
      ),
    ]
    let lines = try Self.lines(Self.model(tensors), InspectionOptions(showsEveryTensor: true))
    let start = try #require(lines.firstIndex { $0.hasPrefix("  b  bias  Add") })
    #expect(
      Array(lines[start..<start + 5]) == [
        "  b  bias  Add", "    Add (node 1), input 1: element by element", "  w  axis 0  MatMul",
        "    MatMul \"a\\u{1B}[2J\", input 1: K is axis 0", "    and 3 uses more",
      ]
    )
  }

  @Test("models without a graph have no such table")
  func none() throws {
    let lines = try Self.lines(Synthetic.llama())
    #expect(!lines.contains { $0.contains("read by") })
  }

  @Test("no line is wider than the terminal, whatever the names", arguments: [40, 60, 80, 120])
  func width(_ width: Int) throws {
    let tensors = try Set(Hostile.names.map { TensorName($0) }).map {
      try Self.report($0.text, $0.text, evidence: [$0.text])
    }
    for all in [false, true] {
      let lines = try Self.lines(Self.model(tensors), width: width, InspectionOptions(showsEveryTensor: all))
      #expect(lines.allSatisfy { DisplayWidth.cells(of: $0) <= width })
    }
  }

  @Test(
    "an ONNX model has external files, not shards; layouts go to safetensors, and ONNX's own forms to ONNX"
  )
  func container() throws {
    var tensor = try Synthetic.report(
      "w",
      .float32,
      [64, 64],
      zeros: 0.5,
      pattern: NMPattern(kept: 2, group: 4)
    )
    tensor.tensor.uses = TensorUses(role: .weight, consumers: "MatMul", evidence: [])
    tensor.tensor.reduction = ReductionAxis(axes: [1], evidence: .graph)
    let lines = try Self.lines(Self.model([tensor], files: 3))
    #expect(lines[0].hasPrefix("m.onnx · onnx · 2 external files · 1 tensor"))
    let commands = lines.filter { $0.contains("lacuna convert") }
    let outputs = ["OUT.safetensors --layout nm:2:4", "OUT.safetensors --layout auto"]
    // 2,048 values of four bytes, and indices of two or a bit for each element.
    let forms = [
      "csr in ONNX 12.3 kB 75.0% lacuna convert m.onnx OUT.onnx --layout csr",
      "bitmask in ONNX 8.70 kB 53.1% lacuna convert m.onnx OUT.onnx --layout bitmask",
    ]
    #expect(commands.count == outputs.count + forms.count)
    #expect(zip(commands, outputs).allSatisfy { $0.contains("lacuna convert m.onnx \($1)") })
    #expect(
      commands.suffix(2).map { $0.split(separator: " ").joined(separator: " ") } == forms,
      "\(commands)"
    )
  }

  @Test("documents have uses and axes for tensors of a graph, and null for others")
  func document() throws {
    let collector = Collector()
    let tensors = [
      try Self.report("w", axes: [0, 1], "Gather; MatMul", evidence: ["one", "two"], omitted: 1),
      try Synthetic.report("v", .float32, [4]),
    ]
    try JSONReport.inspect([Self.model(tensors)], to: collector.take(bytes:))
    let text = collector.text.split(whereSeparator: \.isWhitespace).joined()
    #expect(text.contains(#""axes":[0,1],"uses":{"role":"weight","consumers":"Gather;MatMul","#))
    #expect(text.contains(#""evidence":["one","two"],"omitted":1}"#))
    #expect(text.contains(#""axes":null,"uses":null"#))
  }

  @Test("a violating tensor shows its evidence, and the place of each group within the tensor")
  func violation() throws {
    for (extents, axis, row, place) in [
      ([16, 12], 0, 5, "rows 4-7, column 5, group 1:"), ([16, 12], 1, 5, "row 5, columns 4-7, group 1:"),
      ([3, 16, 4], 1, 6, "[1, 4-7, 2], group 1:"), ([16], 0, 0, "[4-7], group 1:"),
    ] as [([UInt64], Int, UInt64, String)] {
      var tensor = Synthetic.tensor("w", .float32, extents)
      tensor.uses = TensorUses(role: .weight, consumers: "MatMul", evidence: ["MatMul (node 0): K is axis 0"])
      var result = ValidationReport.TensorResult(
        tensor: tensor,
        status: .violating,
        axis: ReductionAxis(axes: [axis], evidence: .graph)
      )
      result.groups = 8
      result.violatingGroups = 1
      result.firstViolations = [
        .init(row: row, group: 1, firstIndex: 4, nonzeros: 3, values: ["1", "2", "3", "0"])
      ]
      let report = ValidationReport(
        path: "m.onnx",
        pattern: try #require(NMPattern(kept: 2, group: 4)),
        tail: .error,
        tensors: [result],
        warnings: []
      )
      let collector = Collector()
      try TerminalReport.validate(report, style: TerminalStyle(width: 80), to: collector.take)
      #expect(collector.lines.contains("      MatMul (node 0): K is axis 0"))
      #expect(collector.lines.contains { $0.hasPrefix("      " + place) }, "\(collector.text)")
    }
  }
}
