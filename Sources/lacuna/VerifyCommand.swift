internal import ArgumentParser
internal import Conversion
internal import Inspection
internal import ModelIR
internal import Reporting
internal import SparseCoding

/// `lacuna verify`
struct VerifyCommand: LacunaCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that a model's files are whole: structure, index against shards, parts, hashes.",
    discussion: """
      Files of a Hub cache are named by their SHA-256, which is then checked too. Of ONNX models the \
      scales and zero points are checked against their weights, and external data against the SHA-1 that is \
      declared. Of what `lacuna compress` wrote every chunk is decoded, and the SHA-256 compared with the \
      source's; damage is told by tensor, rows and bytes. Exit 1 for files that parse but whose index, parts or hash are wrong, 65 for files that break \
      their format's rules.

      Examples:
        lacuna verify ./Llama-8B
        lacuna verify model.onnx
        lacuna verify ~/.cache/huggingface/hub/models--org--name/snapshots/*
      """
  )

  @Argument(help: ArgumentHelp("Files, indexes or model folders.", valueName: "path"))
  var paths: [String]

  @OptionGroup(title: "Results") var results: ResultOptions
  @OptionGroup(title: "Work") var work: WorkOptions

  func execute() throws -> Int32 {
    let (reports, code) = try EachPath.run(paths) { path in
      let report = try check(path)
      if !results.json { try show(report) }
      return (report, report.isWhole)
    }
    if results.json && !reports.isEmpty { try JSONReport.verify(reports, to: ResultStream.bytes) }
    return code
  }

  private func check(_ path: String) throws -> IntegrityReport {
    let progress = WorkProgress()
    let resources = work.resources
    let checker = IntegrityChecker(
      pool: ChunkPool(threads: resources.threads),
      chunkBytes: resources.chunkBytes,
      progress: progress
    )
    return try ProgressDisplay.during(progress, work) {
      try checker.check(path, lenient: work.lenient, assumptions: work.assumptions, resources: resources)
    }
  }

  private func show(_ report: IntegrityReport) throws {
    if results.plain {
      try PlainReport.verify(report, to: ResultStream.text)
    } else {
      try TerminalReport.verify(report, style: ResultStream.style(work), to: ResultStream.text)
    }
  }
}
