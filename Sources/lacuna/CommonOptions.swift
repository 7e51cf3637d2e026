internal import ArgumentParser
internal import ByteIO
internal import CompressedTensors
internal import Conversion
internal import ModelIR
internal import SparseCoding

/// A number of bytes as people write it: `32M`, `5GB`, `1.5GiB`, `4096`.
struct ByteSize: ExpressibleByArgument {
  var bytes: UInt64

  init(bytes: UInt64) { self.bytes = bytes }

  init?(argument: String) {
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    guard digits.allSatisfy(\.isASCII), let number = Double(digits), number >= 0 else { return nil }
    let factor: Double
    switch argument.dropFirst(digits.count).lowercased() {
    case "", "b": factor = 1
    case "k", "kb": factor = 1e3
    case "m", "mb": factor = 1e6
    case "g", "gb": factor = 1e9
    case "t", "tb": factor = 1e12
    case "kib": factor = 1024
    case "mib": factor = 1_048_576
    case "gib": factor = 1_073_741_824
    case "tib": factor = 1_099_511_627_776
    default: return nil
    }
    guard number * factor < 9e18 else { return nil }
    bytes = UInt64(number * factor)
  }

  var defaultValueDescription: String { "\(bytes / 1_000_000)M" }
}

/// When something is shown.
enum Choice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

/// Some rows of a tensor, `A:B`: from A to before B.
struct RowRange: ExpressibleByArgument {
  var range: Range<UInt64>

  init?(argument: String) {
    let ends = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }),
      let first = UInt64(ends[0]), let end = UInt64(ends[1]), first < end, end < 1 << 62
    else { return nil }
    range = first..<end
  }
}

/// Which tensors are meant.
struct SelectionOptions: ParsableArguments {
  @Option(
    name: .customLong("tensors"),
    help: ArgumentHelp("Only tensors whose names match; may be repeated.", valueName: "glob")
  )
  var included: [String] = []

  @Option(
    name: .customLong("exclude"),
    help: ArgumentHelp("No tensors whose names match; may be repeated.", valueName: "glob")
  )
  var excluded: [String] = []

  var filter: TensorFilter { TensorFilter(including: included, excluding: excluded) }
}

/// How work is done and shown.
struct WorkOptions: ParsableArguments {
  @Flag(help: "Take what other readers take, with a warning for each.")
  var lenient = false

  @Option(
    help: ArgumentHelp(
      """
      What to assume where a file leaves it open: how integers of 3, 5, 6 and 7 bits share words, and whether \
      MXFP4 exponents are 2 too small; may be repeated.
      """,
      valueName: "padded-words|dense-words|small-exponents|right-exponents"
    )
  )
  var assume: [Assumptions.Item] = []

  @Option(help: ArgumentHelp("Worker threads (default: all cores).", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("The bound on buffers.", valueName: "size"))
  var memory = ByteSize(bytes: 32_000_000)

  @Flag(help: "Say nothing but results and errors.")
  var quiet = false

  @Option(help: ArgumentHelp("Show progress on standard error.", valueName: "auto|always|never"))
  var progress = Choice.auto

  @Option(help: ArgumentHelp("Use colour.", valueName: "auto|always|never"))
  var color = Choice.auto

  func validate() throws {
    if let threads, threads < 1 || threads > 1024 { throw ValidationError("--threads takes 1 to 1024.") }
    if memory.bytes < 1_000_000 { throw ValidationError("--memory takes 1M or more.") }
  }

  var assumptions: Assumptions { Assumptions(assume) }

  var resources: WorkResources {
    WorkResources(threads: threads ?? ProcessFacts.processors, memory: memory.bytes)
  }
}

/// Goes through the paths of a command that takes several: one that cannot be read does not stop the others.
enum EachPath {
  /// The reports, and the exit code: the first failure's, else no if one answer is no.
  /// - Parameter body: makes the report of a path, shows it unless all are shown together, and answers.
  static func run<Report>(
    _ paths: [String],
    _ body: (String) throws -> (report: Report, isYes: Bool)
  ) throws -> (reports: [Report], code: Int32) {
    var reports: [Report] = []
    var failure: Int32?
    var isYes = true
    for path in paths {
      do {
        let (report, answer) = try body(path)
        reports.append(report)
        isYes = isYes && answer
      } catch let fault as StreamFault {
        throw fault
      } catch let fault as any Fault {
        let code = Outcome.report(fault)
        failure = failure ?? code
      }
    }
    return (reports, failure ?? (isYes ? Outcome.yes : Outcome.no))
  }
}
