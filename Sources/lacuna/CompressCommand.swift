internal import ArgumentParser
internal import ByteIO
internal import Conversion
internal import Inspection
internal import Lossless
internal import ModelIR
internal import Reporting

/// `lacuna compress`
struct CompressCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress",
    abstract: "Make a smaller file of every weight file, which gives it back byte for byte.",
    discussion: """
      Each file becomes a safetensors file of zstd frames, with .zst.safetensors behind its whole name. Every \
      command reads that as the file it was made of, and decodes only what it needs. `zstd -t` tests the data \
      behind the header.

      One file goes beside the input. A folder, an index, a split GGUF model and an ONNX model with external data \
      become a folder, with .zst behind the input's name, and all other files are carried over. The output is \
      the same for any number of threads. Every chunk is decoded and compared right after it is encoded.

      Examples:
        lacuna compress model.safetensors
        lacuna compress model-Q4_0.gguf -o small.gguf.zst.safetensors
        lacuna compress ./Llama-8B --level max --verify
      """
  )

  @Argument(help: "A file, an index or a model folder.")
  var input: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file or folder to write (default: beside the input).", valueName: "path")
  )
  var output: String?

  @Option(help: ArgumentHelp("How much work is spent on a smaller file.", valueName: "fast|default|max"))
  var level = CompressionLevel.default

  @Flag(help: "Replace an output that exists.")
  var force = false

  @Flag(help: "Compress to nowhere: show the exact sizes, and write nothing.")
  var dryRun = false

  @Flag(help: "Read the output back and compare its SHA-256 with the input's.")
  var verify = false

  @OptionGroup(title: "Results") var results: ResultOptions
  @OptionGroup(title: "Work") var work: WorkOptions

  func execute() throws -> Int32 {
    let opened = try OpenedModel(input, lenient: work.lenient, assumptions: work.assumptions)
    var options = ExportOptions()
    options.level = level
    options.lenient = work.lenient
    options.force = force
    options.dryRun = dryRun
    options.verify = verify
    options.resources = work.resources
    let progress = WorkProgress()
    let exporter = Exporter(opened, to: output, options: options, progress: progress)
    let report = try ProgressDisplay.during(progress, work) { try exporter.run() }
    if results.json {
      try JSONReport.compress(report, to: ResultStream.bytes)
    } else if results.plain {
      try PlainReport.compress(report, to: ResultStream.text)
    } else if !work.quiet {
      try TerminalReport.compress(report, style: ResultStream.style(work), to: ResultStream.text)
    }
    return Outcome.yes
  }
}

/// `lacuna decompress`
struct DecompressCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "decompress",
    abstract: "Give back what was compressed, byte for byte.",
    discussion: """
      The output has the name of the source, in the folder of the input; a folder of exports becomes a folder, \
      without .zst behind its name. Before anything becomes visible its SHA-256 is compared with the source's.

      With --salvage, what is damaged or missing becomes zeros and is listed: tensor, rows and bytes. The output is \
      then not the source; exit 1 says so.

      Examples:
        lacuna decompress model.safetensors.zst.safetensors
        lacuna decompress ./Llama-8B.zst -o ./Llama-8B-again
        lacuna decompress damaged.gguf.zst.safetensors -o rescued.gguf --salvage
      """
  )

  @Argument(help: "A file that `lacuna compress` wrote, or a folder of them.")
  var input: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file or folder to write (default: the source's name).", valueName: "path")
  )
  var output: String?

  @Flag(help: "Write what is whole, and zeros for what is not.")
  var salvage = false

  @Flag(help: "Replace an output that exists.")
  var force = false

  @Flag(help: "Read the output back and compare its SHA-256 too.")
  var verify = false

  @OptionGroup(title: "Results") var results: ResultOptions
  @OptionGroup(title: "Work") var work: WorkOptions

  func execute() throws -> Int32 {
    var options = ExportOptions()
    options.force = force
    options.verify = verify
    options.salvage = salvage
    options.resources = work.resources
    let progress = WorkProgress()
    let restorer = Restorer(input, to: output, options: options, progress: progress)
    let report = try ProgressDisplay.during(progress, work) { try restorer.run() }
    if results.json {
      try JSONReport.decompress(report, to: ResultStream.bytes)
    } else if results.plain {
      try PlainReport.decompress(report, to: ResultStream.text)
    } else if !work.quiet || !report.isWhole {
      try TerminalReport.decompress(report, style: ResultStream.style(work), to: ResultStream.text)
    }
    return report.isWhole ? Outcome.yes : Outcome.no
  }
}
