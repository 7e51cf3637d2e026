/// A zstd frame whose blocks hold their bytes as they are: for planes that no coder makes smaller.
///
/// Written by hand (RFC 8878, section 3.1.1): magic, a header byte for "single segment, 4 bytes of content size",
/// the size, and blocks of at most 128 KiB, each behind 3 bytes. A reader of ours copies from it without libzstd.
enum RawFrame {
  static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  static let headerBytes = 9
  static let mostBlockBytes = 1 << 17

  /// The bytes of the frame of so many bytes.
  static func byteCount(of count: Int) -> Int {
    headerBytes + 3 * max(1, (count + mostBlockBytes - 1) / mostBlockBytes) + count
  }

  /// Writes the frame of `bytes` and returns its size; `frame` has room for it.
  static func write(_ bytes: UnsafeRawBufferPointer, to frame: UnsafeMutableRawBufferPointer) -> Int {
    precondition(frame.count >= byteCount(of: bytes.count), "no room for a frame")
    for place in 0..<4 { frame[place] = magic[place] }
    frame[4] = 0xA0
    frame.storeBytes(of: UInt32(bytes.count).littleEndian, toByteOffset: 5, as: UInt32.self)
    var (from, to) = (0, headerBytes)
    repeat {
      let size = min(mostBlockBytes, bytes.count - from)
      let isLast = from + size == bytes.count
      let header = UInt32(size) << 3 | (isLast ? 1 : 0)
      frame[to] = UInt8(truncatingIfNeeded: header)
      frame[to + 1] = UInt8(truncatingIfNeeded: header >> 8)
      frame[to + 2] = UInt8(truncatingIfNeeded: header >> 16)
      let place = UnsafeMutableRawBufferPointer(rebasing: frame[(to + 3)..<(to + 3 + size)])
      place.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[from..<(from + size)]))
      from += size
      to += 3 + size
    } while from < bytes.count
    return to
  }

  /// The bytes before the first byte of a frame's content.
  static let contentOffset = headerBytes + 3

  /// Writes what stands before content that lies in its place already, in one block.
  static func writeHead(ofOneBlock count: Int, to frame: UnsafeMutableRawPointer) {
    precondition(count <= mostBlockBytes, "more than a block")
    for place in 0..<4 { frame.storeBytes(of: magic[place], toByteOffset: place, as: UInt8.self) }
    frame.storeBytes(of: 0xA0, toByteOffset: 4, as: UInt8.self)
    frame.storeBytes(of: UInt32(count).littleEndian, toByteOffset: 5, as: UInt32.self)
    let header = UInt32(count) << 3 | 1
    for byte in 0..<3 {
      let value = UInt8(truncatingIfNeeded: header >> UInt32(8 * byte))
      frame.storeBytes(of: value, toByteOffset: headerBytes + byte, as: UInt8.self)
    }
  }

  /// Where the bytes start in a frame of ours that holds so many in one block; nil for all others.
  static func content(_ frame: UnsafeRawBufferPointer, _ count: Int) -> Int? {
    guard count <= mostBlockBytes, frame.count == byteCount(of: count), frame[4] == 0xA0 else { return nil }
    for place in 0..<4 where frame[place] != magic[place] { return nil }
    let header = UInt32(frame[9]) | UInt32(frame[10]) << 8 | UInt32(frame[11]) << 16
    guard UInt32(littleEndian: frame.loadUnaligned(fromByteOffset: 5, as: UInt32.self)) == UInt32(count),
      header == UInt32(count) << 3 | 1
    else { return nil }
    return contentOffset
  }

  /// Copies out what a frame of ours holds; false where it is not the frame of so many bytes.
  static func read(_ frame: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
    guard frame.count == byteCount(of: bytes.count) else { return false }
    for place in 0..<4 where frame[place] != magic[place] { return false }
    guard frame[4] == 0xA0,
      UInt32(littleEndian: frame.loadUnaligned(fromByteOffset: 5, as: UInt32.self)) == UInt32(bytes.count)
    else { return false }
    var (from, to) = (headerBytes, 0)
    repeat {
      let size = min(mostBlockBytes, bytes.count - to)
      let header = UInt32(frame[from]) | UInt32(frame[from + 1]) << 8 | UInt32(frame[from + 2]) << 16
      guard header == UInt32(size) << 3 | (to + size == bytes.count ? 1 : 0) else { return false }
      let place = UnsafeMutableRawBufferPointer(rebasing: bytes[to..<(to + size)])
      place.copyMemory(from: UnsafeRawBufferPointer(rebasing: frame[(from + 3)..<(from + 3 + size)]))
      from += 3 + size
      to += size
    } while to < bytes.count
    return true
  }
}
