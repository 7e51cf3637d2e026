internal import ArgumentParser
internal import ByteIO
internal import ModelIR
internal import SparseCoding

/// The command.
struct Lacuna: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lacuna",
    abstract: "Convert, inspect and validate sparse neural-network checkpoints, bit for bit.",
    discussion: """
      PATH is a safetensors, GGUF or ONNX file, what `compress` made of one, an index.json, or a model folder in the \
      Hugging Face layout.

      Exit codes: 0 done, or yes; 1 the answer is no; 64 usage; 65 bad data in an input; 66 input missing; \
      70 our bug; 73 an output cannot be created; 74 a read or write failed; 75 the output is locked by \
      another run; 77 permission denied; 130 and 143 interrupted.
      """,
    version: "0.1.0",
    subcommands: [
      InspectCommand.self, ValidateCommand.self, ConvertCommand.self, CompressCommand.self,
      DecompressCommand.self, VerifyCommand.self, DiffCommand.self,
    ]
  )
}

/// A subcommand: what it returns is the process's exit code.
protocol LacunaCommand: ParsableCommand {
  /// Does the work.
  func execute() throws -> Int32
}

@main
enum Main {
  static func main() {
    StandardStream.occupyDescriptors()
    Interruption.install { Outcome.say("lacuna: interrupted by \($0), nothing was left behind") }
    ProcessFacts.exit(run())
  }

  private static func run() -> Int32 {
    do {
      let command = try Lacuna.parseAsRoot()
      _ = try KernelSet.forced()
      guard let command = command as? any LacunaCommand else {
        var root = command
        try root.run()
        return Outcome.yes
      }
      return try command.execute()
    } catch let fault as any Fault {
      return Outcome.report(fault)
    } catch let closed as ClosedPipe {
      return Outcome.report(closed)
    } catch {
      return parserMessage(error)
    }
  }

  /// Help, the version, completion scripts and usage errors: the parser's own words, on the right stream.
  private static func parserMessage(_ error: any Error) -> Int32 {
    let code = Lacuna.exitCode(for: error).rawValue
    let message = Lacuna.fullMessage(for: error)
    if code == 0 {
      do {
        try StandardStream.output.write(message + "\n")
        return Outcome.yes
      } catch {
        return Outcome.report(error)
      }
    }
    if code == Outcome.code(of: .usage) {
      Outcome.say(message)
      return code
    }
    return Outcome.report(error)
  }
}
