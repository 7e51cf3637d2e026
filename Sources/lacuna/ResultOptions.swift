internal import ArgumentParser
internal import ByteIO
internal import Reporting

/// In what form results are given.
struct ResultOptions: ParsableArguments {
  @Flag(help: "One JSON document; its schema is named in it and lies in Schemas/.")
  var json = false

  @Flag(help: "Tab-separated, one tensor a line.")
  var plain = false

  func validate() throws {
    if json && plain { throw ValidationError("--json and --plain exclude each other.") }
  }
}

/// A text that is written to a file, which appears when it is whole.
struct TextOutput {
  private let transaction: OutputTransaction
  private let file: OutputFile
  private var written: UInt64 = 0

  /// A text for the file at `path`.
  /// - Throws: ``OutputFault`` for a file that exists, unless `force` is on, or that is one of the inputs.
  init(_ path: String, force: Bool, inputs: [FileIdentity]) throws {
    transaction = try .besideFile(path, force: force, inputs: inputs)
    let name = Folder.lastComponent(of: path)
    guard Folder.isPlainName(name) else { throw ValidationError("\(path) names no file.") }
    file = try transaction.create(name)
  }

  /// Writes a piece.
  mutating func write(_ bytes: borrowing [UInt8]) throws {
    let count = bytes.count
    try file.write(copy bytes, 0..<count, at: written)
    written += UInt64(count)
  }

  /// Makes the file visible.
  func finish() throws { try transaction.commit() }
}

/// Where results go.
enum ResultStream {
  /// Takes a piece of text.
  static func text(_ text: String) throws { try StandardStream.output.write(text) }

  /// Takes a piece of JSON.
  static func bytes(_ bytes: borrowing [UInt8]) throws { try StandardStream.output.write(copy bytes) }

  /// How a person sees it: the terminal's width and colours, or 80 columns without colour elsewhere.
  static func style(_ options: WorkOptions) -> TerminalStyle {
    let stream = StandardStream.output
    let useColor: Bool =
      switch options.color {
      case .always: true
      case .never: false
      case .auto:
        stream.isTerminal && (ProcessFacts.environment("NO_COLOR") ?? "").isEmpty
          && ProcessFacts.environment("TERM") != "dumb"
      }
    let declared = ProcessFacts.environment("COLUMNS").flatMap { Int($0) }
    let width = stream.columns ?? declared ?? 80
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { ProcessFacts.environment($0) }.first { !$0.isEmpty }
    // A terminal that says nothing of its encoding is taken to know UTF-8, as nearly all do.
    let isASCII = locale == "C" || locale == "POSIX"
    return TerminalStyle(
      width: max(TerminalStyle.narrowest, min(width, 200)),
      useColor: useColor,
      useUnicode: !(isASCII && stream.isTerminal)
    )
  }
}
