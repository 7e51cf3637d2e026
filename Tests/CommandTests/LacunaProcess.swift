import Foundation
import Testing

/// The real command, run in a folder of the test's.
struct LacunaProcess {
  /// How a run ended.
  struct Result {
    var code: Int32
    var output: String
    var errors: String
    var seconds: Double
  }

  /// The command that this test run has built: beside the test bundle, or where the environment says.
  static let binary: String = {
    if let path = ProcessInfo.processInfo.environment["LACUNA_BINARY"] { return path }
    let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "lacuna")
      .path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return package.appending(path: ".build/debug/lacuna").path
  }()

  /// Runs the command to its end.
  /// - Parameter shell: a shell line in which `$L` is the command, instead of arguments.
  static func run(
    _ arguments: [String] = [],
    shell: String? = nil,
    in folder: String,
    environment: [String: String] = [:]
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: shell == nil ? binary : "/bin/bash")
    process.arguments = shell.map { ["-c", $0] } ?? arguments
    process.currentDirectoryURL = URL(filePath: folder)
    var variables = ProcessInfo.processInfo.environment
    variables["L"] = binary
    variables["COLUMNS"] = "80"
    variables["LC_ALL"] = "C.UTF-8"
    variables.merge(environment) { $1 }
    process.environment = variables
    // Files instead of pipes: no reader has to keep up.
    let name = UUID().uuidString
    let captured = URL(filePath: NSTemporaryDirectory())
    let files = ["out", "err"].map { captured.appending(path: "lacuna-\(name).\($0)") }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    let handles = try files.map { file in
      try Data().write(to: file)
      return try FileHandle(forWritingTo: file)
    }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    process.standardInput = FileHandle.nullDevice
    let start = ContinuousClock.now
    try process.run()
    process.waitUntilExit()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Result(
      code: process.terminationStatus,
      output: String(decoding: try Data(contentsOf: files[0]), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
      seconds: seconds
    )
  }
}
