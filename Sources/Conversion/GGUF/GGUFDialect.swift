internal import Dialect
internal import GGUF
internal import ModelIR

/// The keys by which a GGUF file says that a manifest is needed to read it.
///
/// Its architecture is `lacuna`, which no engine runs: tensors that an engine does not expect would be an obscure
/// error. What the architecture was stands under ``baseArchitectureKey``: an empty text if there was none.
enum GGUFDialect {
  /// The key of the architecture.
  static let architectureKey = "general.architecture"
  /// The architecture of models that no engine runs.
  static let ownArchitecture = "lacuna"
  /// The key of the architecture that the model has once its tensors are dense.
  static let baseArchitectureKey = "lacuna.base_architecture"
  /// The keys that are ours alone.
  static let ownKeys = [Manifest.versionKey, Manifest.manifestKey, baseArchitectureKey]

  /// Metadata for a file with a manifest, from those of the same model with dense tensors.
  static func marked(_ plain: [MetadataItem], manifest: String) -> [MetadataItem] {
    var items = plain
    var base: String?
    if let place = items.firstIndex(where: { $0.hasKey(architectureKey) }) {
      // What is no text, no engine takes for an architecture.
      if case .string(let architecture)? = items[place].value, !architecture.isEmpty,
        architecture != ownArchitecture
      {
        base = architecture
        items[place] = .new(key: architectureKey, value: .string(ownArchitecture))
      }
    } else {
      base = ""
      items.insert(.new(key: architectureKey, value: .string(ownArchitecture)), at: 0)
    }
    if let base { items.append(.new(key: baseArchitectureKey, value: .string(base))) }
    items.append(.new(key: Manifest.versionKey, value: .string(Manifest.version)))
    items.append(.new(key: Manifest.manifestKey, value: .string(manifest)))
    return items
  }

  /// The metadata of the same model with dense tensors: what ``marked(_:manifest:)`` made others of.
  static func plain(_ items: [MetadataItem]) -> [MetadataItem] {
    guard items.contains(where: { $0.hasKey(Manifest.versionKey) }) else { return items }
    var base: String?
    if case .string(let text)? = items.first(where: { $0.hasKey(baseArchitectureKey) })?.value { base = text }
    return items.compactMap { item in
      if ownKeys.contains(where: { item.hasKey($0) }) { return nil }
      guard let base, item.hasKey(architectureKey), item.value == .string(ownArchitecture) else {
        return item
      }
      return base.isEmpty ? nil : .new(key: architectureKey, value: .string(base))
    }
  }

  /// The entries of a header as they are for the same model with dense tensors.
  static func plain(_ entries: [GGUFHeader.Entry]) -> [GGUFHeader.Entry] {
    let byKey = Dictionary(entries.map { (TensorName($0.key), $0) }) { first, _ in first }
    return plain(entries.map { .copied($0, file: 0) }).compactMap { item in
      switch item {
      case .copied(let entry, _): return entry
      case .new(let key, let value, _):
        var entry = byKey[TensorName(key)]
        entry?.content = .value(value)
        return entry
      }
    }
  }
}

extension Model {
  /// Puts the parts of sparse tensors together, as the manifest in the first shard says.
  /// - Throws: ``ManifestFault``, ``GGUFFault`` or what reading throws.
  mutating func resolveManifest(of first: GGUFReader) throws {
    let file = first.source.displayName
    /// The text of a key.
    func text(_ key: String) throws -> String? {
      guard let entry = first.header.entry(forKey: key) else { return nil }
      guard entry.type == .string else { throw ManifestFault(file: file, .notText(key)) }
      if case .text(let range) = entry.content, UInt64(range.count) > Manifest.longestText {
        throw ManifestFault(file: file, .tooLong(UInt64(range.count)))
      }
      return try first.header.text(of: entry, in: first.source)
    }
    let manifest = try Manifest.read(
      version: text(Manifest.versionKey),
      text: text(Manifest.manifestKey),
      file: file
    )
    guard let manifest else { return }
    tensors = try manifest.resolve(tensors, file: file, as: .gguf)
    files[0].declaresMetadata = manifest.sourceDeclaresMetadata
    try first.source.rest()
  }
}
