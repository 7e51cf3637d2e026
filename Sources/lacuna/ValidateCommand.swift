internal import ArgumentParser
internal import ByteIO
internal import Conversion
internal import Inspection
internal import ModelIR
internal import Reporting
internal import SparseCoding

/// `lacuna validate`
struct ValidateCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract:
      "Check whether weights follow an N:M pattern, or a runtime's rules: exit 0 if they do, 1 if not.",
    discussion: """
      Checks the weights that a matrix product or convolution consumes (rank 2 or more, no embedding and no \
      output head) and lists what it left out and why; --tensors names others. N:M means at most N nonzero \
      values in every M consecutive elements along the axis.

      --for applies a runtime's own rules besides: axis, element types, extents, layers, storage. Then a weight is \
      compliant, violating, or not eligible, with the rule that stops it; the answer is yes if there are eligible \
      weights and all of them comply. The pattern is 2:4, and 1:2 for 32-bit floats in cuSPARSELt and PyTorch; \
      `any` is the pattern along the axis that is summed over, and no other rule.

      Examples:
        lacuna validate --pattern 2:4 ./Llama-8B-pruned
        lacuna validate --for tensorrt --sarif lacuna.sarif model.onnx
        lacuna validate --for torch --format md ./Llama-8B-pruned
        lacuna validate --pattern 2:4 --axis 0 --tensors '*c_proj*' gpt2.safetensors
        lacuna validate --pattern 4:8 --json model.safetensors
      """
  )

  @Argument(help: ArgumentHelp("Files, indexes or model folders.", valueName: "path"))
  var paths: [String]

  @Option(help: ArgumentHelp("The pattern, 1 <= N < M <= 32.", valueName: "n:m"))
  var pattern: NMPattern?

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "The runtime whose rules apply.",
      valueName: "tensorrt|cusparselt|torch|asp|compressed-tensors|any"
    )
  )
  var runtime: RuntimeProfile.Name?

  @Flag(help: "Read N:M as N zeros at least in every M elements.")
  var zeros = false

  @Option(help: ArgumentHelp("The axis that groups run along (default: auto).", valueName: "auto|last|k"))
  var axis: Validator.AxisChoice?

  @Option(
    help: ArgumentHelp(
      "What becomes of groups at an axis's end that are short (default: error).",
      valueName: "error|ignore|pad"
    )
  )
  var tail: ValidationReport.TailPolicy?

  @Flag(
    help:
      "Search violating tensors for an order of channels under which the pattern holds; up to 4096 channels."
  )
  var permutations = false

  @Option(help: ArgumentHelp("How many violations of a tensor are listed.", valueName: "n"))
  var limit = 5

  @OptionGroup var selection: SelectionOptions
  @OptionGroup(title: "Results") var results: ResultOptions

  @Option(
    help: ArgumentHelp(
      "The form of the results: for people, as --plain and --json, a Markdown table, or SARIF.",
      valueName: "text|plain|json|md|sarif"
    )
  )
  var format: ReportFormat?

  @Option(help: ArgumentHelp("Write the findings to this file too, as SARIF 2.1.0.", valueName: "file"))
  var sarif: String?

  @Flag(help: "Overwrite the file that --sarif names.")
  var force = false

  @OptionGroup(title: "Work") var work: WorkOptions

  func validate() throws {
    switch (pattern, runtime) {
    case (nil, nil): throw ValidationError("Give --pattern N:M, or --for with the name of a runtime.")
    case (.some, .some):
      throw ValidationError("--pattern and --for exclude each other: a runtime has its own pattern.")
    default: break
    }
    if runtime != nil && (axis != nil || tail != nil || zeros) {
      throw ValidationError("--axis, --tail and --zeros go with --pattern: with --for the runtime decides.")
    }
    if let format, results.json && format != .json || results.plain && format != .plain {
      throw ValidationError("--format \(format.rawValue) excludes --json and --plain.")
    }
    if limit < 0 || limit > 100_000 { throw ValidationError("--limit takes 0 to 100000.") }
    if zeros && effectivePattern == nil { throw ValidationError("--zeros leaves no nonzero element.") }
  }

  private var effectivePattern: NMPattern? {
    guard zeros, let pattern else { return pattern }
    return NMPattern(kept: pattern.group - pattern.kept, group: pattern.group)
  }

  private var effectiveFormat: ReportFormat {
    format ?? (results.json ? .json : results.plain ? .plain : .text)
  }

  func execute() throws -> Int32 {
    // What is in the way of the output is said before the work, not after it.
    if let sarif { _ = try TextOutput(sarif, force: force, inputs: []) }
    let format = effectiveFormat
    var inputs: [FileIdentity] = []
    let (reports, code) = try EachPath.run(paths) { path in
      let (report, files) = try check(path)
      inputs += files
      try show(report, format)
      return (report, report.isCompliant)
    }
    let version = Lacuna.configuration.version
    if !reports.isEmpty {
      switch format {
      case .json: try JSONReport.validate(reports, to: ResultStream.bytes)
      case .sarif: try SARIFReport.validate(reports, version: version, to: ResultStream.bytes)
      case .text, .plain, .md: break
      }
    }
    if let sarif {
      var output = try TextOutput(sarif, force: force, inputs: inputs)
      try SARIFReport.validate(reports, version: version) { try output.write($0) }
      try output.finish()
    }
    return code
  }

  /// Checks a model; also returns the files that it lies in.
  private func check(_ path: String) throws -> (ValidationReport, [FileIdentity]) {
    var opened = try OpenedModel(path, lenient: work.lenient, assumptions: work.assumptions)
    try opened.requireAgreement()
    try opened.select(selection.filter)
    let progress = WorkProgress()
    let resources = work.resources
    var secondLook = Validator.SecondLook()
    secondLook.searchesOrders = permutations
    let validator = Validator(
      effectivePattern ?? .twoOfFour,
      profile: runtime.map(RuntimeProfile.named),
      axis: axis ?? .automatic,
      tail: tail ?? .error,
      violationLimit: limit,
      secondLook: secondLook,
      pool: ChunkPool(threads: resources.threads),
      chunkBytes: resources.chunkBytes,
      progress: progress
    )
    let model = opened.model
    let report = try ProgressDisplay.during(progress, work) {
      try validator.validate(model, path: path, checksAll: selection.filter.namesTensors)
    }
    return (report, opened.inputs)
  }

  private func show(_ report: ValidationReport, _ format: ReportFormat) throws {
    switch format {
    case .text: try TerminalReport.validate(report, style: ResultStream.style(work), to: ResultStream.text)
    case .plain: try PlainReport.validate(report, to: ResultStream.text)
    case .md: try MarkdownReport.validate(report, to: ResultStream.text)
    case .json, .sarif: break
    }
  }
}

/// The forms of a check's results.
enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
  case text, plain, json, md, sarif
}
