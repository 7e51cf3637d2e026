public import CompressedTensors
internal import Inspection
public import ModelIR

/// Quantized weights in the forms that the output has, and numbers of another type.
extension Converter {
  /// Changes what the options and the output's form ask for.
  /// - Throws: ``TranscodingFault`` for quantized weights that the output cannot say, what reading throws.
  func changeTypes(of work: inout Work) throws {
    if isVerbatim { return }
    try transcode(&work)
    if let type = options.type {
      let applied = try Dequantization.apply(
        to: &work.model,
        type,
        lookingUp: opened.allTensors,
        allowExpand: options.allowExpand
      )
      work.typeChanges += applied.changes
      work.keptTypes = applied.stayed
    }
    if !work.typeChanges.isEmpty { work.changesTensors = true }
    guard !options.allowZeroLoss else { return }
    let losses = try ZeroLoss(pool: pool, chunkBytes: options.resources.chunkBytes, progress: progress)
      .measure(work.typeChanges, of: work.model)
    for warning in losses {
      announce(warning)
      work.typeWarnings.append(warning)
    }
  }

  /// Gives quantized weights the form of the output where codes and scales stay the same numbers.
  private func transcode(_ work: inout Work) throws {
    let transcoded: Transcoded
    var remedy: String
    switch (target, options.type) {
    case (.gguf, nil), (.gguf, .blocks):
      var only: GGMLType?
      if case .blocks(let type)? = options.type { only = type }
      transcoded = try BlockTranscoding.toBlocks(&work.model, only: only, lookingUp: opened.allTensors)
      remedy = "--type q8_0 encodes the numbers anew, --type bf16 writes them plain"
    case (.compressedTensors, nil):
      transcoded = try BlockTranscoding.fromBlocks(&work.model)
      remedy = "--type bf16 writes plain numbers"
    default: return
    }
    work.typeChanges += transcoded.changes
    // What no other type helps comes first.
    let refusals = transcoded.refusals
    guard options.type == nil, let refusal = refusals.first(where: { !$0.isReadable }) ?? refusals.first
    else { return }
    if !refusal.isReadable {
      remedy = "safetensors keeps its codes as they are, --exclude with its name leaves it out"
    }
    throw TranscodingFault(
      file: opened.path,
      refusal: refusal,
      others: refusals.count - 1,
      target: target.name,
      remedy: remedy
    )
  }
}

extension ConversionOptions.Target {
  /// The name that people know.
  var name: String {
    switch self {
    case .safetensors: "safetensors"
    case .compressedTensors: "compressed-tensors"
    case .gguf: "GGUF"
    case .onnx: "ONNX"
    }
  }
}

/// A quantized weight that the output's form cannot say without changing numbers.
public struct TranscodingFault: Fault, Hashable {
  /// The model.
  public let file: String
  /// The first such weight, and why.
  public let refusal: Transcoded.Refusal
  /// How many more there are.
  public let others: Int
  /// The form.
  public let target: String
  /// What would help.
  public let remedy: String

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let more = others == 0 ? "" : others == 1 ? ", and 1 more weight" : ", and \(others) more weights"
    return Diagnosis(
      .badData,
      file: file,
      tensor: refusal.name,
      "\(refusal.scheme) has no exact form in \(target): \(refusal.reason)\(more)",
      expected: remedy
    )
  }
}
