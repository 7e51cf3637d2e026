public import ModelIR
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A file that is being written under a temporary name; several threads may write to it at once.
///
/// The temporary name is derived from the final one and locked while the file is open: a second run that
/// writes to the same target finds the lock, and the leftover of a run that died is found unlocked and used
/// again.
public final class OutputFile: Sendable {
  /// The name that the file will have.
  public let displayName: String
  let temporaryPath: String
  let finalPath: String
  private let descriptor: CInt
  /// The permission bits that the file will have, or nil for those that it has.
  private let mode: UInt32?

  private init(
    temporaryPath: String,
    finalPath: String,
    displayName: String,
    descriptor: CInt,
    mode: UInt32?
  ) {
    self.temporaryPath = temporaryPath
    self.finalPath = finalPath
    self.displayName = displayName
    self.descriptor = descriptor
    self.mode = mode
  }

  deinit { close(descriptor) }

  /// Creates the temporary file.
  /// - Parameter mode: the permission bits, or nil for what the user's mask gives.
  /// - Throws: ``SystemFault``, or ``OutputFault`` if another run is at work on it.
  static func create(
    temporaryPath: String,
    finalPath: String,
    displayName: String,
    mode: UInt32?
  ) throws -> OutputFile {
    // A second round only if a run that just finished renamed the file between our open and our lock.
    for _ in 0..<16 {
      let descriptor = try Debris.creating(temporaryPath) {
        try openLocked(temporaryPath, displayName: displayName)
      }
      var isOurs = false
      do {
        let identity = try FileIdentity.of(descriptor, path: displayName)
        guard let named = try FileIdentity.at(temporaryPath, followingLinks: false),
          named.isSameFile(as: identity)
        else {
          close(descriptor)
          Debris.forget(temporaryPath)
          continue
        }
        guard identity.kind == .regular else { throw OutputFault(file: displayName, rule: .notRegular) }
        // Until it is complete its owner may write it, or the next run could not take over what this leaves.
        let writable = mode.map { mode_t($0) | 0o600 }
        isOurs = true
        if ftruncate(descriptor, 0) != 0 || writable.map({ fchmod(descriptor, $0) != 0 }) == true {
          throw SystemFault("prepare", path: displayName, role: .output, code: errno)
        }
        return OutputFile(
          temporaryPath: temporaryPath,
          finalPath: finalPath,
          displayName: displayName,
          descriptor: descriptor,
          mode: mode
        )
      } catch {
        close(descriptor)
        // Something else in our file's place stays.
        if isOurs { unlink(temporaryPath) }
        Debris.forget(temporaryPath)
        throw error
      }
    }
    throw OutputFault(file: displayName, rule: .busy)
  }

