internal import ByteIO
internal import Dialect
internal import GGUF
public import ModelIR

/// Lays out the files of a conversion to GGUF: one file, or the shards of a split.
struct GGUFOutputPlanner {
  let opened: OpenedModel
  let options: ConversionOptions
  let target: GGUFTarget
  /// The model as it goes out.
  let model: Model
  let decisions: [LayoutDecision]
  /// The output as the user called it.
  let output: String

  /// The plan.
  /// - Throws: ``GGUFPlanFault`` where llama.cpp would not read such files, ``NoGGUFTypeFault`` for tensors of a
  ///   type that GGUF lacks.
  func plan(fileName: String) throws -> OutputPlan {
    let items = try items()
    let parts = try model.tensors.indices.map(parts(of:))
    guard let limit = options.shardSize else {
      return OutputPlan(files: [try file(named: fileName, items, parts, from: 0)])
    }
    var groups: [Range<Int>] = []
    for own in parts {
      let start = groups.last?.upperBound ?? 0
      groups.append(start..<start + own.count)
    }
    let split = try SplitPlan(
      file: output,
      items: items,
      parts: parts.flatMap { $0 },
      groups: groups,
      limit: .bytes(limit)
    )
    if split.shards.count == 1 {
      return OutputPlan(files: [try file(named: stem + ".gguf", SplitPlan.merged(items), parts, from: 0)])
    }
    var files: [OutputPlan.File] = []
    var next = 0
    for (number, shard) in split.shards.enumerated() {
      let end = groups[next...].firstIndex { $0.lowerBound >= shard.parts.upperBound } ?? groups.endIndex
      let name = SplitName(prefix: stem, number: number + 1, count: split.shards.count).text
      files.append(try file(named: name, shard.items, Array(parts[next..<end]), from: next))
      next = end
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

  /// A file of the tensors from `first` on, whose parts these are.
  private func file(
    named name: String,
    _ items: [MetadataItem],
    _ parts: [[GGUFPlan.Part]],
    from first: Int
  ) throws -> OutputPlan.File {
    let plan = try GGUFPlan(file: output, items: items, parts: parts.flatMap { $0 })
    try requireSensiblePadding(plan)
    var places: [OutputPlan.Item] = []
    var next = 0
    for (place, own) in parts.enumerated() {
      places.append(
        OutputPlan.Item(tensor: first + place, offsets: Array(plan.offsets[next..<next + own.count]))
      )
      next += own.count
    }
    return OutputPlan.File(
      name: name,
      byteCount: plan.byteCount,
      content: .gguf(plan, places),
      partNames: parts.flatMap { $0.map(\.name) },
      partBytes: plan.byteCounts.reduce(0, +)
    )
  }

  /// The most bytes of padding that are written without a word.
  private static let mostPadding: UInt64 = 64 << 20

  /// Refuses an alignment under which a file is mostly padding: a few bytes of metadata could fill a disk.
  private func requireSensiblePadding(_ plan: GGUFPlan) throws {
    let headerZeros = plan.header.reduce(UInt64(0)) { sum, piece in
      if case .zeros(let count) = piece { sum &+ count } else { sum }
    }
    let padding = plan.paddings.reduce(headerZeros, &+)
    if padding > Self.mostPadding && padding > plan.byteCount / 2 && !options.allowExpand {
      throw PaddingFault(file: opened.path, alignment: plan.alignment, byteCount: plan.byteCount)
    }
  }

  /// Whether a tensor is not in the file as it is.
  private var needsManifest: Bool {
    zip(model.tensors, decisions).contains { !target.isPlain($0, in: $1.layout) }
  }

  /// The metadata, ours among them if a tensor is not what it seems.
  private func items() throws -> [MetadataItem] {
    guard needsManifest else { return target.items }
    let manifest = Manifest(
      entries: zip(model.tensors, decisions).map { target.manifestEntry(of: $0, in: $1.layout) },
      sourceDeclaresMetadata: opened.model.files.first?.declaresMetadata ?? true
    )
    let text = try manifest.text()
    guard text.utf8.count <= Manifest.longestText else {
      throw GGUFPlanFault(
        file: output,
        key: Manifest.manifestKey,
        rule: .textTooLong(text.utf8.count, limit: Manifest.longestText)
      )
    }
    return GGUFDialect.marked(target.items, manifest: text)
  }

  private func parts(of index: Int) throws -> [GGUFPlan.Part] {
    let (tensor, decision) = (model.tensors[index], decisions[index])
    let plain = OutputPart.parts(of: tensor, decision)
    guard let parts = target.parts(of: tensor, in: decision.layout, plain) else {
      throw NoGGUFTypeFault(tensor, in: model)
    }
    return parts
  }
}

/// An alignment that would make a file mostly padding.
public struct PaddingFault: Fault, Hashable {
  /// The input.
  public let file: String
  /// The alignment.
  public let alignment: UInt64
  /// The bytes of the file that it would make.
  public let byteCount: UInt64

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: file,
      "general.alignment is \(alignment), which would make a file of \(byteCount) bytes, most of them padding",
      expected: "--set general.alignment=32, or --allow-expand"
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

  /// A tensor of `model`.
  init(_ tensor: Tensor, in model: Model) {
    file = model.source(of: tensor).displayName
    self.tensor = tensor.name
    let scheme = tensor.blockType == nil ? tensor.quantization?.scheme : nil
    type = scheme ?? tensor.elementType.name
    remedy = scheme == nil ? nil : "--type bf16 writes plain numbers"
  }

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
