internal import CZstd

/// Reads planes from zstd frames; owns the context of libzstd.
final class FrameReader {
  private let context = ZSTD_createDCtx()

  deinit { ZSTD_freeDCtx(context) }

  /// The bytes that a frame says it holds, or nil where it does not say, or is no frame that starts a plane.
  func contentSize(_ frame: UnsafePointer<UInt8>, _ size: Int) -> Int? {
    guard isFrame(frame, size) else { return nil }
    return Int(exactly: ZSTD_getFrameContentSize(frame, size))
  }

  /// Whether these bytes start as a frame of data: libzstd would take skippable ones and those of its first versions.
  private func isFrame(_ frame: UnsafePointer<UInt8>, _ size: Int) -> Bool {
    if size < RawFrame.magic.count { return false }
    for place in 0..<4 where frame[place] != RawFrame.magic[place] { return false }
    return true
  }

  /// The `count` bytes that the frame holds: where they lie in it, else in the buffer.
  /// - Returns: nil unless this is exactly one frame of exactly so many bytes that needs no dictionary.
  func plane(
    _ frame: UnsafePointer<UInt8>,
    _ size: Int,
    _ count: Int,
    in buffer: WorkBuffer
  ) -> UnsafePointer<UInt8>? {
    if let start = RawFrame.content(UnsafeRawBufferPointer(start: frame, count: size), count) {
      return frame + start
    }
    let bytes = buffer.holding(count)
    return read(frame, size, count, into: bytes) ? UnsafePointer(bytes) : nil
  }

  /// Writes the `count` bytes that the frame holds to `bytes`; false, with these bytes unspecified, as above.
  func read(
    _ frame: UnsafePointer<UInt8>,
    _ size: Int,
    _ count: Int,
    into bytes: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    let source = UnsafeRawBufferPointer(start: frame, count: size)
    if RawFrame.read(source, into: UnsafeMutableRawBufferPointer(start: bytes, count: count)) { return true }
    guard let context, contentSize(frame, size) == count, ZSTD_getDictID_fromFrame(frame, size) == 0,
      ZSTD_findFrameCompressedSize(frame, size) == size
    else { return false }
    return ZSTD_decompressDCtx(context, bytes, count, frame, size) == count
  }
}
