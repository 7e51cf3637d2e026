internal import ModelIR
internal import Synchronization

/// What encoding does to numbers, summed up from several threads while they are read.
///
/// Numbers are read more often than they are written; what is summed up is said by the mode.
public final class EncodingTally: Sendable {
  /// What reading does.
  public enum Mode: UInt8, Sendable {
    /// Blocks are made and nothing is summed up.
    case off
    /// Zeros are counted, and no blocks are made: what is read means nothing.
    case zeros
    /// Blocks are made and compared with the numbers.
    case losses
  }

  /// The sums.
  public struct Sums: Sendable, Hashable {
    /// How many numbers there were.
    public var count: UInt64 = 0
    /// How many of them were 0, of either sign.
    public var zeros: UInt64 = 0
    /// How many of these became other numbers.
    public var lostZeros: UInt64 = 0
    /// The squares of all numbers.
    public var squares: Double = 0
    /// The squares of what was added to them.
    public var errorSquares: Double = 0

    /// Nothing.
    public init() {}

    /// Adds other sums.
    public static func += (left: inout Sums, right: Sums) {
      left.count &+= right.count
      left.zeros &+= right.zeros
      left.lostZeros &+= right.lostZeros
      left.squares += right.squares
      left.errorSquares += right.errorSquares
    }
  }

  private let state = Mutex(Sums())
  private let modeNow = Atomic<UInt8>(Mode.off.rawValue)

  /// Nothing summed up yet.
  public init() {}

  /// What reading does now.
  public var mode: Mode { Mode(rawValue: modeNow.load(ordering: .acquiring)) ?? .off }

  /// Starts from nothing in this mode; ``Mode/off`` keeps the sums.
  public func start(_ mode: Mode) {
    if mode != .off { state.withLock { $0 = Sums() } }
    modeNow.store(mode.rawValue, ordering: .releasing)
  }

  /// The sums so far.
  public var sums: Sums { state.withLock { $0 } }

  /// Counts zeros of rows of numbers, without the first `skip` of each.
  func addZeros(_ numbers: [UInt8], _ rows: Int, _ columns: Int, skip: Int) {
    var sums = Sums()
    numbers.withUnsafeBytes { numbers in
      for row in 0..<rows {
        guard let base = numbers.baseAddress else { return }
        sums += NumberRun(base + (row * columns + skip) * 4, count: columns - skip).zeros
      }
    }
    add(sums)
  }

  /// Compares rows of numbers with what their blocks stand for, without the first `skip` of each.
  func add(_ numbers: [UInt8], _ decoded: [UInt8], rows: Int, columns: Int, skip: Int) {
    var sums = Sums()
    numbers.withUnsafeBytes { numbers in
      decoded.withUnsafeBytes { decoded in
        for row in 0..<rows {
          guard let base = numbers.baseAddress, let other = decoded.baseAddress else { return }
          let offset = (row * columns + skip) * 4
          sums += NumberRun(base + offset, count: columns - skip).compared(with: other + offset)
        }
      }
    }
    add(sums)
  }

  private func add(_ sums: Sums) { state.withLock { $0 += sums } }
}

/// Consecutive single-precision numbers, a multiple of eight of them.
private struct NumberRun {
  private typealias Lanes = SIMD8<Float>
  private let start: UnsafeRawPointer
  private let count: Int
  /// So many numbers are counted in 32 bits.
  private static let atATime = 1024

  init(_ start: UnsafeRawPointer, count: Int) {
    precondition(count >= 0 && count % 8 == 0, "blocks have whole vectors of numbers")
    self.start = start
    self.count = count
  }

  /// How many there are, and how many are 0.
  var zeros: EncodingTally.Sums {
    var sums = EncodingTally.Sums()
    sums.count = UInt64(count)
    var index = 0
    while index < count {
      let end = min(count, index &+ Self.atATime)
      var zeros = SIMD8<Int32>(repeating: 0)
      while index < end {
        let numbers = start.loadUnaligned(fromByteOffset: index &* 4, as: Lanes.self)
        zeros &-= Self.mask(numbers .== Lanes(repeating: 0))
        index &+= 8
      }
      sums.zeros &+= UInt64(zeros.wrappedSum())
    }
    return sums
  }

  /// The sums of these numbers, which became `others`.
  func compared(with others: UnsafeRawPointer) -> EncodingTally.Sums {
    var sums = EncodingTally.Sums()
    sums.count = UInt64(count)
    var index = 0
    while index < count {
      let end = min(count, index &+ Self.atATime)
      var (zeros, lost) = (SIMD8<Int32>(repeating: 0), SIMD8<Int32>(repeating: 0))
      // Single precision would lose the squares of the smallest numbers and overflow with the largest.
      var (squares, errors) = (SIMD8<Double>(repeating: 0), SIMD8<Double>(repeating: 0))
      while index < end {
        let numbers = start.loadUnaligned(fromByteOffset: index &* 4, as: Lanes.self)
        let other = others.loadUnaligned(fromByteOffset: index &* 4, as: Lanes.self)
        let areZero = numbers .== Lanes(repeating: 0)
        zeros &-= Self.mask(areZero)
        lost &-= Self.mask(areZero .& (other .!= Lanes(repeating: 0)))
        let exact = SIMD8<Double>(numbers)
        squares += exact * exact
        let error = SIMD8<Double>(other) - exact
        errors += error * error
        index &+= 8
      }
      sums.zeros &+= UInt64(zeros.wrappedSum())
      sums.lostZeros &+= UInt64(lost.wrappedSum())
      sums.squares += squares.sum()
      sums.errorSquares += errors.sum()
    }
    return sums
  }

  /// -1 in each lane that is set.
  @inline(__always)
  private static func mask(_ lanes: SIMDMask<SIMD8<Int32>>) -> SIMD8<Int32> {
    unsafeBitCast(lanes, to: SIMD8<Int32>.self)
  }
}
