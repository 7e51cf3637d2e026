internal import ByteIO
internal import Conversion
internal import ModelIR
internal import Reporting

/// How the process ends: the one place that decides exit codes and words errors.
enum Outcome {
  /// Done, or yes.
  static let yes: Int32 = 0
  /// The answer is no.
  static let no: Int32 = 1

  /// The exit code of a kind of failure; the numbers are those of sysexits.h.
  static func code(of kind: FaultKind) -> Int32 {
    switch kind {
    case .usage: 64
    case .badData: 65
    case .inputMissing: 66
    case .internalError: 70
    case .cannotCreate: 73
    case .readOrWriteFailed: 74
    case .tryAgain: 75
    case .permissionDenied: 77
    }
  }

  /// How many findings are listed one by one.
  private static let mostFindings = 100

  /// Says what went wrong, one line for each finding, and returns the exit code.
  static func report(_ error: any Error) -> Int32 {
    if error is ClosedPipe { return yes }
    let diagnoses: [Diagnosis]
    switch error {
    case let fault as DisagreementFault: diagnoses = fault.findings
    case let fault as any Fault: diagnoses = [fault.diagnosis]
    default:
      diagnoses = [
        Diagnosis(
          .internalError,
          "\(error)",
          expected: "please report this with the command line that you used"
        )
      ]
    }
    for diagnosis in diagnoses.prefix(mostFindings) { say("lacuna: \(diagnosis.line)") }
    if diagnoses.count > mostFindings { say("lacuna: and \(diagnoses.count - mostFindings) more") }
    return code(of: diagnoses.first?.kind ?? .internalError)
  }

  /// Says what should be known before work goes on.
  static func warn(_ diagnosis: Diagnosis) {
    // A progress line may stand where this one goes.
    let start = StandardStream.error.isTerminal ? "\r\u{1B}[K" : ""
    say("\(start)lacuna: warning: \(diagnosis.line)")
  }

  /// A line to standard error; if that fails there is nobody left to tell.
  static func say(_ line: String) { try? StandardStream.error.write(line + "\n") }
}
