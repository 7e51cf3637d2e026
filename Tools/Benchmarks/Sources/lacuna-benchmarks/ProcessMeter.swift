#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// How long a process took and how much memory it held.
struct ProcessFigures: Sendable {
  var seconds: Double
  /// The peak of its resident memory.
  var peakBytes: Int
}

/// A process that could not be measured.
struct ProcessFailure: Error, CustomStringConvertible {
  var description: String
  /// What the process exited with; nil if it did not exit by itself.
  var exitStatus: Int32?
}

/// Runs commands as processes and measures them.
///
/// A process starts in its parent's memory, and Linux counts the parent's peak as the child's. So that the
/// buffers of the benchmarks are not taken for the command's, this program is started once more, small, and
/// starts the command; it answers on its standard output.
enum ProcessMeter {
  private static let flag = "--measure-process"

  /// Runs a command and waits for it; what it prints to standard output is dropped.
  /// - Parameter codes: what it may exit with.
  /// - Throws: ``ProcessFailure`` if it ends otherwise.
  static func run(_ command: [String], codes: Set<Int32> = [0]) throws -> ProcessFigures {
    var ends: [CInt] = [0, 0]
    guard pipe(&ends) == 0 else { throw ProcessFailure(description: "pipe: errno \(errno)") }
    defer { close(ends[0]) }
    let child: pid_t
    do {
      defer { close(ends[1]) }
      child = try spawn([ownPath, flag] + command, output: ends[1])
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 256)
    while true {
      let count = read(ends[0], &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      answer += buffer.prefix(count)
    }
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    let numbers = String(decoding: answer, as: UTF8.self).split(separator: " ")
    guard numbers.count == 3, let code = Int32(numbers[0]), let nanoseconds = Double(numbers[1]),
      let peak = Int(numbers[2])
    else { throw ProcessFailure(description: "\(command.joined(separator: " ")): could not be started") }
    guard code & 0x7F == 0, codes.contains(code >> 8) else {
      throw ProcessFailure(
        description: "\(command.joined(separator: " ")): ended with status \(code)",
        exitStatus: code & 0x7F == 0 ? code >> 8 : nil
      )
    }
    return ProcessFigures(seconds: nanoseconds / 1e9, peakBytes: peak)
  }

  /// What this process was started to measure; nil if it was started by a person.
  static func commandToMeasure(_ arguments: [String]) -> [String]? {
    arguments.count > 2 && arguments[1] == flag ? Array(arguments.dropFirst(2)) : nil
  }

  /// Runs a command, and prints its wait status, nanoseconds and peak bytes.
  static func measure(_ command: [String]) {
    let null = open("/dev/null", O_WRONLY)
    var status: CInt = 0
    var usage = rusage()
    let start = ContinuousClock.now
    guard let child = try? spawn(command, output: null) else { exit(1) }
    while wait4(child, &status, 0, &usage) < 0 && errno == EINTR {}
    let nanoseconds = Int((ContinuousClock.now - start) / .nanoseconds(1))
    #if canImport(Darwin)
      let peak = usage.ru_maxrss
    #else
      let peak = usage.ru_maxrss * 1024
    #endif
    print("\(status) \(nanoseconds) \(peak)", terminator: "")
  }

  private static var ownPath: String {
    #if canImport(Darwin)
      CommandLine.arguments[0]
    #else
      "/proc/self/exe"
    #endif
  }

  /// Starts a command, found as the shell finds it, with this standard output.
  private static func spawn(_ command: [String], output: CInt) throws -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    arguments.append(nil)
    var child: pid_t = 0
    let code = posix_spawnp(&child, command[0], &actions, nil, &arguments, environ)
    guard code == 0 else { throw ProcessFailure(description: "\(command[0]): errno \(code)") }
    return child
  }
}
