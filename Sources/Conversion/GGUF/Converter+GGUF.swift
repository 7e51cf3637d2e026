internal import CompressedTensors
internal import GGUF
internal import ModelIR

/// What options mean for GGUF.
extension Converter {
  /// Refuses options that GGUF, in or out, makes no sense with.
  /// - Throws: ``OptionFault``.
  func requireOptionsForGGUF() throws {
    if target == .gguf {
      guard [.keep, .named(.dense)].contains(options.layout) else {
        throw OptionFault("GGUF files are written dense", expected: "--to safetensors takes a --layout")
      }
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

  /// What should be known of the metadata of a GGUF output.
  func notesOnGGUF() -> [String] {
    guard target == .gguf, !isVerbatim else { return [] }
    var notes: [String] = []
    if case .folder = opened.origin {
      notes.append(
        "the folder's other files (config.json, the tokenizer) stay behind: a GGUF file has no place for them"
      )
    }
    if opened.gguf == nil {
      let items = (try? CarriedMetadata.items(ofFile: opened.model.files.first)) ?? []
      if items.contains(where: CarriedMetadata.isOwnArchitecture) {
        notes.append(
          "general.architecture is \"lacuna\", which no engine runs: names and shapes stayed as they were"
        )
      }
    } else if opened.model.files.count > 1 && options.shardSize == nil {
      notes.append("\(opened.model.files.count) shards were merged")
    }
    return notes
  }
}
