internal import CompressedTensors
internal import Dialect
internal import GGUF
internal import ModelIR

/// What options mean for GGUF.
extension Converter {
  /// Refuses options that GGUF, in or out, makes no sense with.
  /// - Throws: ``OptionFault``.
  func requireOptionsForGGUF() throws {
    if target == .gguf {
      if options.repairsConfig { throw OptionFault("--repair-config is for a config.json, GGUF has none") }
      if options.shardSize != nil && output.hasSuffix(".gguf") {
        throw OptionFault("--shard-size makes a folder of shards", expected: "a folder's name")
      }
      return
    }
    if !options.setPairs.isEmpty || !options.unsetKeys.isEmpty {
      throw OptionFault("--set and --unset are for GGUF files", expected: "--to gguf, or a name in .gguf")
    }
    if opened.gguf != nil && options.repairsConfig {
      throw OptionFault("--repair-config is for a config.json, GGUF has none")
    }
    if target == .compressedTensors, case .blocks? = options.type {
      throw OptionFault("compressed-tensors has no ggml blocks", expected: "--to gguf, or another --type")
    }
  }

  /// What should be known of a GGUF output.
  func notesOnGGUF(_ work: Work) -> [String] {
    guard let target = work.gguf else { return [] }
    var notes: [String] = []
    if case .folder = opened.origin {
      notes.append(
        "the folder's other files (config.json, the tokenizer) stay behind: a GGUF file has no place for them"
      )
    }
    let edits =
      options.setPairs.map { "\($0.prefix(60))" } + options.unsetKeys.map { "\($0.prefix(60)) removed" }
    if !edits.isEmpty { notes.append("metadata: " + edits.joined(separator: ", ")) }
    let layouts = work.decisions.map(\.layout)
    if zip(work.model.tensors, layouts).contains(where: { !target.isPlain($0, in: $1) }) {
      notes.append(
        opened.gguf == nil
          ? "general.architecture is \"lacuna\", which no engine runs: \(Manifest.manifestKey) says what its parts make up"
          : "general.architecture is \"lacuna\", which no engine runs; --layout dense gives back what it was"
      )
    } else if opened.gguf == nil, target.items.contains(where: CarriedMetadata.isOwnArchitecture) {
      notes.append(
        "general.architecture is \"lacuna\", which no engine runs: names and shapes stayed as they were"
      )
    }
    let aliases = zip(work.model.tensors, layouts).filter { tensor, layout in
      target.names.stem(of: tensor.name, in: layout) != tensor.name
    }
    if !aliases.isEmpty {
      notes.append(
        "\(aliases.count) \(aliases.count == 1 ? "tensor has" : "tensors have") longer names than GGUF takes: "
          + "they stand in \(Manifest.manifestKey)"
      )
    }
    if opened.gguf != nil && opened.model.files.count > 1 && options.shardSize == nil {
      notes.append("\(opened.model.files.count) shards were merged")
    }
    return notes
  }
}
