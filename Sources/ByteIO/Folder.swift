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
  /// How files that stand for others are told and read, see ``restoring(suffix:_:)``.
  private var restoring: Restoring?

  /// Files that stand for others.
  private struct Restoring: Sendable {
    var suffix: String
    var restore: @Sendable (any ByteSource) throws -> any ByteSource
  }

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

  /// The same folder with files that stand for others: `X` and the suffix for a file `X` that is not there.
  ///
  /// ``source(_:)`` opens the one under the other's name, and ``modelEntries()`` lists it so.
  /// - Parameter restore: gives the bytes of the file that another stands for; what stands for none as it is.
  public func restoring(
    suffix: String,
    _ restore: @escaping @Sendable (any ByteSource) throws -> any ByteSource
  ) -> Folder {
    var folder = self
    folder.restoring = Restoring(suffix: suffix, restore: restore)
    return folder
  }

  /// The entries as the files of a model: ``entries()``, with those that stand for others under their names.
  /// - Throws: ``SystemFault`` if the folder cannot be read.
  public func modelEntries() throws -> [String] {
    let names = try entries()
    guard let suffix = restoring?.suffix, names.contains(where: { $0.hasSuffix(suffix) }) else {
      return names
    }
    let plain = names.map { $0.hasSuffix(suffix) && $0 != suffix ? String($0.dropLast(suffix.count)) : $0 }
    // By bytes: to a file system, names that look the same are two.
    return plain.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.reduce(into: []) { names, name in
      if names.last.map({ !$0.utf8.elementsEqual(name.utf8) }) ?? true { names.append(name) }
    }
  }

  /// The name of the entry that ``source(_:)`` opens for `name`.
  private func entry(for name: String) throws -> String {
    guard let restoring, Self.isPlainName(name), try kind(of: name) == nil,
      try kind(of: name + restoring.suffix) != nil
    else { return name }
    return name + restoring.suffix
  }

  /// Whether there is an entry of this name, or one that stands for it.
  public func hasSource(_ name: String) throws -> Bool { try kind(of: entry(for: name)) != nil }

  /// Opens a file of a model: an entry, or the one that stands for it.
  /// - Throws: what ``open(_:)`` throws, and what making the one of the other throws.
  public func source(_ name: String) throws -> any ByteSource {
    let file = try open(entry(for: name))
    return try restoring?.restore(file) ?? file
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
    Folder(path: displayPath(name), resolved: FilePath(try resolve(name)), root: root, restoring: restoring)
  }

  private init(path: String, resolved: FilePath, root: FilePath, restoring: Restoring?) {
    self.path = path
    self.resolved = resolved
    self.root = root
    self.restoring = restoring
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
