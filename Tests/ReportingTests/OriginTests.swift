import Inspection
import ModelIR
import Reporting
import Testing

@Suite("Where zeros come from, as it is reported")
struct OriginTests {
  /// Three layers of a thousand elements and a tensor that was not compared.
  private static func model(unexplained: UInt64 = 0) throws -> ModelReport {
    var tensors = try (0..<3).map { layer in
      try Synthetic.report("layers.\(layer).fc.weight", .bfloat16, [10, 100], zeros: 0.5)
    }
    for layer in tensors.indices {
      var origins = ZeroOrigins()
      origins.elements = 1000
      origins.before = 100
      origins.rounded = 50
      origins.neither = UInt64(layer) * 10
      origins.unexplained = unexplained
      origins.regrown = 5
      tensors[layer].origins = origins
    }
    tensors.append(try Synthetic.report("alone.weight", .bfloat16, [10, 100], zeros: 0.5))
    var model = Synthetic.model(tensors, path: "quantized")
    model.reference = ReferenceReport(
      path: "dense\u{1B}[31m",
      omissions: [.init(name: "alone.weight", reason: "the reference has no alone.weight")],
      unknownSteps: unexplained > 0 ? ["Q4_K counts its steps from a minimum"] : []
    )
    return model
  }

  private func lines(_ model: ModelReport, width: Int = 80) throws -> Collector {
    let collector = Collector()
    try TerminalReport.inspect(model, style: TerminalStyle(width: width), to: collector.take)
    return collector
  }

  @Test("layers share a row, and the matrices are summed up")
  func table() throws {
    let output = try lines(Self.model())
    #expect(!output.text.contains("\u{1B}"))
    #expect(output.lines(with: "zeros against dense").count == 1)
    // Of 3000: 480 zeros, 300 before, 150 by rounding, 30 neither; 15 regrown.
    let row = output.lines(with: "layers.*.fc.weight  16.0%")
    #expect(
      row.count == 1 && row[0].split(separator: " ").suffix(5) == ["16.0%", "10.0%", "5.0%", "1.0%", "0.5%"]
    )
    #expect(output.lines(with: "16.0%  of 3 weight matrices").count == 1)
    #expect(output.lines(with: "alone.weight  the reference has no alone.weight").count == 1)
    #expect(output.lines(with: "unknown").isEmpty)
  }

  @Test("zeros whose step is not known have a column, and a reason")
  func unexplained() throws {
    let output = try lines(Self.model(unexplained: 200))
    #expect(output.lines(with: "unknown: Q4_K counts its steps from a minimum").count == 1)
    #expect(output.lines(with: "36.0%  of 3 weight matrices").count == 1)
  }

  @Test("documents hold every count, and null without a reference")
  func documents() throws {
    /// The document of a model.
    func document(_ model: ModelReport) throws -> String {
      let collector = Collector()
      try JSONReport.inspect([model]) { collector.take(bytes: $0) }
      return collector.text
    }
    let text = try document(Self.model(unexplained: 7))
    for member in [
      "\"zero_before\": 300", "\"by_rounding\": 150", "\"neither\": 30", "\"unexplained\": 21",
      "\"regrown\": 15", "\"zeros\": 501", "\"reference_zeros\": 315", "\"tensors\": 3",
      "\"zero_before\": 100", "\"name\": \"alone.weight\"", "\"against\": null",
    ] {
      #expect(text.contains(member), "\(member)")
    }
    var plain = try Self.model()
    plain.reference = nil
    for index in plain.tensors.indices { plain.tensors[index].origins = nil }
    #expect(!(try document(plain)).contains("zero_before"))
    #expect(try lines(plain).lines(with: "zeros against").isEmpty)
  }
}
