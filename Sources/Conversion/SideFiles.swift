internal import ByteIO
internal import ModelIR
internal import Safetensors

/// The other files of a model folder, which go out as they are: config, tokenizer, licence, pooling ...
struct SideFiles {
  /// A file to carry over.
  struct File: Sendable {
    /// Its path within the folder, by components.
    var components: [String]
    var source: InputFile
  }

  /// The files, those of subfolders included, `config.json` last.
  private(set) var files: [File] = []
  /// What was left out, and why.
  private(set) var warnings: [Diagnosis] = []

  private static let deepest = 8
  private static let most = 100_000

  /// Looks through a folder.
  /// - Parameter own: the names of the weight files and the index, which are written anew.
  /// - Throws: ``SystemFault``.
  init(of folder: Folder, besides own: Set<String>) throws {
    try collect(folder, [], besides: own)
    let last = files.firstIndex { $0.components == ["config.json"] }
    if let last { files.append(files.remove(at: last)) }
  }

  private mutating func collect(_ folder: Folder, _ path: [String], besides own: Set<String>) throws {
    for name in try folder.entries() where !own.contains(name) && !own.contains(Self.original(of: name)) {
      let shown = folder.displayPath(name)
      let isWeights =
        path.isEmpty && (name.hasSuffix(".safetensors") || name.hasSuffix(WeightFiles.indexSuffix))
      if isWeights {
        // Beside the new files it would be taken for a part of them.
        leaveOut(shown, "is no part of the model that the index describes")
        continue
      }
      do {
        switch try folder.kind(of: name) {
        case .regular?:
          guard files.count < Self.most else {
            leaveOut(shown, "is one of more than \(Self.most) files")
            continue
          }
          let source = try folder.open(name)
          try source.rest()
          files.append(File(components: path + [name], source: source))
        case .folder?:
          if name.hasPrefix(".") || path.count >= Self.deepest {
            leaveOut(shown, "is a hidden or deeply nested folder")
          } else {
            try collect(try folder.subfolder(name), path + [name], besides: [])
          }
        case nil: leaveOut(shown, "is a link to nothing")
        default: leaveOut(shown, "is no regular file")
        }
      } catch let fault as FolderFault {
        leaveOut(shown, fault.diagnosis.problem)
      }
    }
  }

  /// What a compressed export of this name stands for; the name itself for other files.
  private static func original(of name: String) -> String {
    name.hasSuffix(ExportFile.suffix) ? String(name.dropLast(ExportFile.suffix.count)) : name
  }

  private mutating func leaveOut(_ path: String, _ reason: String) {
    warnings.append(Diagnosis(.badData, file: path, "\(reason); it was not carried over"))
  }
}
