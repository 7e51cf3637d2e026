internal import ByteIO
internal import GGUF
public import ModelIR

/// Lays out the files of a conversion to GGUF: one file, or the shards of a split.
struct GGUFOutputPlanner {
  let opened: OpenedModel
  let options: ConversionOptions
  /// The model as it goes out; all its tensors dense.
  let model: Model
  /// The output as the user called it.
  let output: String

  /// The plan.
  /// - Throws: ``GGUFPlanFault`` where llama.cpp would not load such files, ``MetadataEditFault`` for changes
  ///   that cannot be made, ``NoGGUFTypeFault`` for tensors of a type that GGUF lacks.
  func plan(fileName: String) throws -> OutputPlan {
    let items = try items()
    let parts = try model.tensors.map(part)
    guard let limit = options.shardSize else {
      let file = try file(named: fileName, GGUFPlan(file: output, items: items, parts: parts), from: 0)
      return OutputPlan(files: [file])
    }
    let split = try SplitPlan(file: output, items: items, parts: parts, limit: .bytes(limit))
    if split.shards.count == 1 {
      let plan = try GGUFPlan(file: output, items: SplitPlan.merged(items), parts: parts)
      return OutputPlan(files: [try file(named: stem + ".gguf", plan, from: 0)])
    }
    let files = try split.shards.enumerated().map { number, shard in
      try file(
        named: SplitName(prefix: stem, number: number + 1, count: split.shards.count).text,
        GGUFPlan(file: output, items: shard.items, parts: Array(parts[shard.parts])),
        from: shard.parts.lowerBound
      )
    }
    return OutputPlan(files: files)
  }

  /// What the names of shards start with: the input's name without what tells its kind.
  private var stem: String {
    let name = Folder.lastComponent(of: opened.path)
    if let split = SplitName(name) { return split.prefix }
    for ending in [".gguf", ".safetensors.index.json", ".safetensors"]
    where name.hasSuffix(ending) && name.utf8.count > ending.utf8.count {
      return String(name.dropLast(ending.count))
    }
    return name.allSatisfy { $0 == "." } ? "model" : name
  }

  private func file(named name: String, _ plan: GGUFPlan, from first: Int) throws -> OutputPlan.File {
    let items = plan.offsets.enumerated().map { place, offset in
      OutputPlan.Item(tensor: first + place, offsets: [offset])
    }
    return OutputPlan.File(
      name: name,
      byteCount: plan.byteCount,
      content: .gguf(plan, items),
      partNames: model.tensors[first..<first + items.count].map(\.name),
      partBytes: plan.byteCounts.reduce(0, +)
    )
  }

  /// The metadata as they go out: the source's own, or what it carried from GGUF, with the user's changes.
  private func items() throws -> [MetadataItem] {
    var items: [MetadataItem]
    if let first = opened.gguf?.shards.first {
      items = SplitPlan.merged(try first.header.items(inFile: 0, of: first.source))
    } else {
      items = try CarriedMetadata.items(ofFile: opened.model.files.first)
    }
    if let type = options.type.flatMap({ GGUFFileType($0) }) { type.replace(in: &items) }
    for key in options.unsetKeys { try MetadataEdit.unset(key, in: &items) }
    for pair in options.setPairs { try MetadataEdit(pair).apply(to: &items) }
    return items
  }

  private func part(_ tensor: Tensor) throws -> GGUFPlan.Part {
    if let type = tensor.blockType {
      return GGUFPlan.Part(name: tensor.name, type: type, dims: tensor.logicalShape.extents.reversed())
    }
    guard tensor.quantization == nil else {
      throw fault(tensor, tensor.quantization?.scheme ?? "", "--type bf16 writes plain numbers")
    }
    guard let type = GGMLType(tensor.elementType) else { throw fault(tensor, tensor.elementType.name, nil) }
    return GGUFPlan.Part(name: tensor.name, type: type, dims: tensor.shape.extents.reversed())
  }

  private func fault(_ tensor: Tensor, _ type: String, _ remedy: String?) -> NoGGUFTypeFault {
    NoGGUFTypeFault(
      file: model.source(of: tensor).displayName,
      tensor: tensor.name,
      type: type,
      remedy: remedy
    )
  }
}

/// A tensor whose type GGUF lacks.
public struct NoGGUFTypeFault: Fault, Hashable {
  /// The file.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// Its type.
  public let type: String
  /// What would help.
  public let remedy: String?

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: file,
      tensor: tensor,
      "GGUF has no type for \(type)",
      expected: remedy ?? "F32, F16, BF16, F64, I8, I16, I32, I64; --exclude leaves tensors out"
    )
  }
}
