/// Memory that is used again and again, and grows to what was asked of it most.
///
/// Grown memory is not initialised: who asks for it writes before reading.
final class WorkBuffer {
  private(set) var bytes = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
  private var capacity = 64

  deinit { bytes.deallocate() }

  /// The start of at least `count` bytes; what was in them may be gone.
  func holding(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if count > capacity {
      bytes.deallocate()
      // In steps, so that chunks of slightly different sizes take the same memory.
      capacity = (count + 0xFFFF) & ~0xFFFF
      bytes = .allocate(byteCount: capacity, alignment: 64)
    }
    return bytes.assumingMemoryBound(to: UInt8.self)
  }
}
