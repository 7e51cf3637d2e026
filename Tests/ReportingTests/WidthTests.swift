import Inspection
import ModelIR
import Reporting
import Testing

@Suite("Widths")
struct WidthTests {
  /// A report of every kind with random names, counts and shapes.
  private func outputs(_ style: TerminalStyle, seed: UInt64) throws -> [(String, Collector)] {
    var random = SeededGenerator(seed: seed)
    /// Any name, often a hostile one.
    func name() -> String {
      let base = Hostile.names.randomElement(using: &random) ?? ""
      return Bool.random(using: &random)
        ? base : "model.layers.\(Int.random(in: 0..<40, using: &random)).\(base)"
    }
    let types: [ElementType] = [.bfloat16, .float32, .int64, .float8E4M3FNUZ]
    let layouts = ["dense", "bitmask", "csr", "nm:2:4", "nm:31:32"].compactMap { Layout($0) }
    var tensors: [TensorReport] = []
    for _ in 0..<Int.random(in: 1...30, using: &random) {
      let rank = Int.random(in: 0...5, using: &random)
      let extents = (0..<rank).map { _ in UInt64.random(in: 1...4000, using: &random) & ~7 | 8 }
      tensors.append(
        try Synthetic.report(
          name(),
          types.randomElement(using: &random) ?? .float32,
          extents,
          zeros: Bool.random(using: &random) ? Double.random(in: 0...1, using: &random) : nil,
          pattern: Bool.random(using: &random) ? NMPattern(kept: 2, group: 4) : nil,
          layout: layouts.randomElement(using: &random) ?? .dense
        )
      )
    }
    let warnings = (0..<3).map { _ in
      Diagnosis(
        .badData,
        file: name(),
        tensor: TensorName(name()),
        name(),
        expected: name(),
        offset: random.next()
      )
    }
    var results: [(String, Collector)] = []
    /// Runs a report.
    func run(_ title: String, _ body: (@escaping TerminalReport.Sink) throws -> Void) throws {
      let collector = Collector()
      try body(collector.take)
      results.append((title, collector))
    }
    var model = Synthetic.model(
      tensors,
      path: name(),
      readValues: Bool.random(using: &random),
      warnings: warnings
    )
    if Bool.random(using: &random) {
      for index in model.tensors.indices where Bool.random(using: &random) {
        var origins = ZeroOrigins()
        origins.elements = random.next()
        origins.before = random.next() >> 3
        origins.rounded = random.next() >> 9
        origins.neither = random.next() >> 4
        origins.unexplained = Bool.random(using: &random) ? random.next() >> 5 : 0
        origins.regrown = random.next() >> 2
        model.tensors[index].origins = origins
      }
      model.reference = ReferenceReport(
        path: name(),
        omissions: (0..<Int.random(in: 0...12, using: &random)).map { _ in
          .init(name: TensorName(name()), reason: name())
        },
        unknownSteps: [name(), name()]
      )
    }
    for showsEveryTensor in [false, true] {
      let options = InspectionOptions(limit: 25, showsEveryTensor: showsEveryTensor)
      try run("inspect") { try TerminalReport.inspect(model, options: options, style: style, to: $0) }
    }
    var validation = try Synthetic.validation()
    validation.path = name()
    validation.warnings = warnings
    validation.tensors = tensors.map { report in
      let statuses: [ValidationReport.Status] = [.compliant, .violating, .skipped]
      var result = ValidationReport.TensorResult(
        tensor: report.tensor,
        status: statuses.randomElement(using: &random) ?? .skipped,
        reason: Bool.random(using: &random) ? name() : nil,
        axis: report.axis
      )
      result.groups = random.next() >> UInt64.random(in: 0...63, using: &random)
      result.violatingGroups = result.groups / 3
      result.raggedGroups = random.next() >> 40
      result.histogram = (0...4).map { _ in random.next() >> UInt64.random(in: 8...58, using: &random) }
      result.firstViolations = [
        .init(
          row: .max,
          group: .max,
          firstIndex: .max - 3,
          nonzeros: 3,
          values: ["-3.4028235e+38", "nan", "inf", "1"]
        )
      ]
      return result
    }
    try run("validate") { try TerminalReport.validate(validation, limit: 3, style: style, to: $0) }
    var conversion = try Synthetic.conversion(isDryRun: Bool.random(using: &random))
    conversion.input = name()
    conversion.output = name()
    conversion.warnings = warnings
    conversion.tensors = tensors.map { report in
      ConversionReport.TensorResult(
        name: report.tensor.name,
        elementType: report.tensor.elementType,
        shape: report.tensor.shape,
        from: report.tensor.layout,
        to: layouts.randomElement(using: &random) ?? .dense,
        bytesBefore: random.next() >> 20,
        bytesAfter: random.next() >> 20,
        reason: Bool.random(using: &random) ? name() : nil
      )
    }
    conversion.files = [.init(name: name(), byteCount: random.next() >> 9)]
    try run("convert") { try TerminalReport.convert(conversion, style: style, to: $0) }
    var difference = Synthetic.difference()
    difference.first = name()
    difference.second = name()
    difference.warnings = warnings
    difference.differences += tensors.map {
      .init(name: $0.tensor.name, difference: .shape($0.tensor.shape, .vector(random.next())))
    }
    try run("diff") { try TerminalReport.diff(difference, style: style, to: $0) }
    var integrity = Synthetic.integrity()
    integrity.path = name()
    integrity.checks.append(.init(name: "hash", outcome: .failed, summary: name(), findings: warnings))
    try run("verify") { try TerminalReport.verify(integrity, style: style, to: $0) }
    let moment = ProgressMoment(
      done: random.next() >> 8,
      total: Bool.random(using: &random) ? random.next() >> 8 : 0,
      seconds: Double.random(in: 0...1e6, using: &random),
      memory: random.next() >> 20,
      activity: name()
    )
    try run("progress") { try $0(ProgressLine.terminal(moment, style: style)) }
    return results
  }

