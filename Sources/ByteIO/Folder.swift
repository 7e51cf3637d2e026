public import ModelIR
internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A folder that holds a model: what is in it, and which of its links may be followed.
public struct Folder: Sendable {
  /// The path as the user gave it.
  public let path: String
  /// The path with all links resolved.
  private let resolved: FilePath
  /// The model's folder, which links may not leave: this one, or one around it.
  private let root: FilePath

  /// The folder at `path`.
  /// - Throws: ``SystemFault`` if there is none.
  public init(_ path: String) throws {
    self.path = path
    resolved = FilePath(try Self.resolve(path, displayName: path))
    root = resolved
  }

  private static func resolve(_ path: String, displayName: String) throws -> String {
    guard let pointer = realpath(path, nil) else {
      throw SystemFault("open", path: displayName, role: .input, code: errno)
    }
    defer { free(pointer) }
    return String(cString: pointer)
  }

  /// The folder's own name, which a model without a better one is called by.
  public var name: String { resolved.lastComponent?.string ?? path }

  /// The names of all entries, sorted by bytes, without `.` and `..`.
  /// - Throws: ``SystemFault`` if the folder cannot be read.
  public func entries() throws -> [String] {
    guard let stream = opendir(resolved.string) else {
      throw SystemFault("list", path: path, role: .input, code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    if errno != 0 { throw SystemFault("list", path: path, role: .input, code: errno) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The path of an entry as the user would write it.
  public func displayPath(_ name: String) -> String { FilePath(path).appending(name).string }

  /// What the entry is, links followed; nil if there is none.
  public func kind(of name: String) throws -> FileIdentity.Kind? {
    try FileIdentity.at(resolved.appending(name).string)?.kind
  }

  /// Whether `name` can name a file in this folder and nowhere else.
  public static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".."
      && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
  }

  /// The resolved path of an entry that may be read.
  ///
  /// An entry that is a link is followed if it stays in this folder, or if this folder is a snapshot of the
  /// Hugging Face cache and the link leads into the `blobs` beside it.
  /// - Throws: ``FolderFault`` for a name or a link that leaves the folder, ``SystemFault``.
  public func resolve(_ name: String) throws -> String {
    let shown = displayPath(name)
    guard Self.isPlainName(name) else { throw FolderFault(file: path, rule: .notPlainName(name)) }
    let target = FilePath(try Self.resolve(resolved.appending(name).string, displayName: shown))
    if target.starts(with: root) || target.removingLastComponent() == blobs { return target.string }
    throw FolderFault(file: shown, rule: .linkLeaves(target: target.string))
  }

  /// Opens an entry for reading.
  /// - Throws: what ``resolve(_:)`` and ``InputFile/open(_:displayName:followsLink:)`` throw.
  public func open(_ name: String) throws -> InputFile {
    try InputFile.open(resolve(name), displayName: displayPath(name), followsLink: false)
  }

  /// A folder within this one, under the same rule for links.
  /// - Throws: what ``resolve(_:)`` throws.
  public func subfolder(_ name: String) throws -> Folder {
    Folder(path: displayPath(name), resolved: FilePath(try resolve(name)), root: root)
  }

  private init(path: String, resolved: FilePath, root: FilePath) {
    self.path = path
    self.resolved = resolved
    self.root = root
  }

  /// Where the Hugging Face cache keeps the files of this snapshot: `X/blobs` for `X/snapshots/REVISION` and for
  /// the folders in it.
  private var blobs: FilePath? {
    var folder = root
    while !folder.isEmpty, folder.lastComponent != nil {
      let parent = folder.removingLastComponent()
      if parent.lastComponent?.string == "snapshots" {
        let candidate = parent.removingLastComponent().appending("blobs").string
        return (try? Self.resolve(candidate, displayName: candidate)).map { FilePath($0) }
      }
      folder = parent
    }
    return nil
  }

  /// The folder part of a path; `.` if it has none.
  public static func parent(of path: String) -> String {
    let parent = FilePath(path).removingLastComponent()
    return parent.isEmpty ? "." : parent.string
  }

  /// The last component of a path.
  public static func lastComponent(of path: String) -> String {
    FilePath(path).lastComponent?.string ?? path
  }

  /// The name of the cache blob that `path` is or links to, if it is one: its SHA-256 in hexadecimal, for
  /// files kept with Git LFS.
  public static func blobDigest(ofFileAt path: String) -> String? {
    guard let target = try? FilePath(resolve(path, displayName: path)),
      target.removingLastComponent().lastComponent?.string == "blobs",
      let name = target.lastComponent?.string, name.utf8.count == 64,
      name.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x66 })
    else { return nil }
    return name
  }
}

/// A name or link in a folder that leads out of it.
public struct FolderFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The name has a separator, a NUL, or is `.` or `..`.
    case notPlainName(String)
    /// The entry is a link to somewhere else.
    case linkLeaves(target: String)
  }

  /// The folder, or the entry.
  public let file: String
  /// The broken rule.
  public let rule: Rule

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    switch rule {
    case .notPlainName(let name):
      Diagnosis(
        .badData,
        file: file,
        "names the file \"\(name)\"",
        expected: "a plain name of a file in the same folder"
      )
    case .linkLeaves(let target):
      Diagnosis(
        .badData,
        file: file,
        "is a link out of its folder, to \(target)",
        expected: "links may stay in the folder or lead into the blobs of its Hub cache"
      )
    }
  }
}
