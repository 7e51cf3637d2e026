import CKernels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The bytes that a kernel may touch behind the last value.
let slack = Int(LACUNA_KERNELS_SLACK)

/// Bytes for a kernel to write into, between bytes that it must leave alone.
struct CanaryBytes {
  private static let canary: UInt8 = 0xa5
  private static let margin = 80

  let offset: Int
  private var storage: [UInt8]

  /// The bytes start `offset` bytes behind an alignment of the storage.
  init(count: Int, offset: Int) {
    self.offset = offset
    storage = [UInt8](repeating: Self.canary, count: 2 * Self.margin + offset + count)
  }

  var bytes: [UInt8] {
    Array(storage[(Self.margin + offset)..<(storage.count - Self.margin)])
  }

  /// Whether nothing was written outside of the bytes.
  var isIntact: Bool {
    storage.prefix(Self.margin + offset).allSatisfy { $0 == Self.canary }
      && storage.suffix(Self.margin).allSatisfy { $0 == Self.canary }
  }

  mutating func withPointer<Result>(_ body: (UnsafeMutablePointer<UInt8>?) -> Result) -> Result {
    let start = Self.margin + offset
    return storage.withUnsafeMutableBufferPointer { buffer in
      body(buffer.baseAddress.map { $0 + start })
    }
  }
}

/// Calls `body` with the bytes at an address that is `offset` bytes behind an aligned one.
func withBytes<Result>(
  _ bytes: [UInt8],
  offset: Int,
  _ body: (UnsafePointer<UInt8>?) -> Result
) -> Result {
  let storage = [UInt8](repeating: 0xff, count: offset) + bytes
  return storage.withUnsafeBufferPointer { buffer in
    body(buffer.baseAddress.map { $0 + offset })
  }
}

/// Memory that ends where touching the next byte ends the process.
final class GuardedMemory {
  enum Failure: Error {
    case cannotMap(errno: Int32)
    case cannotProtect(errno: Int32)
  }

  private let start: UnsafeMutableRawPointer
  private let size: Int
  private let pageSize = Int(getpagesize())

  init() throws {
    size = 4 * pageSize
    let mapped = mmap(nil, size + pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { throw Failure.cannotMap(errno: errno) }
    start = mapped
    guard mprotect(start + size, pageSize, PROT_NONE) == 0 else {
      throw Failure.cannotProtect(errno: errno)
    }
  }

  deinit {
    munmap(start, size + pageSize)
  }

  /// The last `count` elements of the memory.
  func last<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
    let bytes = count * MemoryLayout<Element>.stride
    precondition(bytes <= size)
    return (start + size - bytes).assumingMemoryBound(to: type)
  }

  /// The elements, copied to the end of the memory.
  func holding<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let pointer = last(elements.count, of: Element.self)
    pointer.update(from: elements, count: elements.count)
    return pointer
  }
}
