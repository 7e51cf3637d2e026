internal import ByteIO
internal import Dialect
internal import GGUF
internal import ModelIR
internal import Safetensors

/// The files that a conversion writes, to the byte.
struct OutputPlan: Sendable {
  /// A tensor of a file that is written anew.
  struct Item: Sendable {
    /// The tensor, as an index into the model.
    var tensor: Int
    /// Where each of its parts starts in the file.
    var offsets: [UInt64]
  }

  /// What a file is made of.
  enum Content: Sendable {
    /// All bytes of one of the model's files.
    case copy(file: Int)
    /// A header and tensors.
    case tensors(SafetensorsPlan, [Item])
    /// A header and tensors in GGUF.
    case gguf(GGUFPlan, [Item])
  }

  /// A file.
  struct File: Sendable {
    var name: String
    var byteCount: UInt64
    var content: Content
    /// The names of its parts, for the index.
    var partNames: [TensorName]
    /// The bytes of its parts, for the index.
    var partBytes: UInt64
  }

  /// The weight files, in the order in which they are written.
  var files: [File]
  /// The index: its name and text; nil if there is none.
  var index: (name: String, text: [UInt8])? = nil
  /// Whether every file is a copy.
  var isUnchanged: Bool { files.allSatisfy { if case .copy = $0.content { true } else { false } } }
}

/// Lays out the files of a conversion to safetensors, or of a copy.
struct OutputPlanner {
  let opened: OpenedModel
  let decisions: [LayoutDecision]
  let options: ConversionOptions
  /// The model as it goes out; its tensors may be others than those that were opened.
  let model: Model
  /// Whether the model's tensors may be others than those that its files store.
  let changesTensors: Bool
  /// Whether compressed-tensors' dialect is written.
  let isCompressedTensors: Bool
  /// The output as the user called it.
  let output: String
  /// Whether the output is a folder.
  let isFolder: Bool
  /// Whether files go out as they are, whatever is in them.
  let isVerbatim: Bool

  /// Whether tensors have sparse parts, or blocks, that in this container only we read.
  private var isSparse: Bool {
    decisions.contains { $0.isOurs }
      || (!isCompressedTensors && model.tensors.contains { $0.blockType != nil })
  }

  /// The plan.
  /// - Throws: ``SafetensorsPlanFault`` where a file cannot be laid out.
  func plan(fileName: String) throws -> OutputPlan {
    let groups = options.shardSize.map(groupsBySize) ?? (isFolder ? groupsByFile() : groupOfAll())
    var files: [OutputPlan.File] = []
    for (number, group) in groups.enumerated() {
      let name: String
      if !isFolder {
        name = fileName
      } else if options.shardSize != nil || !OutputNames.isWeightFile(model.files[group.file].name) {
        name = OutputNames.shard(number + 1, of: groups.count, isSparse: isSparse)
      } else {
        name = OutputNames.weightFile(model.files[group.file].name, isSparse: isSparse)
      }
      files.append(try file(named: name, group))
    }
    return OutputPlan(files: files, index: try index(of: files))
  }

  private struct Group {
    /// The file whose metadata it carries on.
    var file: Int
    var tensors: [Int]
  }

  /// The groups that the input's files make; a file without a selected tensor goes out only if all do.
  private func groupsByFile() -> [Group] {
    var groups = model.files.indices.map { Group(file: $0, tensors: []) }
    for (index, tensor) in model.tensors.enumerated() { groups[model.file(of: tensor)].tensors.append(index) }
    return options.isSelection ? groups.filter { !$0.tensors.isEmpty } : groups
  }

  /// One group, where the input's files, if there are several, are merged.
  private func groupOfAll() -> [Group] {
    model.files.count == 1 ? groupsByFile() : [Group(file: 0, tensors: Array(model.tensors.indices))]
  }

  /// Groups of at most so many bytes, tensors in order, none of them split; a larger tensor has its own.
  private func groupsBySize(_ limit: UInt64) -> [Group] {
    var groups: [Group] = []
    var size: UInt64 = 0
    for index in model.tensors.indices {
      let bytes = parts(of: index).reduce(UInt64(0)) { $0 &+ $1.byteCount }
      let (sum, overflow) = size.addingReportingOverflow(bytes)
      if groups.isEmpty || (size > 0 && (overflow || sum > limit)) {
        groups.append(Group(file: model.file(of: model.tensors[index]), tensors: []))
        size = 0
      }
      groups[groups.count - 1].tensors.append(index)
      size &+= bytes
    }
    return groups.isEmpty ? [Group(file: 0, tensors: [])] : groups
  }

  private func parts(of index: Int) -> [SafetensorsPlan.Part] {
    OutputPart.parts(of: model.tensors[index], decisions[index])
  }

