internal import ArgumentParser

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The command: measures, prints a table, counts the bars that were met.
///
/// It has a harness of its own instead of a benchmark library, since what is asked is not how long a closure
/// takes: it is the ratio of two things that alternate within one run, so that a busy machine slows both
/// down, and whole processes with their peak of resident memory.
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lacuna-benchmarks",
    abstract: "Measure Lacuna against copying and reading the same bytes.",
    discussion: """
      Inputs are made anew in the scratch folder, the same on every run, and removed afterwards. Figures are \
      medians; ratios are medians of the ratios of measurements that followed each other. The exit code is 0 \
      whatever was measured, unless --strict is given.

      Groups: kernels, scans, threads and lossless work in memory; commands, reading, headers and memory run whole \
      processes; compressed-tensors, gguf and onnx do both with what their names say. What finds no room in the scratch \
      folder is left out and says so: the folder of ten times --size needs 26 times --size, on a disk rather \
      than in memory.
      """
  )

  @Option(help: ArgumentHelp("The dense bytes of a model.", valueName: "size"))
  var size = DataSize(bytes: 1_000_000_000)

  @Flag(help: "128MB unless --size is given, and fewer rounds: to see that all runs.")
  var quick = false

  @Option(help: ArgumentHelp("Only this group; may be repeated.", valueName: "group"))
  var only: [Group] = []

  @Option(help: ArgumentHelp("Write all figures to this file.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp("Where inputs and outputs go (default: /dev/shm, else TMPDIR).", valueName: "folder")
  )
  var scratch: String?

  @Option(help: ArgumentHelp("The command that is measured.", valueName: "path"))
  var lacuna: String = "lacuna"

  @Option(
    help: ArgumentHelp(
      "safetensors files that lossless compresses, named as their types.",
      valueName: "folder"
    )
  )
  var models: String?

  @Option(help: ArgumentHelp("A Python that has ZipNN, which lossless is held against.", valueName: "path"))
  var zipnn: String?

  @Option(help: ArgumentHelp("The script that measures ZipNN.", valueName: "path"))
  var zipnnScript: String?

  @Flag(help: "Exit 1 if a bar was missed.")
  var strict = false

  func validate() throws {
    if size.bytes < 16_000_000 { throw ValidationError("--size takes 16MB or more.") }
  }

  func run() throws {
    let isSizeGiven = CommandLine.arguments.contains { $0 == "--size" || $0.hasPrefix("--size=") }
    let bytes = quick && !isSizeGiven ? 128_000_000 : size.bytes
    let scratch = try ScratchFolder(within: scratch)
    defer { scratch.remove() }
    let setting = Setting(
      dataBytes: bytes,
      isQuick: quick,
      scratch: scratch,
      lacuna: lacuna,
      machine: Machine.current(),
      models: models,
      zipnn: zipnn,
      zipnnScript: zipnnScript
    )
    let wanted = only.isEmpty ? Group.allCases : Group.allCases.filter(only.contains)

    let table = ResultTable(setting)
    var rows: [Row] = []
    for group in wanted {
      table.begin(group)
      for row in try group.measure(setting) {
        table.add(row)
        rows.append(row)
      }
    }
    table.finish(rows)
    if let json {
      try ScratchFolder.write(Array(JSONResult.text(rows, setting).utf8), to: json)
    }
    if strict && rows.contains(where: { $0.isMet == false }) { throw ExitCode(1) }
  }
}

/// What is measured together.
enum Group: String, CaseIterable, ExpressibleByArgument, Sendable {
  case kernels, scans, threads, commands, reading, headers, memory, gguf, onnx, lossless
  case compressedTensors = "compressed-tensors"

  /// What the figures of the group are.
  var heading: String {
    switch self {
    case .kernels: "kernels: one thread, memory to memory, against memcpy"
    case .scans: "scans: one thread, from memory, against a sum of all words"
    case .threads: "threads: two threads in memory"
    case .commands: "commands: whole processes, files cached; the ratio is of times, to cp of the dense file"
    case .reading:
      "reading: whole processes with two threads, files cached, against pread and sum with as many"
    case .headers: "headers: whole processes that read no tensor data"
    case .memory: "memory: the peak resident memory of whole processes"
    case .gguf:
      "gguf: blocks on one thread in memory, decoding against memcpy; files, the ratio as in commands"
    case .onnx: "onnx: whole processes; conversions against cp of what they write, the ratio as in commands"
    case .lossless:
      "lossless: chunks in memory, GB of the dense form per CPU-second of one thread, against ZipNN"
    case .compressedTensors:
      "compressed-tensors: decoding on one thread to memory; folders to folders, the ratio as in commands"
    }
  }

  fileprivate func measure(_ setting: Setting) throws -> [Row] {
    switch self {
    case .kernels: try KernelBenchmarks(setting).run()
    case .scans: try ScanBenchmarks(setting).run()
    case .threads: try ThreadBenchmarks(setting).run()
    case .commands: try CommandBenchmarks(setting).run()
    case .reading: try ReadingBenchmarks(setting).run()
    case .headers: try HeaderBenchmarks(setting).run()
    case .memory: try MemoryBenchmarks(setting).run()
    case .gguf:
      try VocabularyBenchmarks(setting).run() + BlockDecodingBenchmarks(setting).run()
        + BlockEncodingBenchmarks(setting).run() + BlockStatisticsBenchmarks(setting).run()
        + GGUFCommandBenchmarks(setting).run()
    case .onnx: try ONNXBenchmarks(setting).run()
    case .lossless: try LosslessBenchmarks(setting).run()
    case .compressedTensors:
      try SparseDecodingBenchmarks(setting).run() + SparseFolderBenchmarks(setting).run()
        + ShardedFolderBenchmarks(setting).run() + DequantizingBenchmarks(setting).run()
    }
  }
}

/// What all groups work with.
struct Setting {
  /// The dense bytes of a model.
  var dataBytes: Int
  var isQuick: Bool
  var scratch: ScratchFolder
  /// The path of the command.
  var lacuna: String
  var machine: Machine
  /// A folder of safetensors files to be compressed.
  var models: String?
  /// A Python that has ZipNN, and the script that measures it.
  var zipnn: String?
  var zipnnScript: String?

  /// The bytes of a buffer of the groups in memory: many times the caches, few enough to be made quickly.
  var bufferBytes: Int { min(dataBytes, 256 << 20) }
}

/// A number of bytes as it is typed: `1GB`, `256MB`.
struct DataSize: ExpressibleByArgument {
  var bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let units = [("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)]
    let (digits, factor) =
      units.first { argument.uppercased().hasSuffix($0.0) }.map { (argument.dropLast(2), $0.1) }
      ?? (Substring(argument), 1)
    guard let number = Int(digits), number > 0, number <= 1_000_000 || factor == 1 else { return nil }
    bytes = number * factor
  }

  var defaultValueDescription: String { "\(bytes / 1_000_000_000)GB" }
}
