public import ByteIO
public import ModelIR

/// How a model folder in the Hugging Face layout names its weights.
public enum WeightFiles: Sendable, Hashable {
  /// One file.
  case single(String)
  /// An index and the shards that it names.
  case indexed(String)

  /// The ending of an index.
  public static let indexSuffix = ".safetensors.index.json"
  /// What stands before `.safetensors` in the names of files that other loaders must not find.
  public static let privateMark = ".lacuna"

  /// Finds the weights of a folder: the index if there is one, else the one weight file.
  ///
  /// Shards are never found by a pattern of names: `-of-000163` is real.
  /// - Throws: ``CheckpointFolderFault`` where it is not clear which they are.
  public static func find(in folder: Folder) throws -> WeightFiles {
    let names = try folder.modelEntries()
    let indexes = names.filter { $0.hasSuffix(indexSuffix) }
    if indexes.count == 1 { return .indexed(indexes[0]) }
    if indexes.count > 1 {
      throw CheckpointFolderFault(folder: folder.path, rule: .severalIndexes(indexes))
    }
    let files = names.filter { $0.hasSuffix(".safetensors") }
    for usual in ["model.safetensors", "model\(privateMark).safetensors"] where files.contains(usual) {
      let other = files.filter { $0 != usual && ["model\(privateMark).safetensors"].contains($0) }
      if !other.isEmpty {
        throw CheckpointFolderFault(folder: folder.path, rule: .severalFiles([usual] + other))
      }
      return .single(usual)
    }
    switch files.count {
    case 1: return .single(files[0])
    case 0: throw CheckpointFolderFault(folder: folder.path, rule: .noWeights)
    default: throw CheckpointFolderFault(folder: folder.path, rule: .severalFiles(files))
    }
  }
}

/// A folder whose weights cannot be told.
public struct CheckpointFolderFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// No index and no weight file.
    case noWeights
    /// More than one index.
    case severalIndexes([String])
    /// No index, and more than one weight file.
    case severalFiles([String])
  }

  /// The folder.
  public let folder: String
  /// The broken rule.
  public let rule: Rule

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    switch rule {
    case .noWeights:
      Diagnosis(
        .inputMissing,
        file: folder,
        "holds no model",
        expected: "a .safetensors file, or an index of some"
      )
    case .severalIndexes(let names):
      Diagnosis(
        .badData,
        file: folder,
        "holds several indexes: \(names.joined(separator: ", "))",
        expected: "name one of them"
      )
    case .severalFiles(let names):
      Diagnosis(
        .badData,
        file: folder,
        "holds \(names.count) weight files and no index: \(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? " ..." : "")",
        expected: "name one of them"
      )
    }
  }
}
