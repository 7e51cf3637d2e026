internal import ArgumentParser
internal import Conversion
internal import Inspection
internal import ModelIR
internal import Reporting

/// The containers that are written.
enum TargetContainer: String, ExpressibleByArgument, CaseIterable {
  case safetensors
}

/// `lacuna convert`
struct ConvertCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a model between layouts, bit for bit.",
    discussion: """
      A folder in gives a folder out, with every other file carried over; a single file gives a single file \
      unless --shard-size splits it. A named layout applies to tensors of rank 2 or more that can hold it; \
      the others stay as they are and are listed with the reason. Every chunk is decoded and compared right \
      after it is encoded.

      Examples:
        lacuna convert model.safetensors small.safetensors --layout auto
        lacuna convert ./Llama-8B-pruned ./Llama-8B-sparse --layout nm:2:4
        lacuna convert ./Llama-8B-sparse ./Llama-8B-again --layout dense
      """
  )

  @Argument(help: "A file, an index or a model folder.")
  var input: String

  @Argument(help: "The file or folder to write.")
  var output: String

  @Option(help: ArgumentHelp("The container to write.", valueName: "safetensors"))
  var to = TargetContainer.safetensors

  @Option(
    help: ArgumentHelp("The layout that tensors take.", valueName: "keep|auto|dense|bitmask|csr|nm:N:M")
  )
  var layout = ConversionOptions.LayoutRequest.keep

  @Flag(help: "Refuse, instead of leaving a tensor as it is that cannot take the layout.")
  var strict = false

  @Option(
    help: ArgumentHelp("Split into shards of at most this size (5GB, as the Hub counts).", valueName: "size")
  )
  var shardSize: ByteSize?

  @Flag(help: "Replace an output that exists.")
  var force = false

  @Flag(help: "Show the plan, the exact sizes and the peak memory, and write nothing.")
  var dryRun = false

  @Flag(help: "Read the output back and compare it with the input.")
  var verify = false

  @Flag(help: "Write out tensors that take thousands of times the bytes that they are stored in.")
  var allowExpand = false

  @OptionGroup var selection: SelectionOptions
  @OptionGroup(title: "Results") var results: ResultOptions
  @OptionGroup(title: "Work") var work: WorkOptions

  func validate() throws {
    if let shardSize, shardSize.bytes == 0 { throw ValidationError("--shard-size takes 1 byte or more.") }
  }

  func execute() throws -> Int32 {
    var opened = try OpenedModel(input, lenient: work.lenient)
    try opened.requireAgreement()
    try opened.select(selection.filter)
    var options = ConversionOptions()
    options.layout = layout
    options.strict = strict
    options.shardSize = shardSize?.bytes
    options.force = force
    options.dryRun = dryRun
    options.verify = verify
    options.allowExpand = allowExpand
    options.isSelection = !selection.filter.selectsAll
    options.resources = work.resources
    let progress = WorkProgress()
    let converter = Converter(opened, to: output, options: options, progress: progress)
    let report = try ProgressDisplay.during(progress, work) { try converter.run() }
    if results.json {
      try JSONReport.convert(report, to: ResultStream.bytes)
    } else if results.plain {
      try PlainReport.convert(report, to: ResultStream.text)
    } else if !work.quiet {
      try TerminalReport.convert(report, style: ResultStream.style(work), to: ResultStream.text)
    }
    return Outcome.yes
  }
}