  /// Whether a file's tensors are those that it stores, so that its bytes can go out as they are.
  private func isAsStored(_ group: Group) -> Bool {
    guard group.tensors.allSatisfy({ decisions[$0].isKept }) else { return false }
    if model.container != .safetensors && !isVerbatim { return false }
    if !changesTensors { return true }
    let stored = opened.stored.tensors.lazy.filter { $0.storage.file == group.file }.map(\.name)
    return stored.elementsEqual(
      group.tensors.lazy.map { index in
        let tensor = model.tensors[index]
        return tensor.storage.file == group.file && tensor.layout == .dense ? tensor.name : TensorName("")
      }
    )
  }

  private func file(named name: String, _ group: Group) throws -> OutputPlan.File {
    let parts = group.tensors.map(parts(of:))
    let flat = parts.flatMap { $0 }
    let partBytes = flat.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    let isWhole = options.shardSize == nil && !options.isSelection
    if isWhole && isAsStored(group) {
      let bytes = model.files[group.file].source.byteCount
      return OutputPlan.File(
        name: name,
        byteCount: bytes,
        content: .copy(file: group.file),
        partNames: flat.map(\.name),
        partBytes: partBytes
      )
    }
    let plan = try SafetensorsPlan(file: output, parts: flat, metadata: try metadata(of: group))
    var items: [OutputPlan.Item] = []
    var next = 0
    for (index, own) in zip(group.tensors, parts) {
      items.append(OutputPlan.Item(tensor: index, offsets: Array(plan.offsets[next..<next + own.count])))
      next += own.count
    }
    return OutputPlan.File(
      name: name,
      byteCount: plan.byteCount,
      content: .tensors(plan, items),
      partNames: flat.map(\.name),
      partBytes: partBytes
    )
  }

  /// Whether a file's tensors are not all what they seem: sparse ones, blocks, and those of a GGUF model, whose
  /// order would be lost.
  private func needsManifest(_ group: Group) -> Bool {
    if group.tensors.contains(where: { decisions[$0].isOurs }) { return true }
    if isCompressedTensors { return false }
    return (opened.gguf != nil && options.elementType == nil)
      || group.tensors.contains { model.tensors[$0].blockType != nil }
  }

  /// The source's metadata, and ours if the file has sparse tensors.
  private func metadata(of group: Group) throws -> Metadata? {
    let source = model.files[group.file]
    var metadata = source.metadata
    if let first = opened.gguf?.shards.first {
      let fileType = options.type.flatMap { GGUFFileType($0) }
      metadata = try CarriedMetadata.metadata(of: first, as: fileType)
    }
    if isCompressedTensors {
      // Without it, loaders of that time refused a file.
      if metadata.value(forKey: "format") == nil { metadata.append(key: "format", value: .string("pt")) }
    }
    if needsManifest(group) {
      let manifest = Manifest(
        entries: group.tensors.map {
          OutputPart.manifestEntry(of: model.tensors[$0], in: decisions[$0].layout)
        },
        sourceDeclaresMetadata: source.declaresMetadata
      )
      metadata.append(key: Manifest.versionKey, value: .string(Manifest.version))
      metadata.append(key: Manifest.manifestKey, value: .string(try manifest.text()))
    } else if !source.declaresMetadata && metadata.isEmpty {
      return nil
    }
    return metadata
  }

  private func index(of files: [OutputPlan.File]) throws -> (name: String, text: [UInt8])? {
    guard isFolder else { return nil }
    let name: String
    if options.shardSize != nil {
      if files.count == 1 { return nil }
      name = OutputNames.index("model" + WeightFiles.indexSuffix, isSparse: isSparse)
    } else {
      guard case .folder(_, .indexed(let indexName)) = opened.origin else { return nil }
      name = OutputNames.index(indexName, isSparse: isSparse)
    }
    if let text = try unchangedIndex(of: files, named: name) { return (name, text) }
    var entries: [(name: TensorName, shard: String)] = []
    for file in files {
      for part in file.partNames { entries.append((part, file.name)) }
    }
    let total = files.reduce(UInt64(0)) { $0 &+ $1.partBytes }
    return (
      name,
      try CheckpointIndex.text(
        totalSize: total,
        totalParameters: opened.totalParameters,
        shardOfTensor: entries
      )
    )
  }

  /// The input's index as it is, where every file goes out as it is under its own name.
  private func unchangedIndex(of files: [OutputPlan.File], named name: String) throws -> [UInt8]? {
    guard case .folder(let folder, .indexed(let indexName)) = opened.origin, indexName == name,
      files.count == model.files.count,
      zip(files, model.files).allSatisfy({ file, source in
        if case .copy = file.content { file.name == source.name } else { false }
      })
    else { return nil }
    let source = try folder.open(indexName)
    guard source.byteCount <= Limits.index else { return nil }
    var text = [UInt8](repeating: 0, count: Int(source.byteCount))
    try source.read(text.count, at: 0, into: &text, startingAt: 0)
    try source.rest()
    return text
  }
}
