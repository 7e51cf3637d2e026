internal import ByteIO
internal import CompressedTensors
internal import ModelIR

/// Mends a config.json alone, without touching weights.
public enum ConfigRepair {
  /// Whether a path is a JSON file rather than a model.
  /// - Throws: what opening throws.
  public static func isConfig(_ path: String) throws -> Bool {
    guard try FileIdentity.at(path)?.kind == .regular, !path.hasSuffix(".index.json") else { return false }
    return try ForeignContent.isJSON(InputFile.open(path))
  }

  /// Writes the configuration at `path` to `output`, rid of a sparse part that only says that weights are dense.
  /// - Throws: ``ConfigFault`` where there is nothing to repair, or what reading and writing throw.
  public static func repair(_ path: String, to output: String, force: Bool, dryRun: Bool) throws {
    let source = try InputFile.open(path)
    let text = try ConfigText.repaired(CompressedCheckpoint.configText(of: source), file: path)
    if dryRun { return }
    let transaction = try OutputTransaction.besideFile(output, force: force, inputs: [source.identity])
    let target = try transaction.create(Folder.lastComponent(of: output))
    try target.reserve(UInt64(text.count))
    try target.write(text, 0..<text.count, at: 0)
    try transaction.commit()
  }
}
