internal import ArgumentParser
internal import ByteIO
internal import Conversion
internal import Inspection
internal import ModelIR
internal import Reporting
internal import SparseCoding

/// `lacuna inspect`
struct InspectCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what is in a model, how sparse it is, how compliant, and how small it could be.",
    discussion: """
      Zeros are counted by value: +0 and -0, not NaN. Patterns are counted along the axis that a product sums \
      over; repeated layers are folded into one row. For ONNX the operators that read each weight are listed, with the \
      axis; --all adds the node that tells it.

      Examples:
        lacuna inspect model.safetensors
        lacuna inspect --headers-only ./Llama-8B
        lacuna inspect --metadata --headers-only model.gguf
        lacuna inspect --all model.onnx
        lacuna inspect --deep --tensors '*.mlp.*' ./Llama-8B
        lacuna inspect --heatmap model.layers.0.mlp.up_proj.weight ./Llama-8B
        lacuna inspect --against ./Llama-8B ./Llama-8B-w4a16
        lacuna inspect --html report.html ./Llama-8B
        lacuna inspect --format md ./Llama-8B >> README.md
        lacuna inspect --json --tensors '*.mlp.*' ./Llama-8B > report.json
      """
  )

  @Argument(help: ArgumentHelp("Files, indexes or model folders.", valueName: "path"))
  var paths: [String]

  @Flag(help: "Read no tensor data: milliseconds on any size.")
  var headersOnly = false

  @Flag(name: .customLong("all"), help: "Every tensor in a row of its own.")
  var showsAll = false

  @Option(help: ArgumentHelp("The order of rows.", valueName: "name|size|sparsity"))
  var sort = InspectionOptions.Sort.name

  @Option(help: ArgumentHelp("At most so many rows.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Values by magnitude, in powers of two.")
  var histogram = false

  @Flag(
    help: """
      Read all twice, for extremes, mean, deviation and distribution of values, nonzeros of rows and columns, blocks of \
      16, and the entropy of the bytes.
      """
  )
  var deep = false

  @Option(help: ArgumentHelp("Draw where the nonzeros of a tensor are.", valueName: "tensor"))
  var heatmap: String?

  @Option(
    help: ArgumentHelp(
      """
      Tell where zeros come from beside the model that this one was made of: which were zero there, which rounding alone \
      makes, which were pruned.
      """,
      valueName: "reference"
    )
  )
  var against: String?

  @Flag(help: "SHA-256 of each tensor's type, shape and dense bytes.")
  var digest = false

  @Flag(help: "List the metadata: all keys, and the start of long values; with --plain instead of tensors.")
  var metadata = false

  @OptionGroup var selection: SelectionOptions
  @OptionGroup(title: "Results") var results: ResultOptions

  @Option(
    help: ArgumentHelp(
      "The form of the results: for people, as --plain and --json, or Markdown tables for model cards.",
      valueName: "text|plain|json|md"
    )
  )
  var format: InspectionFormat?

  @Option(
    help: ArgumentHelp(
      "Write all of it, with what --deep finds, to this file too: a page for browsers that loads nothing.",
      valueName: "file"
    )
  )
  var html: String?

  @Flag(help: "Overwrite the file that --html names.")
  var force = false

  @OptionGroup(title: "Work") var work: WorkOptions

  private var effectiveFormat: InspectionFormat {
    format ?? (results.json ? .json : results.plain ? .plain : .text)
  }

  func validate() throws {
    if let format, results.json && format != .json || results.plain && format != .plain {
      throw ValidationError("--format \(format.rawValue) excludes --json and --plain.")
    }
    if let limit, limit < 1 { throw ValidationError("--limit takes 1 or more.") }
    if headersOnly && histogram {
      throw ValidationError("--histogram reads tensor data, --headers-only does not.")
    }
    if headersOnly && html != nil {
      throw ValidationError("--html reads tensor data, --headers-only does not.")
    }
    if headersOnly && (deep || heatmap != nil) {
      throw ValidationError("--deep and --heatmap read tensor data, --headers-only does not.")
    }
    if headersOnly && against != nil {
      throw ValidationError("--against reads tensor data, --headers-only does not.")
    }
    if headersOnly && digest { throw ValidationError("--digest reads tensor data, --headers-only does not.") }
  }

  func execute() throws -> Int32 {
    // What is in the way of the output is said before the work, not after it.
    if let html { _ = try TextOutput(html, force: force, inputs: []) }
    var inputs: [FileIdentity] = []
    let (reports, code) = try EachPath.run(paths) { path in
      let (report, files) = try inspect(path)
      if html != nil { inputs += files }
      try show(report)
      return (report, true)
    }
    if effectiveFormat == .json && !reports.isEmpty {
      try JSONReport.inspect(reports, to: ResultStream.bytes)
    }
    if let html, !reports.isEmpty {
      var output = try TextOutput(html, force: force, inputs: inputs)
      try InspectPage.write(reports, version: Lacuna.configuration.version) { try output.write($0) }
      try output.finish()
    }
    // To free 100,000 descriptors one by one takes longer than to end the process.
    withExtendedLifetime(reports) { ProcessFacts.exit(code) }
  }

  /// The cells along either side of maps of densities, where they are shown.
  private func mapCells(tensors count: Int) -> Int {
    if heatmap != nil && !deep && html == nil { return DensityMap.mostCells }
    return html != nil || heatmap != nil || effectiveFormat == .json ? DensityMap.cells(forTensors: count) : 0
  }

  /// Inspects a model; also returns the files that it lies in.
  private func inspect(_ path: String) throws -> (ModelReport, [FileIdentity]) {
    var opened = try OpenedModel(path, lenient: work.lenient, assumptions: work.assumptions)
    try opened.requireAgreement()
    try opened.select(selection.filter)
    if let heatmap { try opened.requireTensor(TensorName(heatmap)) }
    let original = try against.map(openReference)
    let progress = WorkProgress()
    let resources = work.resources
    let pool = ChunkPool(threads: resources.threads)
    let model = opened.model
    var reference: ReferenceReport?
    let tensors = try ProgressDisplay.during(progress, work) {
      if headersOnly { return Inspector.headers(of: model) }
      let inspector = Inspector(
        pool: pool,
        chunkBytes: resources.chunkBytes,
        progress: progress,
        wantsMagnitudes: histogram,
        deep: deep || html != nil ? .all : heatmap.map { .only(TensorName($0)) } ?? .none,
        mapCells: mapCells(tensors: model.tensors.count),
        architecture: opened.architecture
      )
      var tensors = try inspector.inspect(model)
      if let original { reference = try compare(opened, original, &tensors, pool, progress) }
      if digest {
        let digests = try TensorDigests.compute(
          of: model,
          pool: pool,
          chunkBytes: resources.chunkBytes,
          progress: progress
        )
        for (index, digest) in digests.enumerated() { tensors[index].digest = digest }
      }
      return tensors
    }
    var report = ModelReport(
      path: path,
      container: model.container,
      fileCount: model.files.count,
      fileByteCount: model.files.reduce(0) { $0 &+ $1.source.byteCount },
      readValues: !headersOnly,
      tensors: tensors,
      metadata: try opened.metadataReport(wantsEntries: metadata),
      compression: opened.compressionReport,
      warnings: model.warnings + opened.leftOutWarnings
        + (headersOnly ? [] : opened.countingWarnings + uncounted(model))
    )
    report.reference = reference
    report.architecture = opened.architecture
    // At a terminal headers alone say nothing of them, and have to be there at once.
    if !headersOnly || effectiveFormat != .text {
      report.experts = ExpertLayer.find(in: tensors, opened.architecture)
    }
    report.advice = headersOnly ? [] : Advice.on(tensors)
    if !headersOnly { report.forecast = try opened.compressedForecast(on: pool, lenient: work.lenient) }
    return (report, opened.inputs)
  }

  private func openReference(_ path: String) throws -> OpenedModel {
    let opened = try OpenedModel(path, lenient: work.lenient, assumptions: work.assumptions)
    try opened.requireAgreement()
    return opened
  }

  /// Tells where zeros come from, beside the reference.
  private func compare(
    _ opened: OpenedModel,
    _ reference: OpenedModel,
    _ tensors: inout [TensorReport],
    _ pool: ChunkPool,
    _ progress: WorkProgress
  ) throws -> ReferenceReport {
    let comparison = try ReferenceComparison(
      with: reference,
      pool: pool,
      chunkBytes: work.resources.chunkBytes,
      progress: progress
    )
    let (origins, report) = try comparison.origins(of: opened, telling: selection.filter)
    for (index, origins) in origins.enumerated() { tensors[index].origins = origins }
    return report
  }

  /// What was not looked at is said.
  private func uncounted(_ model: Model) -> [Diagnosis] {
    model.tensors.filter(\.isExpansion).map { tensor in
      var diagnosis = ExpansionFault(tensor, in: model.source(of: tensor)).diagnosis
      diagnosis.expected = "its values were not counted"
      return diagnosis
    }
  }

  private func show(_ report: ModelReport) throws {
    let options = InspectionOptions(
      sort: sort,
      limit: limit,
      showsEveryTensor: showsAll,
      showsDeep: deep,
      heatmap: heatmap.map { TensorName($0) }
    )
    switch effectiveFormat {
    case .json: break
    case .plain where metadata: try PlainReport.metadata(report.metadata, to: ResultStream.text)
    case .plain: try PlainReport.inspect(report, options: options, to: ResultStream.text)
    case .md: try MarkdownReport.inspect(report, options: options, to: ResultStream.text)
    case .text:
      try TerminalReport.inspect(
        report,
        options: options,
        style: ResultStream.style(work),
        to: ResultStream.text
      )
    }
  }
}

/// The forms of an inspection's results.
enum InspectionFormat: String, CaseIterable, ExpressibleByArgument {
  case text, plain, json, md
}
