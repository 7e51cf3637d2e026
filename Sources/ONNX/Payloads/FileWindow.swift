internal import ModelIR

/// A piece of a file in memory, moved forward over runs that may be many and short.
///
/// Memory: at most ``largest`` bytes.
struct FileWindow {
  /// The most bytes that are held at once.
  static let largest = 1 << 18
  /// The least that is read at once: short runs are neighbours.
  private static let smallest = 256

  /// The bytes; only the first ``count`` of them are of the file.
  private(set) var bytes: [UInt8] = []
  /// Where the first byte lies in the file.
  private(set) var start: UInt64 = 0
  /// How many bytes there are.
  private(set) var count = 0
  private let source: any ByteSource
  /// Where the last run ends: nothing behind it is of use.
  private let end: UInt64

  /// A window over `source`, of which the runs end at `end`.
  init(over source: any ByteSource, upTo end: UInt64) {
    self.source = source
    self.end = end
  }

  /// Whether the byte at `offset` is in the window.
  func holds(_ offset: UInt64) -> Bool { offset >= start && offset - start < UInt64(count) }

  /// Moves the window, so that it starts at `offset`.
  /// - Parameters:
  ///   - runEnd: where the run ends that holds this byte.
  ///   - wanted: about how many bytes will be asked for from there on.
  mutating func move(to offset: UInt64, before runEnd: UInt64, wanting wanted: UInt64) throws {
    precondition(offset < runEnd)
    let target = min(UInt64(Self.largest), max(wanted, UInt64(Self.smallest)))
    let next = Int(min(target, max(end, runEnd) - offset))
    if bytes.count < next { bytes = [UInt8](repeating: 0, count: next) }
    count = 0
    try source.read(next, at: offset, into: &bytes, startingAt: 0)
    start = offset
    count = next
  }
}
