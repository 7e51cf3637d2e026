internal import ArgumentParser
internal import CompressedTensors
internal import Conversion
internal import Inspection
internal import ModelIR
internal import Reporting

/// What can be said of compressed-tensors' sparse forms.
struct CompressedTensorsOptions: ParsableArguments {
  @Flag(
    help: """
      Make sparse parts as the library itself does: -0.0 is dropped, more than two of four are pruned, and \
      weights of any rank are taken. What is lost is reported.
      """
  )
  var asReference = false

  @Option(
    help: ArgumentHelp(
      "Make this module's weight sparse: a class, its path, or re: and a pattern; may be repeated (default: Linear).",
      valueName: "module"
    )
  )
  var target: [String] = []

  @Option(
    help: ArgumentHelp(
      "Leave a module dense: its path, or re: and a pattern; may be repeated.",
      valueName: "module"
    )
  )
  var ignore: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write parts as this version of the library names them; before 0.9 after whole tensors.",
      valueName: "version"
    )
  )
  var libraryVersion = SparseTarget.usualVersion
}

/// `lacuna convert`
struct ConvertCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a model between layouts and dialects, bit for bit.",
    discussion: """
      A folder in gives a folder out, with every other file carried over; a single file gives a single file \
      unless --shard-size splits it. A named layout applies to tensors of rank 2 or more that can hold it; \
      the others stay as they are and are listed with the reason. Every chunk is decoded and compared right \
      after it is encoded.

      Checkpoints of compressed-tensors, whichever version wrote them, are read as what they stand for. \
      With --layout dense they become folders that today's loaders read: sparse weights dense under their \
      modules' names, quantized ones as they were, config.json without its sparse part; --type bf16 gives \
      plain numbers instead, as the library itself would compute them.

      A GGUF model goes to GGUF with its metadata as they are, or as --set and --unset change them; a split \
      becomes one file, and --shard-size a folder with a split. To safetensors and back it keeps blocks, names, \
      order and metadata; --type f32 makes the numbers of blocks that ggml makes, --type q8_0 and its kind the \
      blocks that llama.cpp makes of matrices, with a warning before zeros of a pruned one are lost. Without --type, \
      quantized weights change between compressed-tensors and GGUF with the same codes and scales, or not at all. Sparse \
      layouts make a GGUF file that tools list and no engine runs; --layout dense gives back what it was.

      An ONNX model goes to ONNX with its graph as it is and tensors stored in another way: --layout csr gives \
      constants with sparse_value, bitmask nodes that expand a mask when the model is loaded. --graph puts the \
      input's tensors into the graph of an ONNX model, by name.

      Examples:
        lacuna convert model.safetensors small.safetensors --layout auto
        lacuna convert ./Llama-8B-pruned ./Llama-8B-sparse --layout nm:2:4
        lacuna convert ./Llama-8B-sparse ./Llama-8B-again --layout dense
        lacuna convert ./Llama-8B-w4a16 ./Llama-8B-bf16 --to safetensors --type bf16
        lacuna convert ./Llama-8B-pruned ./OUT --to compressed-tensors --layout bitmask
        lacuna convert ./Llama-8B-w4a16 ./OUT --repair-config
        lacuna convert model-00001-of-00003.gguf merged.gguf
        lacuna convert model.gguf renamed.gguf --set general.name=Tiny
        lacuna convert model-F16.gguf sparse.gguf --layout auto
        lacuna convert model-Q4_0.gguf model.safetensors --type bf16
        lacuna convert model-F16.gguf model-Q8_0.gguf --type q8_0
        lacuna convert model.onnx sparse.onnx --layout auto
        lacuna convert pruned.safetensors model.onnx --graph base.onnx
        lacuna convert model.zst.safetensors part.safetensors --tensors '*.wte.weight' --rows 0:1000
      """
  )

  @Argument(help: "A file, an index or a model folder.")
  var input: String

  @Argument(help: "The file or folder to write.")
  var output: String

  @Option(
    help: ArgumentHelp(
      "The form to write: our own parts, compressed-tensors', GGUF or ONNX (default: by OUTPUT's name, or the input's).",
      valueName: "safetensors|compressed-tensors|gguf|onnx"
    )
  )
  var to: ConversionOptions.Target?

  @Option(
    help: ArgumentHelp("The layout that tensors take.", valueName: "keep|auto|dense|bitmask|csr|nm:N:M")
  )
  var layout = ConversionOptions.LayoutRequest.keep

  @Option(
    help: ArgumentHelp(
      "Give weights this type; quantized ones are dequantized first. The only option that changes values.",
      valueName: "bf16|f16|f32|q8_0|q4_0|..."
    )
  )
  var type: WeightType?

  @Flag(help: "Let zeros become other numbers where the type cannot store a zero.")
  var allowZeroLoss = false

  @Flag(help: "Refuse, instead of leaving a tensor as it is that cannot take the layout.")
  var strict = false

  @Option(
    help: ArgumentHelp("Split into shards of at most this size (5GB, as the Hub counts).", valueName: "size")
  )
  var shardSize: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Only these rows of every tensor: indices of the first axis, from A to before B; the others are not read.",
      valueName: "A:B"
    )
  )
  var rows: RowRange?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Set a key of a GGUF file's metadata: key=value, or key:type=value; may be repeated.",
      valueName: "key=value"
    )
  )
  var setPairs: [String] = []

  @Option(
    name: .customLong("unset"),
    help: ArgumentHelp("Remove a key of a GGUF file's metadata; may be repeated.", valueName: "key")
  )
  var unsetKeys: [String] = []

  @Flag(help: "Replace an output that exists.")
  var force = false

  @Flag(help: "Show the plan, the exact sizes and the peak memory, and write nothing.")
  var dryRun = false

  @Flag(help: "Read the output back and compare it with the input.")
  var verify = false

  @Flag(help: "Write out tensors that take thousands of times the bytes that they are stored in.")
  var allowExpand = false

  @Flag(help: "Cut from config.json a sparse part that only says that weights are dense: vLLM refuses it.")
  var repairConfig = false

  @OptionGroup(title: "Writing compressed-tensors") var sparse: CompressedTensorsOptions
  @OptionGroup(title: "Writing ONNX") var onnx: ONNXOptions
  @OptionGroup var selection: SelectionOptions
  @OptionGroup(title: "Results") var results: ResultOptions
  @OptionGroup(title: "Work") var work: WorkOptions

  func validate() throws {
    if let shardSize, shardSize.bytes == 0 { throw ValidationError("--shard-size takes 1 byte or more.") }
  }

  private var options: ConversionOptions {
    var options = ConversionOptions()
    options.target = to
    options.type = type
    options.allowZeroLoss = allowZeroLoss
    options.repairsConfig = repairConfig
    options.asReference = sparse.asReference
    options.libraryVersion = sparse.libraryVersion
    if !sparse.target.isEmpty { options.targets = sparse.target }
    options.ignoredModules = sparse.ignore
    options.layout = layout
    options.strict = strict
    options.shardSize = shardSize?.bytes
    options.setPairs = setPairs
    options.unsetKeys = unsetKeys
    options.force = force
    options.graph = onnx.graph
    options.externalData = onnx.externalData
    options.usesSparseInitializers = onnx.sparseInitializers
    options.dryRun = dryRun
    options.verify = verify
    options.allowExpand = allowExpand
    options.isSelection = !selection.filter.selectsAll || rows != nil
    options.selectsRows = rows != nil
    options.resources = work.resources
    return options
  }

  func execute() throws -> Int32 {
    let report = try convert()
    if results.json {
      try JSONReport.convert(report, to: ResultStream.bytes)
    } else if results.plain {
      try PlainReport.convert(report, to: ResultStream.text)
    } else if !work.quiet {
      try TerminalReport.convert(report, style: ResultStream.style(work), to: ResultStream.text)
    }
    return Outcome.yes
  }

  private func convert() throws -> ConversionReport {
    if repairConfig, try ConfigRepair.isConfig(input) {
      return try ConfigRepair.repair(input, to: output, options: options)
    }
    var opened = try OpenedModel(input, lenient: work.lenient, assumptions: work.assumptions)
    try opened.requireAgreement()
    try opened.select(selection.filter)
    if let rows { try opened.selectRows(rows.range) }
    let progress = WorkProgress()
    let isQuiet = work.quiet
    let converter = Converter(opened, to: output, options: options, progress: progress) { warning in
      if !isQuiet { Outcome.warn(warning) }
    }
    return try ProgressDisplay.during(progress, work) { try converter.run() }
  }
}
