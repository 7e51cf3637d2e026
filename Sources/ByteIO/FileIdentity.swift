#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Which file a descriptor or path leads to, and in what state.
public struct FileIdentity: Sendable, Hashable {
  /// The device that holds the file.
  public let device: UInt64
  /// The file's number on the device.
  public let number: UInt64
  /// Its size in bytes.
  public let byteCount: UInt64
  /// When its content was last changed, in nanoseconds since 1970.
  public let modified: Int64
  /// The permission bits.
  public let mode: UInt32
  /// Whether it is a regular file, a folder, or something else.
  public let kind: Kind

  /// What kinds of files matter to us.
  public enum Kind: Sendable, Hashable {
    /// Bytes on a disk.
    case regular
    /// A folder.
    case folder
    /// A symbolic link, where links are not followed.
    case link
    /// A pipe, socket or device.
    case other
  }

  init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
    byteCount = UInt64(clamping: status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    modified = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    mode = UInt32(status.st_mode) & 0o7777
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .regular
    case S_IFDIR: kind = .folder
    case S_IFLNK: kind = .link
    default: kind = .other
    }
  }

  /// Whether both are the same file, in whatever state.
  public func isSameFile(as other: FileIdentity) -> Bool {
    device == other.device && number == other.number
  }

  /// Whether both are the same file with the same content, as far as size and time tell.
  func isUnchanged(from other: FileIdentity) -> Bool {
    isSameFile(as: other) && byteCount == other.byteCount && modified == other.modified
  }

  /// What is at `path`, links followed unless asked otherwise; nil if nothing is.
  /// - Parameter role: what the path is to us, for the fault.
  /// - Throws: ``SystemFault`` if that cannot be told.
  public static func at(
    _ path: String,
    followingLinks: Bool = true,
    role: SystemFault.Role = .input
  ) throws -> FileIdentity? {
    var status = stat()
    let result = followingLinks ? stat(path, &status) : lstat(path, &status)
    if result == 0 { return FileIdentity(status) }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw SystemFault("look at", path: path, role: role, code: errno)
  }

  /// What an open descriptor leads to.
  static func of(_ descriptor: CInt, path: String) throws -> FileIdentity {
    var status = stat()
    if fstat(descriptor, &status) == 0 { return FileIdentity(status) }
    throw SystemFault("look at", path: path, role: .input, code: errno)
  }
}
