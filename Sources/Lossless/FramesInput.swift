/// The frames of a chunk, taken one after the other.
struct FramesInput {
  private let frames: UnsafeBufferPointer<UInt8>
  private let sizes: SIMD8<UInt32>
  private var used = 0
  private var place = 0

  /// The frames that a record lists, whose sizes make up `frames`.
  init(_ frames: UnsafeBufferPointer<UInt8>, _ record: ChunkRecord) {
    self.frames = frames
    sizes = record.planeBytes
  }

  /// The next plane's frame, which may be empty; nil behind the last place.
  mutating func next() -> UnsafeBufferPointer<UInt8>? {
    guard place < 8, Int(sizes[place]) <= frames.count - used else { return nil }
    let frame = UnsafeBufferPointer(rebasing: frames[used..<(used + Int(sizes[place]))])
    used += frame.count
    place += 1
    return frame
  }

  /// Whether all was taken.
  var isAtEnd: Bool { used == frames.count }
}