  private static func openLocked(_ path: String, displayName: String) throws -> CInt {
    let descriptor = try retrying("create", path: displayName, role: .output) {
      open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    let code = errno
    close(descriptor)
    if code == EWOULDBLOCK { throw OutputFault(file: displayName, rule: .busy) }
    throw SystemFault("lock", path: displayName, role: .output, code: code)
  }

  /// Gives the file its final size and reserves the space for it, so that a full disk is found before any
  /// work is done; in memory the space is only looked for.
  /// - Throws: ``SystemFault`` where there is no space.
  public func reserve(_ byteCount: UInt64) throws {
    guard let size = off_t(exactly: byteCount) else {
      throw SystemFault("reserve space", path: displayName, role: .output, code: EFBIG)
    }
    if size > 0 {
      #if canImport(Darwin)
        var request = fstore_t(
          fst_flags: UInt32(F_ALLOCATEALL),
          fst_posmode: F_PEOFPOSMODE,
          fst_offset: 0,
          fst_length: size,
          fst_bytesalloc: 0
        )
        let code = fcntl(descriptor, F_PREALLOCATE, &request) == 0 ? 0 : errno
      #else
        var code: CInt = 0
        if MemoryFileSystems.hold(descriptor), let left = MemoryFileSystems.bytesLeft(descriptor) {
          if left < byteCount { code = ENOSPC }
        } else {
          code = posix_fallocate(descriptor, 0, size)
          while code == EINTR { code = posix_fallocate(descriptor, 0, size) }
        }
      #endif
      // Where a file system cannot reserve, the writes find out.
      if code != 0 && code != EOPNOTSUPP && code != ENOSYS && code != EINVAL {
        throw SystemFault("reserve space", path: displayName, role: .output, code: code)
      }
    }
    _ = try retrying("resize", path: displayName, role: .output) { ftruncate(descriptor, size) }
  }

  /// Writes `bytes[range]` at `offset`.
  /// - Throws: ``SystemFault``.
  public func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: UInt64) throws {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "write beyond the buffer")
    let descriptor = descriptor
    let name = displayName
    try bytes.withUnsafeBytes { bytes in
      var done = range.lowerBound
      while done < range.upperBound {
        let piece = UnsafeRawBufferPointer(rebasing: bytes[done..<range.upperBound])
        let written = try retrying("write", path: name, role: .output) {
          pwrite(descriptor, piece.baseAddress, piece.count, off_t(offset) + off_t(done - range.lowerBound))
        }
        done += written
      }
    }
  }

  /// Writes all bytes of a source, in pieces of 1 MiB.
  /// - Throws: what reading and writing throw.
  public func copyAll(of source: any ByteSource) throws {
    try reserve(source.byteCount)
    var buffer = [UInt8](repeating: 0, count: Int(min(1 << 20, max(source.byteCount, 1))))
    var offset: UInt64 = 0
    while offset < source.byteCount {
      let count = Int(min(UInt64(buffer.count), source.byteCount - offset))
      try source.read(count, at: offset, into: &buffer, startingAt: 0)
      try write(buffer, 0..<count, at: offset)
      offset += UInt64(count)
    }
    try source.rest()
  }

  /// A source that reads back what was written.
  public func readBack() -> any ByteSource { ReadBack(file: self) }

  fileprivate func currentByteCount() -> UInt64 {
    (try? FileIdentity.of(descriptor, path: displayName).byteCount) ?? 0
  }

  fileprivate func read(
    _ count: Int,
    at offset: UInt64,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    precondition(start >= 0 && count >= 0 && start + count <= buffer.count, "read beyond the buffer")
    let descriptor = descriptor
    let name = displayName
    try buffer.withUnsafeMutableBytes { bytes in
      var done = 0
      while done < count {
        let target = UnsafeMutableRawBufferPointer(rebasing: bytes[(start + done)..<(start + count)])
        let got = try retrying("read back", path: name, role: .output) {
          pread(descriptor, target.baseAddress, target.count, off_t(offset) + off_t(done))
        }
        if got == 0 { throw SystemFault("read back", path: name, role: .output, code: EIO) }
        done += got
      }
    }
  }

  /// Gives the file its permissions and makes sure that all is on the disk.
  func synchronize() throws {
    if let mode {
      _ = try retrying("prepare", path: displayName, role: .output) { fchmod(descriptor, mode_t(mode)) }
    }
    _ = try retrying("sync", path: displayName, role: .output) { fsync(descriptor) }
  }
}

/// The bytes of an output before it has its final name.
private struct ReadBack: ByteSource {
  let file: OutputFile
  var byteCount: UInt64 { file.currentByteCount() }
  var displayName: String { file.displayName }

  func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
    try file.read(count, at: offset, into: &buffer, startingAt: start)
  }

  func rest() throws {}
}

/// An output that will not be written.
public struct OutputFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// It is there already and may not be replaced.
    case exists
    /// It is one of the inputs.
    case isInput(String)
    /// It is a link, which would be replaced instead of followed.
    case isLink
    /// It is a folder where a file should be, or the other way round.
    case isFolder
    /// It is a file where a folder should be.
    case isNoFolder
    /// It is a pipe, a socket or a device.
    case notRegular
    /// Another run is writing it.
    case busy
    /// The folder to put it in does not exist.
    case noParent
    /// The folder has other weights, which would be taken for the new ones.
    case otherWeights(String)
    /// The disk has too little space.
    case noSpace(needed: UInt64, available: UInt64)
  }

  /// The output.
  public let file: String
  /// The broken rule.
  public let rule: Rule

  /// An output that breaks `rule`.
  public init(file: String, rule: Rule) {
    self.file = file
    self.rule = rule
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    switch rule {
    case .exists: Diagnosis(.cannotCreate, file: file, "exists already", expected: "--force replaces it")
    case .isInput(let input): Diagnosis(.cannotCreate, file: file, "is the input \(input) itself")
    case .isLink:
      Diagnosis(.cannotCreate, file: file, "is a symbolic link", expected: "name the file that it leads to")
    case .isFolder: Diagnosis(.cannotCreate, file: file, "is a folder", expected: "the name of a file")
    case .isNoFolder: Diagnosis(.cannotCreate, file: file, "is no folder", expected: "the name of a folder")
    case .notRegular: Diagnosis(.cannotCreate, file: file, "is no regular file")
    case .busy: Diagnosis(.tryAgain, file: file, "is being written by another run")
    case .noParent: Diagnosis(.cannotCreate, file: file, "the folder to put it in does not exist")
    case .otherWeights(let name):
      Diagnosis(
        .cannotCreate,
        file: file,
        "holds \(name), which loaders would mistake for this output",
        expected: "remove it first, or choose another folder"
      )
    case .noSpace(let needed, let available):
      Diagnosis(.cannotCreate, file: file, "needs \(needed) bytes and the disk has \(available)")
    }
  }
}
