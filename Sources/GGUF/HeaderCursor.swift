internal import ModelIR

/// Reads a file front to back through one window of it.
///
/// Reads return nil where the file ends before; the caller knows what that means.
struct HeaderCursor {
  static let windowSize = 1 << 17

  private let source: any ByteSource
  /// The size of the file.
  let byteCount: UInt64
  /// How integers are stored.
  var isBigEndian = false
  private var window: [UInt8] = []
  /// Where the window starts in the file.
  private var start: UInt64 = 0
  /// Where the next byte is read.
  private(set) var position: UInt64 = 0

  init(_ source: any ByteSource) {
    self.source = source
    byteCount = source.byteCount
  }

  /// The bytes that follow.
  var left: UInt64 { byteCount - position }

  /// Goes to a place in the file.
  mutating func seek(to place: UInt64) {
    precondition(place <= byteCount, "a place behind the end")
    position = place
  }

  /// Passes over bytes; false where there are not so many.
  mutating func skip(_ count: UInt64) -> Bool {
    guard count <= left else { return false }
    position += count
    return true
  }

  /// Makes the window hold the next `count` bytes and returns where they start in it.
  private mutating func need(_ count: Int) throws -> Int? {
    // Both differences fit: the window is small, and a place before it makes a huge number.
    let index = position &- start
    if index <= UInt64(window.count), count <= window.count - Int(index) { return Int(index) }
    guard UInt64(count) <= left else { return nil }
    let size = Int(min(UInt64(Self.windowSize), left))
    if size > window.count {
      window += repeatElement(0, count: size - window.count)
    } else {
      window.removeLast(window.count - size)
    }
    do {
      try source.read(size, at: position, into: &window, startingAt: 0)
    } catch {
      window = []
      throw error
    }
    start = position
    return 0
  }

  /// The next `width` bytes as an integer; at most 8.
  mutating func word(_ width: Int) throws -> UInt64? {
    guard let index = try need(width) else { return nil }
    var value: UInt64 = 0
    var place = 0
    if isBigEndian {
      while place < width {
        value = value &<< 8 | UInt64(window[index &+ place])
        place &+= 1
      }
    } else {
      while place < width {
        value |= UInt64(window[index &+ place]) &<< UInt64(place &* 8)
        place &+= 1
      }
    }
    position += UInt64(width)
    return value
  }

  /// The next `count` bytes.
  mutating func bytes(_ count: Int) throws -> [UInt8]? {
    guard UInt64(count) <= left else { return nil }
    if count <= Self.windowSize {
      guard let index = try need(count) else { return nil }
      position += UInt64(count)
      return Array(window[index..<(index + count)])
    }
    var bytes = [UInt8](repeating: 0, count: count)
    try source.read(count, at: position, into: &bytes, startingAt: 0)
    position += UInt64(count)
    return bytes
  }
}
