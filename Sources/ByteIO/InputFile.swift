public import ModelIR
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A regular file that is read in ranges and never changed.
///
/// Opening never blocks: pipes, devices and sockets are refused. The descriptor is opened on the first read
/// and given back by ``rest()``, so that a checkpoint of hundreds of shards needs few of them; each time the
/// file is opened again, and whenever it rests, it must still be the one that was first seen.
public final class InputFile: ByteSource {
  /// The path that is opened; with links resolved where they had to be checked.
  public let path: String
  /// The path as the user knows it.
  public let displayName: String
  /// The file as it was when first seen.
  public let identity: FileIdentity

  private struct Handle {
    var descriptor: CInt = -1
  }
  private let handle: Mutex<Handle>

  private init(path: String, displayName: String, identity: FileIdentity, descriptor: CInt) {
    self.path = path
    self.displayName = displayName
    self.identity = identity
    handle = Mutex(Handle(descriptor: descriptor))
  }

  deinit {
    handle.withLock { if $0.descriptor >= 0 { close($0.descriptor) } }
  }

  /// Opens the file at `path`.
  /// - Parameter followsLink: whether a symbolic link as the last component is followed; off for paths whose
  ///   links were resolved and checked before.
  /// - Throws: ``SystemFault``, or ``InputFileFault`` for what is no regular file.
  public static func open(
    _ path: String,
    displayName: String? = nil,
    followsLink: Bool = true
  ) throws -> InputFile {
    let name = displayName ?? path
    let descriptor: CInt
    do {
      descriptor = try openDescriptor(path, displayName: name, followsLink: followsLink)
    } catch let fault as SystemFault where [ENXIO, ENODEV, EOPNOTSUPP].contains(fault.code) {
      // Sockets, and devices with nothing behind them, do not even open.
      throw InputFileFault(file: name, rule: .notRegular)
    }
    do {
      let identity = try FileIdentity.of(descriptor, path: name)
      guard identity.kind == .regular else {
        throw InputFileFault(file: name, rule: identity.kind == .folder ? .isFolder : .notRegular)
      }
      return InputFile(path: path, displayName: name, identity: identity, descriptor: descriptor)
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func openDescriptor(
    _ path: String,
    displayName: String,
    followsLink: Bool
  ) throws -> CInt {
    // O_NONBLOCK: opening a pipe would otherwise wait for a writer.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followsLink ? 0 : O_NOFOLLOW)
    return try retrying("open", path: displayName, role: .input) {
      #if canImport(Darwin)
        Darwin.open(path, flags)
      #else
        Glibc.open(path, flags)
      #endif
    }
  }

  /// The size that the file had when it was first seen.
  public var byteCount: UInt64 { identity.byteCount }

  private func currentDescriptor() throws -> CInt {
    try handle.withLock { handle in
      if handle.descriptor >= 0 { return handle.descriptor }
      let descriptor = try Self.openDescriptor(path, displayName: displayName, followsLink: true)
      do {
        try check(FileIdentity.of(descriptor, path: displayName))
      } catch {
        close(descriptor)
        throw error
      }
      handle.descriptor = descriptor
      return descriptor
    }
  }

  private func check(_ current: FileIdentity) throws {
    guard current.isUnchanged(from: identity) else {
      throw InputFileFault(file: displayName, rule: .changed)
    }
  }

  /// Copies bytes out, see `ByteSource`; a file that has become shorter is an error.
  public func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws
  {
    precondition(start >= 0 && count >= 0 && start + count <= buffer.count, "read beyond the buffer")
    if count == 0 { return }
    guard offset <= byteCount, UInt64(count) <= byteCount - offset else {
      throw InputFileFault(file: displayName, rule: .cutShort(offset: offset, count: UInt64(count)))
    }
    let descriptor = try currentDescriptor()
    try buffer.withUnsafeMutableBytes { bytes in
      var done = 0
      while done < count {
        let target = UnsafeMutableRawBufferPointer(rebasing: bytes[(start + done)..<(start + count)])
        let got = try retrying("read", path: displayName, role: .input) {
          pread(descriptor, target.baseAddress, target.count, off_t(offset) + off_t(done))
        }
        // A file that ends before its size did when it was opened has been cut by someone.
        if got == 0 { throw InputFileFault(file: displayName, rule: .changed) }
        done += got
      }
    }
  }

  /// Closes the file until the next read, and makes sure that it is still the one that was first seen.
  public func rest() throws {
    try handle.withLock { handle in
      guard handle.descriptor >= 0 else { return }
      defer {
        close(handle.descriptor)
        handle.descriptor = -1
      }
      try check(FileIdentity.of(handle.descriptor, path: displayName))
    }
  }
}

/// A source whose bytes come from a file, as they are or decoded.
public protocol FileBacked: ByteSource {
  /// The file; nil where the bytes come from none after all.
  var backing: InputFile? { get }
}

extension InputFile: FileBacked {
  /// The file itself.
  public var backing: InputFile? { self }

  /// The file that a source's bytes come from, if they come from one.
  public static func backing(_ source: any ByteSource) -> InputFile? {
    (source as? any FileBacked)?.backing
  }
}

/// A file that cannot serve as an input.
public struct InputFileFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// It is a folder.
    case isFolder
    /// It is a pipe, a socket or a device.
    case notRegular
    /// It is not what it was when it was first seen.
    case changed
    /// It ends before the bytes that are needed.
    case cutShort(offset: UInt64, count: UInt64)
  }

  /// The file.
  public let file: String
  /// The broken rule.
  public let rule: Rule

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    switch rule {
    case .isFolder: Diagnosis(.badData, file: file, "is a folder", expected: "a file is needed here")
    case .notRegular:
      Diagnosis(
        .badData,
        file: file,
        "is no regular file",
        expected: "pipes, sockets and devices are not read"
      )
    case .changed:
      Diagnosis(.readOrWriteFailed, file: file, "changed while it was being read")
    case .cutShort(let offset, let count):
      Diagnosis(.badData, file: file, "is cut short: \(count) bytes are needed here", offset: offset)
    }
  }
}
