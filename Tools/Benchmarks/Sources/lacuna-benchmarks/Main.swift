internal import ArgumentParser

/// Runs the benchmarks, or, started by them, one process that is measured.
@main
enum Main {
  static func main() {
    if let command = ProcessMeter.commandToMeasure(CommandLine.arguments) {
      ProcessMeter.measure(command)
    } else {
      Benchmarks.main()
    }
  }
}
