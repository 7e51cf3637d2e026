/// Where the frames of a chunk go, and the record that lists them.
struct FramesOutput {
  let start: UnsafeMutablePointer<UInt8>
  let room: Int
  private(set) var used = 0
  private(set) var place = 0
  var record = ChunkRecord(mode: .raw)
  /// Whether some plane found no room.
  private(set) var isFull = false

  init(_ frames: UnsafeMutableBufferPointer<UInt8>, room: Int) {
    precondition(frames.count >= room, "no room for a chunk's frames")
    guard let start = frames.baseAddress else { preconditionFailure("no room for a chunk's frames") }
    self.start = start
    self.room = room
  }

  init(_ start: UnsafeMutablePointer<UInt8>, room: Int) {
    self.start = start
    self.room = room
  }

  /// Writes a plane as the next frame.
  mutating func append(
    _ plane: UnsafePointer<UInt8>,
    _ count: Int,
    _ nature: FrameWriter.Nature,
    by writer: FrameWriter
  ) {
    guard !isFull else { return }
    guard let size = writer.write(plane, count, nature, to: start + used, room: room - used) else {
      isFull = true
      return
    }
    record.planeBytes[place] = UInt32(size)
    place += 1
    used += size
  }

  /// Where the bytes of the next planes will lie if they are stored; nil where one has more than a block, or there is
  /// no room.
  func places(_ counts: [Int]) -> [UnsafeMutablePointer<UInt8>]? {
    var places: [UnsafeMutablePointer<UInt8>] = []
    var end = used
    for count in counts {
      guard count <= RawFrame.mostBlockBytes, room - end >= RawFrame.byteCount(of: count) else { return nil }
      places.append(start + end + RawFrame.contentOffset)
      end += RawFrame.byteCount(of: count)
    }
    return isFull ? nil : places
  }

  /// Makes frames of planes whose bytes were written to their ``places(_:)``.
  mutating func store(_ counts: [Int]) {
    for count in counts {
      RawFrame.writeHead(ofOneBlock: count, to: start + used)
      record.planeBytes[place] = UInt32(RawFrame.byteCount(of: count))
      place += 1
      used += RawFrame.byteCount(of: count)
    }
  }

  /// Leaves the next place without a frame.
  mutating func skip() { place += 1 }

  /// Takes over what another one holds, which has the same room.
  mutating func take(_ other: FramesOutput) {
    start.update(from: other.start, count: other.used)
    (used, place, record, isFull) = (other.used, other.place, other.record, other.isFull)
  }
}
