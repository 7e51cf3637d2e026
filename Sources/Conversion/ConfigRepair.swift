internal import ByteIO
internal import CompressedTensors
public import Inspection
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
  /// - Throws: ``ConfigFault`` where there is nothing to repair, ``OptionFault`` for options that are about
  ///   weights, or what reading and writing throw.
  public static func repair(
    _ path: String,
    to output: String,
    options: ConversionOptions
  ) throws -> ConversionReport {
    let start = ContinuousClock.now
    guard options.target == nil, options.layout == .keep, options.type == nil,
      options.shardSize == nil,
      !options.isSelection, !options.verify
    else {
      throw OptionFault("a config.json holds no weights: --repair-config is all that can be done to it")
    }
    let source = try InputFile.open(path)
    let text = try ConfigText.repaired(CompressedCheckpoint.configText(of: source), file: path)
    if !options.dryRun {
      let transaction = try OutputTransaction.besideFile(
        output,
        force: options.force,
        inputs: [source.identity]
      )
      let target = try transaction.create(Folder.lastComponent(of: output))
      try target.reserve(UInt64(text.count))
      try target.write(text, 0..<text.count, at: 0)
      try transaction.commit()
    }
    return ConversionReport(
      input: path,
      output: output,
      isDryRun: options.dryRun,
      isUnchanged: false,
      files: [.init(name: Folder.lastComponent(of: output), byteCount: UInt64(text.count))],
      carriedFiles: [],
      tensors: [],
      inputByteCount: source.byteCount,
      plannedMemory: source.byteCount * 2,
      wasVerified: false,
      seconds: (ContinuousClock.now - start) / .seconds(1),
      notes: ["config.json: the sparse part that stopped loaders was cut"],
      warnings: []
    )
  }
}
