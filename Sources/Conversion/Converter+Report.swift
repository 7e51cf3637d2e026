internal import ByteIO
internal import CompressedTensors
internal import Inspection
internal import ModelIR
internal import Quantizing
internal import Safetensors
internal import SparseCoding

/// What a conversion says of itself.
extension Converter {
  func report(_ work: Work, seconds: Double) -> ConversionReport {
    let changes = Dictionary(work.typeChanges.map { ($0.name, $0) }) { first, _ in first }
    let tensors = work.model.tensors.indices.map { index in
      result(of: index, work, changes[work.model.tensors[index].name])
    }
    var files = work.plan.files.map { ConversionReport.OutputFile(name: $0.name, byteCount: $0.byteCount) }
    if let index = work.plan.index {
      files.append(ConversionReport.OutputFile(name: index.name, byteCount: UInt64(index.text.count)))
    }
    let carried = (work.side?.files ?? []).filter { !work.config.replaces($0) }
    var report = ConversionReport(
      input: opened.path,
      output: output,
      isDryRun: options.dryRun,
      isUnchanged: work.plan.isUnchanged && work.config.text == nil,
      files: files,
      carriedFiles: carried.map {
        ConversionReport.OutputFile(
          name: $0.components.joined(separator: "/"),
          byteCount: $0.source.byteCount
        )
      },
      tensors: tensors,
      inputByteCount: opened.model.files.reduce(0) { $0 &+ $1.source.byteCount },
      plannedMemory: options.resources.plannedMemory,
      wasVerified: options.verify && !options.dryRun,
      seconds: seconds,
      notes: notes(work),
      warnings: warnings(work)
    )
    report.announced = work.typeWarnings
    return report
  }

  private func result(
    of index: Int,
    _ work: Work,
    _ change: TypeChange?
  ) -> ConversionReport.TensorResult {
    let (tensor, decision) = (work.model.tensors[index], work.decisions[index])
    let parts = OutputPart.parts(of: tensor, decision)
    let dropped = work.dropped.dropped(by: index)
    return ConversionReport.TensorResult(
      name: tensor.name,
      elementType: tensor.elementType,
      shape: tensor.shape,
      from: tensor.layout,
      to: decision.layout,
      bytesBefore: change?.bytesBefore ?? tensor.storedByteCount,
      bytesAfter: parts.reduce(0) { $0 &+ $1.byteCount },
      reason: decision.obstacle?.reason ?? work.keptTypes[tensor.name],
      format: decision.form?.format.rawValue,
      typeBefore: change?.from,
      typeAfter: change?.to,
      encoding: change?.encoding.map { tally in
        let sums = tally.sums
        return ConversionReport.EncodingResult(
          zeros: sums.zeros,
          lostZeros: sums.lostZeros,
          squares: sums.squares,
          errorSquares: sums.errorSquares
        )
      },
      changedValues: (change?.tally.changedValues ?? 0) &+ dropped.values,
      droppedNegativeZeros: dropped.negativeZeros
    )
  }

  /// What was done besides changing layouts.
  private func notes(_ work: Work) -> [String] {
    var notes = notesOnGGUF(work) + notesOnONNX()
    if let note = work.config.note { notes.append(note) }
    if isVerbatim { return notes }
    let facts = opened.compression.facts
    let isPlain = options.type != nil
    if facts.modules[.marlin24] != nil && !isPlain {
      notes.append("marlin-24 weights were decoded to pack-quantized ones, integer for integer")
    }
    if facts.hasPaddedWords && !isPlain {
      notes.append("codes in padded words were packed anew, as versions from 0.18 on read them")
    }
    if facts.hasOldZeroPoints && !isPlain {
      notes.append("zero points were packed anew, as versions from 0.18 on read them")
    }
    if facts.hasSmallExponents && !isPlain {
      notes.append("MXFP4 exponents, which versions before 0.14 wrote 2 too small, were corrected")
    }
    return notes
  }

  /// The versions of compressed-tensors that read sparse parts as this one names them.
  private static func readers(of version: String) -> String {
    LibraryVersion(version).map { $0 < .moduleNaming } ?? false ? "0.3 to 0.8" : "0.9 to 0.14"
  }

  private func warnings(_ work: Work) -> [Diagnosis] {
    var warnings = opened.model.warnings + (work.side?.warnings ?? []) + work.config.warnings
    if !isFolder, work.plan.files.first?.name == "model.safetensors", work.decisions.contains(where: \.isOurs)
    {
      warnings.append(
        Diagnosis(
          .badData,
          file: output,
          "other loaders find this name and would open its parts with random weights",
          expected: "model.lacuna.safetensors"
        )
      )
    }
    if target == .compressedTensors && !isFolder && opened.gguf != nil {
      warnings.append(
        Diagnosis(
          .badData,
          file: output,
          "how its weights are quantized stands in a config.json, which a single file does not have",
          expected: "a folder's name"
        )
      )
    }
    if work.decisions.contains(where: { $0.form != nil }) {
      warnings.append(
        Diagnosis(
          .badData,
          file: output,
          "compressed-tensors from 0.15 on opens sparse parts with random weights and no error",
          expected: "compressed-tensors \(Self.readers(of: options.libraryVersion)), or lacuna"
        )
      )
    }
    if opened.compression.facts.hasGroupIndex && options.type == nil && !isVerbatim {
      warnings.append(
        Diagnosis(
          .badData,
          file: output,
          "columns are assigned to groups one by one, which compressed-tensors 0.20 refuses",
          expected: "--type bf16 gives weights that every loader takes"
        )
      )
    }
    return warnings
  }
}