  @Test(
    "No line is wider than the terminal",
    arguments: [40, 41, 47, 56, 64, 72, 80, 94, 100, 120, 160, 200]
  )
  func fits(width: Int) throws {
    for seed in 0..<12 as Range<UInt64> {
      let style = TerminalStyle(width: width, useColor: seed % 2 == 0, useUnicode: seed % 3 != 0)
      for (title, output) in try outputs(style, seed: seed &* 1000 &+ UInt64(width)) {
        for line in output.lines {
          let cells = DisplayWidth.cells(of: line)
          #expect(cells <= width, "\(title), seed \(seed): \(line)")
          #expect(!line.hasSuffix(" "), "\(title), seed \(seed): \(line)")
          #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" }, "\(title): \(line)")
          if !style.useUnicode { #expect(line.utf8.allSatisfy { $0 < 0x80 }, "\(title): \(line)") }
        }
      }
    }
  }

  @Test("Colour adds nothing but control sequences")
  func colourIsExtra() throws {
    for seed in 0..<6 as Range<UInt64> {
      let plain = try outputs(TerminalStyle(width: 90), seed: seed)
      let coloured = try outputs(TerminalStyle(width: 90, useColor: true), seed: seed)
      for (left, right) in zip(plain, coloured) { #expect(left.1.lines == right.1.lines) }
    }
  }

  @Test("A report on a model as they are fits every width from 40 to 200")
  func fitsModels() throws {
    for report in [try Synthetic.llama(), try Synthetic.bert(), try Synthetic.llama(readValues: false)] {
      for width in stride(from: 40, through: 200, by: 5) {
        let collector = Collector()
        try TerminalReport.inspect(report, style: TerminalStyle(width: width), to: collector.take)
        #expect(collector.lines.allSatisfy { DisplayWidth.cells(of: $0) <= width }, "\(width)")
      }
    }
  }

  @Test("A terminal narrower than 40 columns counts as 40")
  func narrowest() {
    #expect(TerminalStyle(width: 0).width == 40)
    #expect(TerminalStyle(width: .min).width == TerminalStyle.narrowest)
  }
}
