/// What the index of a compressed tensor says of one chunk.
public struct ChunkRecord: Sendable, Hashable {
  /// How the chunk is coded; see ``ChunkMode``.
  public var mode: ChunkMode
  /// How many elements have set bits, where a mask is split off; else 0.
  public var nonzeroCount: UInt32
  /// The lowest exponent of the window; for doubles what was taken from every exponent.
  public var base: UInt16
  /// How many exponents the window has.
  public var window: UInt8
  /// The compressed bytes of each plane, in the order in which the mode lists them; unused places are 0.
  public var planeBytes: SIMD8<UInt32>
  /// xxh64 of the decoded bytes.
  public var hash: UInt64

  /// A record of these parts.
  public init(
    mode: ChunkMode,
    nonzeroCount: UInt32 = 0,
    base: UInt16 = 0,
    window: UInt8 = 0,
    planeBytes: SIMD8<UInt32> = .zero,
    hash: UInt64 = 0
  ) {
    self.mode = mode
    self.nonzeroCount = nonzeroCount
    self.base = base
    self.window = window
    self.planeBytes = planeBytes
    self.hash = hash
  }

  /// The bytes of all planes' frames.
  public var byteCount: UInt64 {
    var total: UInt64 = 0
    for place in 0..<8 { total &+= UInt64(planeBytes[place]) }
    return total
  }
}
