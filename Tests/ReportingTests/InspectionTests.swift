import Inspection
import ModelIR
import Reporting
import Testing

@Suite("Inspection at a terminal")
struct InspectionTests {
  private func text(
    _ report: ModelReport,
    width: Int = 120,
    options: InspectionOptions = InspectionOptions()
  ) throws -> Collector {
    let collector = Collector()
    try TerminalReport.inspect(
      report,
      options: options,
      style: TerminalStyle(width: width),
      to: collector.take
    )
    return collector
  }

  /// The first words of the table's rows.
  private func names(_ collector: Collector) -> [String] {
    let rules = collector.lines.indices.filter { collector.lines[$0].contains("──") }
    guard rules.count == 2 else { return [] }
    return collector.lines[(rules[0] + 1)..<rules[1]].map {
      String($0.split(separator: " ").first ?? "")
    }
  }

  @Test("Layers fold into one row with a count")
  func folds() throws {
    let output = try text(Synthetic.llama())
    #expect(names(output).count == 12)
    let rows = output.lines(with: "layers.*.mlp.gate_proj ")
    #expect(rows.count == 1)
    #expect(rows.first?.contains("32   14336 × 4096  3.76 GB") == true)
    #expect(rows.first?.contains("2:4 31/32 !") == true)
    #expect(output.lines(with: "needs a look").count == 1)
    #expect(output.lines(with: "model.layers.17.mlp.gate_proj.weight  0.0% zeros, not 2:4").count == 1)
    #expect(output.lines(with: "--layout nm:2:4").count == 1)
    #expect(output.lines(with: "names without model. and .weight").count == 1)
  }

  @Test("The line that tells the model's figures")
  func title() throws {
    #expect(
      try text(Synthetic.llama()).lines[0]
        == "Llama-8B-pruned-2of4 · safetensors · 4 shards · 291 tensors · 8.03 B params · 16.06 GB"
    )
  }

  @Test("Without values there are neither zeros nor patterns, and the last line says so")
  func headersOnly() throws {
    let output = try text(Synthetic.llama(readValues: false))
    #expect(output.lines(with: "zeros").isEmpty)
    #expect(output.lines(with: "pattern").isEmpty)
    #expect(output.lines.suffix(2) == ["values not read", ""])
  }

  @Test("Rows of one name and two types stay apart, and a lone layer keeps its number")
  func splitsTypes() throws {
    let tensors = [
      try Synthetic.report("l.0.w", .float16, [2, 16], zeros: 0),
      try Synthetic.report("l.1.w", .float16, [4, 16], zeros: 0),
      try Synthetic.report("l.2.w", .float32, [2, 16], zeros: 0),
      try Synthetic.report("l.3.b", .float32, [2], zeros: 0),
    ]
    let output = try text(Synthetic.model(tensors))
    #expect(names(output) == ["l.*.w", "l.2.w", "l.3.b"])
    #expect(output.lines(with: "varied").count == 1)
  }

  @Test("Layer 2 comes before layer 10")
  func naturalOrder() throws {
    let tensors = try [10, 2, 1].map { try Synthetic.report("h.\($0).w", .float16, [2, 16]) }
    let output = try text(
      Synthetic.model(tensors, readValues: false),
      options: InspectionOptions(showsEveryTensor: true)
    )
    #expect(names(output) == ["h.1.w", "h.2.w", "h.10.w"])
  }

  @Test("Rows sort by size and by sparsity, and a limit says what it leaves out")
  func sorts() throws {
    let tensors = [
      try Synthetic.report("a", .float32, [2, 16], zeros: 0.5),
      try Synthetic.report("b", .float32, [64, 16], zeros: 0),
      try Synthetic.report("c", .float32, [8, 16], zeros: 0.75),
    ]
    let model = Synthetic.model(tensors)
    #expect(names(try text(model, options: InspectionOptions(sort: .size))) == ["b", "c", "a"])
    #expect(names(try text(model, options: InspectionOptions(sort: .sparsity))) == ["c", "a", "b"])
    let limited = try text(model, options: InspectionOptions(limit: 1))
    #expect(names(limited) == ["a"])
    #expect(limited.lines(with: "and 2 rows more").count == 1)
  }

  @Test("A prefix stays where a name without it could be taken for one that had it")
  func keepsPrefix() throws {
    let clear = try ["model.a.x", "model.b.x", "model.c.x", "model.d.x", "head"]
      .map { try Synthetic.report($0, .float16, [2, 16]) }
    #expect(names(try text(Synthetic.model(clear, readValues: false))).contains("a.x"))
    let unclear = clear + [try Synthetic.report("a.y", .float16, [2, 16])]
    #expect(names(try text(Synthetic.model(unclear, readValues: false))).contains("model.a.x"))
  }

  @Test("NaN, infinities and negative zeros are told where there are any")
  func oddValues() throws {
    let output = try text(Synthetic.bert())
    #expect(output.lines(with: "NaN 3 · -0.0 1,204").count == 1)
    #expect(try text(Synthetic.llama()).lines(with: "NaN").isEmpty)
  }

  @Test("A path that cannot be pasted is not suggested")
  func suggestsPaths() throws {
    var report = try Synthetic.llama()
    report.path = "a b'c"
    #expect(try text(report, width: 200).lines(with: "lacuna convert 'a b'\\''c' OUT").count == 2)
    report.path = "a\u{202E}b"
    #expect(try text(report, width: 200).lines(with: "lacuna convert PATH OUT").count == 2)
  }

  @Test("Text for many tensors comes in pieces")
  func streams() throws {
    let tensors = try (0..<3000).map { try Synthetic.report("t\($0)", .float16, [2, 16]) }
    #expect(try text(Synthetic.model(tensors, readValues: false)).pieces > 3)
  }

  @Test("A model without tensors is no trouble")
  func empty() throws {
    #expect(try text(Synthetic.model([])).lines(with: "0 tensors").count == 1)
  }
}
