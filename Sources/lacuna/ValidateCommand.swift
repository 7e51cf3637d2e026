internal import ArgumentParser
internal import Conversion
internal import Inspection
internal import ModelIR
internal import Reporting
internal import SparseCoding

/// `lacuna validate`
struct ValidateCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check whether weights follow an N:M pattern: exit 0 if they do, 1 if not.",
    discussion: """
      Checks the weights that a matrix product or convolution consumes (rank 2 or more, no embedding and no \
      output head) and lists what it left out and why; --tensors names others. N:M means at most N nonzero \
      values in every M consecutive elements along the axis.

      Examples:
        lacuna validate --pattern 2:4 ./Llama-8B-pruned
        lacuna validate --pattern 2:4 --axis 0 --tensors '*c_proj*' gpt2.safetensors
        lacuna validate --pattern 4:8 --json model.safetensors
        lacuna validate --pattern 2:4 model-int8.onnx
      """
  )

  @Argument(help: ArgumentHelp("Files, indexes or model folders.", valueName: "path"))
  var paths: [String]

  @Option(help: ArgumentHelp("The pattern, 1 <= N < M <= 32.", valueName: "n:m"))
  var pattern: NMPattern

  @Flag(help: "Read N:M as N zeros at least in every M elements.")
  var zeros = false

  @Option(help: ArgumentHelp("The axis that groups run along.", valueName: "auto|last|k"))
  var axis = Validator.AxisChoice.automatic

  @Option(
    help: ArgumentHelp(
      "What becomes of groups at an axis's end that are short.",
      valueName: "error|ignore|pad"
    )
  )
  var tail = ValidationReport.TailPolicy.error

  @Option(help: ArgumentHelp("How many violations of a tensor are listed.", valueName: "n"))
  var limit = 5

  @OptionGroup var selection: SelectionOptions
  @OptionGroup(title: "Results") var results: ResultOptions
  @OptionGroup(title: "Work") var work: WorkOptions

  func validate() throws {
    if limit < 0 || limit > 100_000 { throw ValidationError("--limit takes 0 to 100000.") }
    if zeros && effectivePattern == nil { throw ValidationError("--zeros leaves no nonzero element.") }
  }

  private var effectivePattern: NMPattern? {
    zeros ? NMPattern(kept: pattern.group - pattern.kept, group: pattern.group) : pattern
  }

  func execute() throws -> Int32 {
    let (reports, code) = try EachPath.run(paths) { path in
      let report = try check(path)
      if !results.json { try show(report) }
      return (report, report.isCompliant)
    }
    if results.json && !reports.isEmpty { try JSONReport.validate(reports, to: ResultStream.bytes) }
    return code
  }

  private func check(_ path: String) throws -> ValidationReport {
    var opened = try OpenedModel(path, lenient: work.lenient, assumptions: work.assumptions)
    try opened.requireAgreement()
    try opened.select(selection.filter)
    let progress = WorkProgress()
    let resources = work.resources
    let validator = Validator(
      effectivePattern ?? pattern,
      axis: axis,
      tail: tail,
      violationLimit: limit,
      pool: ChunkPool(threads: resources.threads),
      chunkBytes: resources.chunkBytes,
      progress: progress
    )
    let model = opened.model
    return try ProgressDisplay.during(progress, work) {
      try validator.validate(model, path: path, checksAll: selection.filter.namesTensors)
    }
  }

  private func show(_ report: ValidationReport) throws {
    if results.plain {
      try PlainReport.validate(report, to: ResultStream.text)
    } else {
      try TerminalReport.validate(report, style: ResultStream.style(work), to: ResultStream.text)
    }
  }
}
