internal import ByteIO
internal import GGUF
public import ModelIR

/// How a path leads to a GGUF model.
enum GGUFContent {
  private static let suffix = ".gguf"
  private static let magics = ["GGUF", "PWRI"].map { Array($0.utf8) }

  /// Whether a file is GGUF by its first bytes, or by its name where these are those of no safetensors header.
  /// - Throws: what the source throws.
  static func isGGUF(_ source: any ByteSource, name: String) throws -> Bool {
    var head = [UInt8](repeating: 0, count: 8)
    try source.read(Int(min(8, source.byteCount)), at: 0, into: &head, startingAt: 0)
    if magics.contains(where: { head.starts(with: $0) }) { return true }
    // The upper half of a header's length is 0: the length is at most 100 MB.
    return name.hasSuffix(suffix) && (source.byteCount < 8 || head[4...].contains { $0 != 0 })
  }

  /// The file of a folder that holds one GGUF model and no other: the file, or the first shard.
  /// - Throws: ``GGUFFolderFault`` where it holds several, or what the folder throws.
  static func find(in folder: Folder) throws -> String? {
    let names = try folder.modelEntries()
    let isOther = names.contains { $0.hasSuffix(".safetensors") || $0.hasSuffix(".safetensors.index.json") }
    let files = names.filter { $0.hasSuffix(suffix) }
    if isOther || files.isEmpty { return nil }
    var models: [String] = []
    for name in files {
      // Other shards than the first belong to a model that the first one stands for.
      if let split = SplitName(name), split.number > 1 {
        let first = SplitName(prefix: split.prefix, number: 1, count: split.count).text
        if !models.contains(first) { models.append(first) }
      } else if !models.contains(name) {
        models.append(name)
      }
    }
    guard models.count == 1 else { throw GGUFFolderFault(folder: folder.path, files: models) }
    return models[0]
  }
}

/// A folder of several GGUF models.
public struct GGUFFolderFault: Fault, Hashable {
  /// The folder.
  public let folder: String
  /// The files that models start in.
  public let files: [String]

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: folder,
      "holds \(files.count) GGUF models: \(files.prefix(3).joined(separator: ", "))\(files.count > 3 ? " ..." : "")",
      expected: "name one of them"
    )
  }
}
