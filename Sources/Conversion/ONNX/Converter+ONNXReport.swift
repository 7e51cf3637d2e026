internal import ByteIO
internal import CompressedTensors
internal import Inspection
internal import ModelIR
internal import ONNX

/// What a conversion to ONNX says of itself.
extension Converter {
  func report(_ work: ONNXWork, _ source: Work, seconds: Double) -> ConversionReport {
    let types = Dictionary(source.typeChanges.map { ($0.name, $0) }) { first, _ in first }
    let made = Set(work.made.map(\.place))
    let tensors = work.changes.filter { !$0.keepsForm }.map { change in
      let type = types[change.tensor.name]
      let isMade = made.contains(change.place)
      return ConversionReport.TensorResult(
        name: change.tensor.name,
        elementType: change.tensor.elementType,
        shape: change.tensor.shape,
        from: change.tensor.layout,
        to: isMade ? change.form.layout : change.tensor.layout,
        bytesBefore: type?.bytesBefore ?? work.storedBytes(of: change),
        bytesAfter: isMade ? change.storedBytes : work.storedBytes(of: change),
        reason: change.obstacle,
        typeBefore: type?.from,
        typeAfter: type?.to,
        changedValues: type?.tally.changedValues ?? 0
      )
    }
    var files: [ConversionReport.OutputFile] = []
    if let (name, byteCount) = work.external.written { files.append(.init(name: name, byteCount: byteCount)) }
    files.append(.init(name: Folder.lastComponent(of: output), byteCount: work.plan.byteCount))
    return ConversionReport(
      input: opened.path,
      output: output,
      isDryRun: options.dryRun,
      isUnchanged: work.made.isEmpty,
      files: files,
      carriedFiles: work.external.carried.map {
        .init(name: $0.components.joined(separator: "/"), byteCount: $0.source.byteCount)
      },
      tensors: tensors,
      inputByteCount: opened.model.files.reduce(0) { $0 &+ $1.source.byteCount },
      plannedMemory: options.resources.plannedMemory,
      wasVerified: options.verify && !options.dryRun,
      seconds: seconds,
      notes: work.plan.notes.map(\.text) + work.notes + expansionNotes(work),
      warnings: opened.model.warnings + work.warnings
    )
  }

  /// What should be known of the forms: what self-expanding tensors cost those who load them.
  private func expansionNotes(_ work: ONNXWork) -> [String] {
    if case .named(.nm(let pattern)) = options.layout {
      return ["ONNX has no form for \(pattern): tensors are dense or sparse constants, whichever is smaller"]
    }
    let elements = work.made.filter { $0.form == .bitmask }.reduce(UInt64(0)) {
      $0 &+ $1.tensor.shape.elementCount
    }
    guard elements > 0 else { return [] }
    // Measured with onnxruntime 1.31: about 37 bytes an element while nodes are folded.
    let bytes = elements.multipliedReportingOverflow(by: 37).partialValue
    return [
      "masks are expanded each time the model is loaded, which takes about \(max(1, bytes / 1_000_000)) MB of memory then, "
        + "for \(elements) elements"
    ]
  }
}

extension Converter.ONNXWork {
  /// The bytes that the elements of a tensor take in its own file.
  func storedBytes(of change: ONNXChange) -> UInt64 {
    if change.isGrafted { return change.denseByteCount }
    switch change.subject {
    case .tensor(let number):
      let tensor = graph.reader.model.tensors[number]
      return tensor.values.byteCount &+ (tensor.indices?.payload.byteCount ?? 0)
    case .expansion(let expansion):
      return [expansion.mask, expansion.values].reduce(0) {
        $0 &+ graph.reader.model.tensors[$1].values.byteCount
      }
    }
  }
}

extension ONNXChange {
  /// The bytes that its elements take as they go out, without what is around them.
  var storedBytes: UInt64 {
    let width = UInt64(tensor.elementType.byteWidth ?? 1)
    return switch form {
    case .dense: denseByteCount
    case .sparseValue, .sparseInitializer: counts.nnz * width + counts.linearBytes
    case .bitmask: counts.nnz * width + (tensor.shape.elementCount + 7) / 8
    }
  }
}
