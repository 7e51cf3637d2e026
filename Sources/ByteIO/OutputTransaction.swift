internal import Synchronization
internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The outputs of one run, which become visible together or not at all.
///
/// A new folder is written under a temporary name and renamed as a whole. Files in a folder that exists are
/// written beside their targets and renamed in the order of their creation, so what makes the others visible
/// (an index) is created last. Every file is synced before the first rename, the folder after the last.
/// Whatever ends the run before that leaves the old files whole; what an unexpected end leaves behind, the
/// next run to the same target takes over.
public final class OutputTransaction: Sendable {
  private enum Place {
    /// The folder exists; its descriptor, where it is locked.
    case existing(FilePath)
    /// The folder is new: it grows under another name and is renamed.
    case staged(FilePath, final: FilePath)
  }

  private let place: Place
  /// The locked folder, or -1.
  private let lock: CInt
  private let force: Bool
  private let inputs: [FileIdentity]
  private struct State {
    var files: [OutputFile] = []
    var folders: [FilePath] = []
    var finished = false
  }
  private let state = Mutex(State())

  private init(place: Place, lock: CInt, force: Bool, inputs: [FileIdentity]) {
    self.place = place
    self.lock = lock
    self.force = force
    self.inputs = inputs
  }

  deinit {
    abandon()
    if lock >= 0 { close(lock) }
  }

  /// Outputs of files in the folder that is to hold `path`.
  /// - Throws: ``OutputFault`` if that folder is none.
  public static func besideFile(
    _ path: String,
    force: Bool,
    inputs: [FileIdentity]
  ) throws -> OutputTransaction {
    var parent = FilePath(path).removingLastComponent()
    if parent.isEmpty { parent = "." }
    guard let identity = try FileIdentity.at(parent.string, role: .output) else {
      throw OutputFault(file: path, rule: .noParent)
    }
    guard identity.kind == .folder else { throw OutputFault(file: path, rule: .noParent) }
    return OutputTransaction(place: .existing(parent), lock: -1, force: force, inputs: inputs)
  }

  /// Outputs of files in the folder `path`, which is created unless it exists.
  /// - Throws: ``OutputFault`` if it has files and `force` is off, or is being written by another run.
  public static func folder(
    _ path: String,
    force: Bool,
    inputs: [FileIdentity]
  ) throws -> OutputTransaction {
    let final = FilePath(path)
    if let identity = try FileIdentity.at(path, role: .output) {
      guard identity.kind == .folder else { throw OutputFault(file: path, rule: .isNoFolder) }
      let lock = try lockFolder(final, displayName: path)
      let isEmpty = try Folder(path).entries().allSatisfy { $0.hasSuffix(temporarySuffix) }
      guard isEmpty || force else {
        close(lock)
        throw OutputFault(file: path, rule: .exists)
      }
      return OutputTransaction(place: .existing(final), lock: lock, force: force, inputs: inputs)
    }
    if try FileIdentity.at(path, followingLinks: false, role: .output) != nil {
      throw OutputFault(file: path, rule: .isLink)
    }
    let temporary = temporaryPath(for: final)
    let lock = try Debris.creating(temporary.string) {
      if mkdir(temporary.string, 0o777) != 0 && errno != EEXIST {
        if errno == ENOENT { throw OutputFault(file: path, rule: .noParent) }
        throw SystemFault("create", path: path, role: .output, code: errno)
      }
      return try lockFolder(temporary, displayName: path)
    }
    let transaction = OutputTransaction(
      place: .staged(temporary, final: final),
      lock: lock,
      force: force,
      inputs: inputs
    )
    // What a run that died has left.
    try clear(temporary, depth: 0)
    return transaction
  }

  private static func clear(_ folder: FilePath, depth: Int) throws {
    for name in try Folder(folder.string).entries() {
      let path = folder.appending(name).string
      if unlink(path) == 0 || depth > 16 { continue }
      if try FileIdentity.at(path, followingLinks: false)?.kind == .folder {
        try clear(folder.appending(name), depth: depth + 1)
        rmdir(path)
      }
    }
  }

