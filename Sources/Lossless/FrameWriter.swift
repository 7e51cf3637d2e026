internal import CZstd

/// Writes planes as zstd frames; owns the contexts of libzstd.
final class FrameWriter {
  /// What is known of a plane's bytes.
  enum Nature {
    /// Worth Huffman's code.
    case symbols
    /// Whether that pays has to be seen.
    case unknown
    /// The same, and they may repeat themselves.
    case patterned
  }

  /// The bits of a byte from which on a plane is stored.
  static let flatBits = 7.8
  private let literals: OpaquePointer?
  private var matching: OpaquePointer?
  private let usesSequences: Bool
  private let level: CompressionLevel
  private let trial = WorkBuffer()
  private var sequences: [lacuna_zstd_sequence] = []

  /// A writer; `usesSequences` takes the second way to Huffman's code even where the first is open.
  init(level: CompressionLevel, usesSequences: Bool) {
    self.level = level
    literals = ZSTD_createCCtx()
    // "literalCompressionMode", an experimental parameter whose number is the same since 1.4.
    let literalMode = ZSTD_cParameter(rawValue: 1002)
    let bounds = ZSTD_cParam_getBounds(literalMode)
    let isKnown = ZSTD_isError(bounds.error) == 0 && bounds.lowerBound <= 1 && bounds.upperBound >= 1
    self.usesSequences = usesSequences || !isKnown
    if self.usesSequences {
      // The strategy of level 3 codes literals unasked; the other parameter says that sequences have ends of blocks.
      set(literals, ZSTD_c_compressionLevel, 3)
      set(literals, ZSTD_cParameter(rawValue: 1008), 1)
    } else {
      // Steps so long that nothing is matched, and literals coded nevertheless.
      set(literals, ZSTD_c_compressionLevel, 1)
      set(literals, ZSTD_c_strategy, 1)
      set(literals, ZSTD_c_targetLength, 131_072)
      set(literals, ZSTD_c_minMatch, 7)
      set(literals, ZSTD_c_hashLog, 6)
      set(literals, literalMode, 1)
    }
    set(literals, ZSTD_c_windowLog, 17)
  }

  deinit {
    ZSTD_freeCCtx(literals)
    ZSTD_freeCCtx(matching)
  }

  private func set(_ context: OpaquePointer?, _ parameter: ZSTD_cParameter, _ value: Int32) {
    _ = ZSTD_CCtx_setParameter(context, parameter, value)
  }

  /// Whether a plane is stored without a try.
  func isFlat(_ plane: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    ByteCounts(plane, count).entropy >= Self.flatBits
  }

  /// Writes the frame of a plane to `frame`, which has `room`; returns its size, or nil where it does not fit.
  func write(
    _ plane: UnsafePointer<UInt8>,
    _ count: Int,
    _ nature: Nature,
    to frame: UnsafeMutablePointer<UInt8>,
    room: Int
  ) -> Int? {
    let stored = RawFrame.byteCount(of: count)
    var best = Int.max
    if count >= 32 {
      let bits = nature == .symbols ? 0 : ByteCounts(plane, count).entropy
      if bits < Self.flatBits, let size = huffman(plane, count, to: frame, room: min(room, stored)) {
        best = size
      }
      if let matched = matchingLevel(nature, plane, count, bits) {
        let other = trial.holding(stored)
        if let size = match(plane, count, level: matched, to: other, room: min(room, stored)), size < best {
          frame.update(from: other, count: size)
          best = size
        }
      }
    }
    if best < stored { return best }
    guard stored <= room else { return nil }
    return RawFrame.write(
      UnsafeRawBufferPointer(start: plane, count: count),
      to: UnsafeMutableRawBufferPointer(start: frame, count: stored)
    )
  }

  /// The level at which repetitions are looked for, or nil where they are not.
  private func matchingLevel(
    _ nature: Nature,
    _ plane: UnsafePointer<UInt8>,
    _ count: Int,
    _ bits: Double
  ) -> Int32? {
    switch (nature, level) {
    case (.symbols, _): return nil
    case (.unknown, .max): return bits < 7.95 && repeats(plane, count) ? 19 : nil
    case (.unknown, _): return bits < 2 ? 1 : nil
    case (.patterned, .fast): return 1
    case (.patterned, .default): return count <= 1 << 16 || repeats(plane, count) ? 3 : nil
    case (.patterned, .max): return count <= 1 << 16 || repeats(plane, count) ? 19 : nil
    }
  }

  /// Whether repetitions shorten a part from the middle by 3 % more than Huffman's code.
  private func repeats(_ plane: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let length = min(count, 1 << 15)
    let part = plane + (count - length) / 2
    let room = trial.holding(RawFrame.byteCount(of: count))
    let matched = match(part, length, level: 3, to: room, room: length) ?? length
    let coded = huffman(part, length, to: room, room: length) ?? length
    return 32 * matched < 31 * coded
  }

  private func huffman(
    _ plane: UnsafePointer<UInt8>,
    _ count: Int,
    to frame: UnsafeMutablePointer<UInt8>,
    room: Int
  ) -> Int? {
    guard let literals else { return nil }
    var size: Int
    if usesSequences {
      let most = RawFrame.mostBlockBytes
      sequences.removeAll(keepingCapacity: true)
      var left = count
      repeat {
        let length = min(left, most)
        sequences.append(
          lacuna_zstd_sequence(offset: 0, litLength: UInt32(length), matchLength: 0, rep: 0)
        )
        left -= length
      } while left > 0
      size = ZSTD_compressSequences(literals, frame, room, sequences, sequences.count, plane, count)
    } else {
      size = ZSTD_compress2(literals, frame, room, plane, count)
    }
    return ZSTD_isError(size) == 0 ? size : nil
  }

  private func match(
    _ plane: UnsafePointer<UInt8>,
    _ count: Int,
    level: Int32,
    to frame: UnsafeMutablePointer<UInt8>,
    room: Int
  ) -> Int? {
    if matching == nil { matching = ZSTD_createCCtx() }
    guard let matching else { return nil }
    let size = ZSTD_compressCCtx(matching, frame, room, plane, count, level)
    return ZSTD_isError(size) == 0 ? size : nil
  }
}
