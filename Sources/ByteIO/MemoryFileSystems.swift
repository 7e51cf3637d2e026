#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// File systems that hold files in memory: Linux's tmpfs and ramfs.
///
/// To reserve space there is to take the memory page by page before the writes that would do just that, and costs a
/// quarter of the writing; the space that is left is known without.
package enum MemoryFileSystems {
  /// The names that the kernel has for them.
  private static let names: Set<Substring> = ["tmpfs", "ramfs"]
  /// A table of mounts that is larger is not looked at.
  private static let mostBytes = 1 << 20

  /// Whether the file of a descriptor lies in one; false where that cannot be told.
  static func hold(_ descriptor: CInt) -> Bool {
    #if canImport(Darwin)
      return false
    #else
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return false }
      // "makedev(3)": 12 bits of the major number lie between 8 and 12 bits of the minor one, and all others above.
      let number = UInt64(status.st_dev)
      let device = (
        major: UInt32(truncatingIfNeeded: number &>> 8 & 0xFFF | number &>> 32 & ~0xFFF),
        minor: UInt32(truncatingIfNeeded: number & 0xFF | number &>> 12 & ~0xFF)
      )
      return mounts().map { type(of: device, in: $0).map(names.contains) ?? false } ?? false
    #endif
  }

  /// The type of a device's file system by a table of mounts, "proc(5)": in each line the third word is the device,
  /// and the type is the first word behind a lone hyphen.
  package static func type(of device: (major: UInt32, minor: UInt32), in mounts: String) -> Substring? {
    let wanted = "\(device.major):\(device.minor)"
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 2, words[2] == wanted, let hyphen = words.firstIndex(of: "-") else { continue }
      return hyphen + 1 < words.count ? words[hyphen + 1] : nil
    }
    return nil
  }

  /// The bytes that are left there for this user; nil where that cannot be told.
  static func bytesLeft(_ descriptor: CInt) -> UInt64? {
    var status = statvfs()
    guard fstatvfs(descriptor, &status) == 0 else { return nil }
    let left = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return left.overflow ? nil : left.partialValue
  }

  private static func mounts() -> String? {
    let descriptor = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while text.count < mostBytes {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 { return nil }
      if count == 0 { return String(decoding: text, as: UTF8.self) }
      text += buffer[..<count]
    }
    return nil
  }
}
