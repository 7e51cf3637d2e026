#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A file of the scratch folder that could not be written.
struct ScratchFailure: Error, CustomStringConvertible {
  var description: String

  init(_ what: String, _ path: String) {
    description = "\(path): \(what): \(String(cString: strerror(errno)))"
  }
}

/// A folder for inputs and outputs, of this run alone.
struct ScratchFolder {
  let path: String

  /// A new folder within `parent`, or where there is none, in memory if the system has such a place.
  init(within parent: String?) throws {
    let usual =
      access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent ?? usual)/lacuna-benchmarks.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ScratchFailure("mkdtemp", parent ?? usual) }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The path of a file in the folder.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes a folder within the folder.
  func makeFolder(_ name: String) throws -> String {
    guard mkdir(file(name), 0o755) == 0 else { throw ScratchFailure("mkdir", file(name)) }
    return file(name)
  }

  /// Removes a file, or a folder of files, if it is there.
  func remove(_ name: String) {
    if unlink(file(name)) == 0 { return }
    for inner in Self.names(in: file(name)) { unlink("\(file(name))/\(inner)") }
    rmdir(file(name))
  }

  /// The bytes that still fit.
  var freeBytes: Int {
    var facts = statvfs()
    guard statvfs(path, &facts) == 0 else { return 0 }
    return Int(facts.f_bavail) * Int(facts.f_frsize)
  }

  /// Removes the folder and what it holds, two levels deep.
  func remove() {
    for name in Self.names(in: path) { remove(name) }
    rmdir(path)
  }

  private static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// The names in a folder.
  static func files(in path: String) -> [String] { names(in: path) }

  /// The bytes of a file.
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw ScratchFailure("open", path) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes { bytes in
        let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
        return pread(descriptor, rest.baseAddress, rest.count, off_t(done))
      }
      if count == 0 || (count < 0 && errno != EINTR) { throw ScratchFailure("read", path) }
      done += max(0, count)
    }
    return bytes
  }

  /// How many bytes a file has.
  static func byteCount(of path: String) throws -> Int {
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw ScratchFailure("stat", path) }
    return Int(facts.st_size)
  }

  /// Writes a file.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try OpenFile(path)
    try file.write(bytes[...])
  }
}

/// A new file that is written from its start; what is skipped is a hole.
final class OpenFile {
  private let path: String
  private let descriptor: CInt
  private var offset = 0

  init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw ScratchFailure("open", path) }
  }

  deinit { close(descriptor) }

  /// Writes bytes behind those before.
  func write(_ bytes: ArraySlice<UInt8>) throws {
    try bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset))
        if count < 0 && errno != EINTR { throw ScratchFailure("write", path) }
        if count > 0 {
          done += count
          offset += count
        }
      }
    }
  }

  /// Leaves a hole of so many bytes.
  func skip(_ byteCount: Int) throws {
    offset += byteCount
    guard ftruncate(descriptor, off_t(offset)) == 0 else { throw ScratchFailure("ftruncate", path) }
  }
}
