internal import ByteIO

/// Where exports and restored files go, unless the user says it.
enum ExportNames {
  private static let folderSuffix = ".zst"

  /// The export of one file: its whole name and ours, in the same folder.
  static func export(ofFile path: String) -> String { path + ExportFile.suffix }

  /// The folder for the exports of a folder: beside it, with `.zst` behind its name.
  /// - Throws: ``OptionFault`` where the path has no name of its own.
  static func exports(ofFolder path: String) throws -> String { try plain(path) + folderSuffix }

  /// The folder for what the exports of a folder are restored to: beside it, without `.zst`, or with `.restored`.
  /// - Throws: ``OptionFault`` where the path has no name of its own.
  static func restored(ofFolder path: String) throws -> String {
    let path = try plain(path)
    let name = Folder.lastComponent(of: path)
    return name.hasSuffix(folderSuffix) && name != folderSuffix
      ? String(path.dropLast(folderSuffix.count)) : path + ".restored"
  }

  /// A restored file, in the folder of its export.
  static func restored(ofFile path: String, named name: String) -> String {
    let folder = Folder.parent(of: path)
    return folder == "." && !path.hasPrefix("./") ? name : folder + (folder == "/" ? "" : "/") + name
  }

  /// A path of a folder without what hides its name.
  private static func plain(_ path: String) throws -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let name = Folder.lastComponent(of: path)
    guard Folder.isPlainName(name) else {
      throw OptionFault(
        "the folder \(path) has no name for an output beside it",
        expected: "name one with -o"
      )
    }
    return path
  }
}
