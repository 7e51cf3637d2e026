import ModelIR
import Synchronization

/// Bytes that do not stay as they are.
final class ChangingSource: ByteSource {
  private struct State {
    var bytes: [UInt8]
    var generator: SeededGenerator
    /// In how many of a hundred reads some bytes are others.
    var unrest = 0
  }

  private let state: Mutex<State>
  let byteCount: UInt64
  let displayName = "changing"

  init(_ bytes: [UInt8], stream: String) {
    byteCount = UInt64(bytes.count)
    state = Mutex(State(bytes: bytes, generator: SeededGenerator(stream: stream)))
  }

  /// Has other bytes from now on; as many as before.
  func replace(with bytes: [UInt8]) {
    precondition(UInt64(bytes.count) == byteCount)
    state.withLock { $0.bytes = bytes }
  }

  /// From now on, so many of a hundred reads yield bytes that are not there.
  func stir(percentage: Int) { state.withLock { $0.unrest = percentage } }

  func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
    var found: [UInt8] = []
    try state.withLock { state in
      found = [UInt8](repeating: 0, count: count)
      try MemorySource(state.bytes, named: displayName).read(count, at: offset, into: &found, startingAt: 0)
      guard count > 0, state.generator.isHit(percentage: state.unrest) else { return }
      for _ in 0...Int.random(in: 0..<3, using: &state.generator) {
        let place = Int.random(in: 0..<count, using: &state.generator)
        found[place] = state.generator.pick([
          0, 0xff, found[place] ^ 1, found[place] ^ 0x80, found[place] &+ 1,
        ])
      }
    }
    buffer.replaceSubrange(start..<(start + count), with: found)
  }

  func rest() throws {}
}