  private static func lockFolder(_ path: FilePath, displayName: String) throws -> CInt {
    let descriptor = try retrying("open", path: displayName, role: .output) {
      open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    let code = errno
    close(descriptor)
    if code == EWOULDBLOCK { throw OutputFault(file: displayName, rule: .busy) }
    throw SystemFault("lock", path: displayName, role: .output, code: code)
  }

  private static let temporarySuffix = ".lacuna-part"

  /// `.NAME.lacuna-part` beside the target; a name that would grow too long is cut and marked by its hash.
  private static func temporaryPath(for target: FilePath) -> FilePath {
    let name = target.lastComponent?.string ?? "output"
    var stem = name
    if name.utf8.count > 200 {
      let hash = name.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
      stem = String(decoding: name.utf8.prefix(180), as: UTF8.self) + "-" + String(hash, radix: 16)
      // A character that the cut went through became a replacement character.
      stem.removeAll { $0 == "\u{FFFD}" }
    }
    return target.removingLastComponent().appending(".\(stem)\(temporarySuffix)")
  }

  private var directory: FilePath {
    switch place {
    case .existing(let path), .staged(let path, _): path
    }
  }

  /// The bytes that the disk of the outputs has left for this user.
  /// - Throws: ``OutputFault`` if they are fewer than `needed`.
  public func requireSpace(_ needed: UInt64, for displayName: String) throws {
    var status = statvfs()
    guard statvfs(directory.string, &status) == 0 else { return }
    let available = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    if !available.overflow && available.partialValue < needed {
      throw OutputFault(
        file: displayName,
        rule: .noSpace(needed: needed, available: available.partialValue)
      )
    }
  }

  /// Starts the output `name`, a plain file name, in the subfolder `folders`, which is created as needed.
  /// - Throws: ``OutputFault`` if something is in the way, ``SystemFault``.
  public func create(_ name: String, in folders: [String] = []) throws -> OutputFile {
    let components = folders + [name]
    precondition(components.allSatisfy(Folder.isPlainName), "an output's name must be plain")
    try makeFolders(folders)
    let target = components.reduce(directory) { $0.appending($1) }
    let shown: String
    var mode: UInt32?
    switch place {
    case .existing(let folder):
      shown = folder == "." ? components.joined(separator: "/") : target.string
      mode = try checkTarget(target.string, displayName: shown)
    case .staged(_, let final):
      shown = components.reduce(final) { $0.appending($1) }.string
    }
    let temporary: FilePath =
      if case .existing = place { Self.temporaryPath(for: target) } else { target }
    let file = try OutputFile.create(
      temporaryPath: temporary.string,
      finalPath: target.string,
      displayName: shown,
      mode: mode
    )
    state.withLock { $0.files.append(file) }
    return file
  }

  private func makeFolders(_ folders: [String]) throws {
    var path = directory
    for name in folders {
      path = path.appending(name)
      if let there = try FileIdentity.at(path.string, followingLinks: false) {
        if there.kind == .folder { continue }
        throw OutputFault(file: path.string, rule: there.kind == .link ? .isLink : .isNoFolder)
      }
      let made = path
      try Debris.creating(path.string) {
        guard mkdir(made.string, 0o777) == 0 else {
          throw SystemFault("create", path: made.string, role: .output, code: errno)
        }
      }
      state.withLock { $0.folders.append(made) }
    }
  }

  /// Makes sure that `path` may be replaced; returns the mode of what is there.
  private func checkTarget(_ path: String, displayName: String) throws -> UInt32? {
    guard let there = try FileIdentity.at(path, followingLinks: false, role: .output) else { return nil }
    if let input = inputs.first(where: { $0.isSameFile(as: there) }), input.kind == .regular {
      throw OutputFault(file: displayName, rule: .isInput(displayName))
    }
    switch there.kind {
    case .regular: break
    case .folder: throw OutputFault(file: displayName, rule: .isFolder)
    case .link:
      if let leads = try FileIdentity.at(path, role: .output),
        inputs.contains(where: { $0.isSameFile(as: leads) })
      {
        throw OutputFault(file: displayName, rule: .isInput(displayName))
      }
      throw OutputFault(file: displayName, rule: .isLink)
    case .other: throw OutputFault(file: displayName, rule: .notRegular)
    }
    if !force { throw OutputFault(file: displayName, rule: .exists) }
    return there.mode
  }

  /// Makes all outputs visible.
  /// - Throws: ``SystemFault``; nothing that existed has been touched then, unless a rename itself failed.
  public func commit() throws {
    let (files, folders) = state.withLock { ($0.files, $0.folders) }
    for file in files { try file.synchronize() }
    switch place {
    case .existing(let folder):
      for file in files {
        try rename(file.temporaryPath, to: file.finalPath, displayName: file.displayName)
      }
      for made in folders { Self.synchronizeFolder(made) }
      Self.synchronizeFolder(folder)
    case .staged(let folder, let final):
      for made in folders { Self.synchronizeFolder(made) }
      Self.synchronizeFolder(folder)
      if try FileIdentity.at(final.string, followingLinks: false, role: .output) != nil {
        throw OutputFault(file: final.string, rule: .exists)
      }
      try rename(folder.string, to: final.string, displayName: final.string)
      for file in files { Debris.forget(file.temporaryPath) }
      Debris.forget(folder.string)
      let parent = final.removingLastComponent()
      Self.synchronizeFolder(parent.isEmpty ? "." : parent)
    }
    for made in folders { Debris.forget(made.string) }
    state.withLock { state in
      state.finished = true
      state.files = []
    }
  }

  private func rename(_ from: String, to target: String, displayName: String) throws {
    _ = try retrying("rename to", path: displayName, role: .output) {
      #if canImport(Darwin)
        Darwin.rename(from, target)
      #else
        Glibc.rename(from, target)
      #endif
    }
    Debris.forget(from)
  }

  /// Some file systems cannot sync a folder and need not.
  private static func synchronizeFolder(_ path: FilePath) {
    let descriptor = open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  /// Removes whatever was written, unless it was made visible.
  public func abandon() {
    state.withLock { state in
      guard !state.finished else { return }
      state.finished = true
      for file in state.files {
        unlink(file.temporaryPath)
        Debris.forget(file.temporaryPath)
      }
      state.files = []
      for folder in state.folders.reversed() {
        rmdir(folder.string)
        Debris.forget(folder.string)
      }
      if case .staged(let folder, _) = place {
        rmdir(folder.string)
        Debris.forget(folder.string)
      }
    }
  }
}
