internal import ArgumentParser
internal import Conversion
internal import Inspection
internal import ModelIR
internal import Reporting
internal import SparseCoding

/// `lacuna diff`
struct DiffCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two models tensor by tensor, bit by bit, whatever their layouts.",
    discussion: """
      Exit 0 if both have the same tensors with the same types, shapes and bits, 1 if not. Of values that differ it \
      says how many, by how much at most and in the mean, and how many weights were kept, newly pruned, or \
      regrown. With --numbers quantized weights and floats of any type are compared as the F32 numbers \
      that they stand for. Metadata that differ are listed where both are in the same \
      container, and what differs in config.json of two model folders.

      Examples:
        lacuna diff model.safetensors small.safetensors
        lacuna diff ./Llama-8B ./Llama-8B-sparse
        lacuna diff --numbers model-f16.gguf model-q8_0.gguf
      """
  )

  @Argument(help: "The first model.")
  var first: String

  @Argument(help: "The second model.")
  var second: String

  @Flag(help: "Compare weights as F32 numbers, whatever types and quantizations they are stored in.")
  var numbers = false

  @Flag(help: "Answer no where metadata differ, too.")
  var metadata = false

  @Option(help: ArgumentHelp("At most so many tensors are listed.", valueName: "n"))
  var limit: Int?

  @OptionGroup var selection: SelectionOptions
  @OptionGroup(title: "Results") var results: ResultOptions
  @OptionGroup(title: "Work") var work: WorkOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit takes 1 or more.") }
  }

  func execute() throws -> Int32 {
    var (left, right) = (try open(first), try open(second))
    if numbers {
      try left.makeNumbers()
      try right.makeNumbers()
    }
    let models = (left.model, right.model)
    let progress = WorkProgress()
    let resources = work.resources
    let comparison = ModelComparison(
      pool: ChunkPool(threads: resources.threads),
      chunkBytes: resources.chunkBytes,
      progress: progress
    )
    var report = try ProgressDisplay.during(progress, work) {
      try comparison.compare(models.0, models.1, named: first, second)
    }
    report.comparesNumbers = numbers
    report.metadata = try left.metadataDifferences(from: right)
    report.metadataCounts = metadata
    if results.json {
      try JSONReport.diff(report, to: ResultStream.bytes)
    } else if results.plain {
      try PlainReport.diff(report, to: ResultStream.text)
    } else {
      try TerminalReport.diff(report, limit: limit, style: ResultStream.style(work), to: ResultStream.text)
    }
    return report.isEqual ? Outcome.yes : Outcome.no
  }

  private func open(_ path: String) throws -> OpenedModel {
    var opened = try OpenedModel(path, lenient: work.lenient, assumptions: work.assumptions)
    try opened.requireAgreement()
    // A selection that is empty in one model only is a difference, not a mistake.
    opened.model.tensors.removeAll { !selection.filter.selects($0.name) }
    return opened
  }
}
