public import ModelIR

/// Counts the values of elements: by their upper 16 bits, byte plane by byte plane, and as moments.
///
/// Elements of up to 16 bits are counted value by value, so that everything else follows from the counts; of wider ones
/// the upper 16 bits tell sign, exponent and some of the mantissa, and moments are summed apart. Memory: 512 KiB.
public struct ValueCensus: Sendable {
  /// The type of the elements.
  public let type: ElementType
  /// How many elements have these upper 16 bits; elements of 8 bits count by all of them.
  public private(set) var upper: [UInt64]
  /// How many elements have this byte, for each byte below the upper 16 bits, the lowest first.
  public private(set) var lower: [[UInt64]]
  /// What types over 16 bits add up to; empty for narrower ones, whose counts tell it.
  public private(set) var moments = Moments()

  /// Where the table that spares the counters equal neighbours starts.
  private let tableSize: Int

  /// The type's number of bits, or nil where elements share bytes or are pairs of numbers.
  public init?(_ type: ElementType) {
    guard let width = type.byteWidth, type != .complex64 else { return nil }
    self.type = type
    tableSize = width == 1 ? 256 : 65536
    upper = [UInt64](repeating: 0, count: tableSize)
    lower = (2..<max(2, width)).map { _ in [UInt64](repeating: 0, count: 256) }
  }

  /// How many elements were counted.
  public var count: UInt64 { upper.reduce(0, &+) }

  /// Adds `count` elements of `dense`, and returns their moments where the type has them summed apart.
  ///
  /// Moments are not added to ``moments``: they depend on the order, which is the caller's.
  public mutating func add(_ dense: [UInt8], count: Int) -> Moments {
    precondition(dense.count >= count * (type.byteWidth ?? 1))
    return dense.withUnsafeBytes { bytes in
      switch type.byteWidth {
      case 1:
        tally(bytes, count, UInt8.self)
        return Moments()
      case 2:
        tally(bytes, count, UInt16.self)
        return Moments()
      case 4:
        tally(bytes, count, UInt32.self)
        switch type {
        case .float32:
          return Moments(count) { Double(Float(bitPattern: bytes.lane($0, UInt32.self))) }
        case .int32: return Moments(count) { Double(Int32(bitPattern: bytes.lane($0, UInt32.self))) }
        default: return Moments(count) { Double(bytes.lane($0, UInt32.self)) }
        }
      default:
        tally(bytes, count, UInt64.self)
        switch type {
        case .float64: return Moments(count) { Double(bitPattern: bytes.lane($0, UInt64.self)) }
        case .int64: return Moments(count) { Double(Int64(bitPattern: bytes.lane($0, UInt64.self))) }
        default: return Moments(count) { Double(bytes.lane($0, UInt64.self)) }
        }
      }
    }
  }

  /// Adds moments of elements that were counted, in an order that does not depend on threads.
  public mutating func add(_ moments: Moments) { self.moments.add(moments) }

  /// Adds the counts of other elements of the type; not their moments.
  public mutating func addCounts(_ other: ValueCensus) {
    for index in upper.indices { upper[index] &+= other.upper[index] }
    for plane in lower.indices {
      for index in lower[plane].indices { lower[plane][index] &+= other.lower[plane][index] }
    }
  }

  private mutating func tally<Lane: FixedWidthInteger & UnsignedInteger>(
    _ bytes: UnsafeRawBufferPointer,
    _ count: Int,
    _: Lane.Type
  ) {
    let shift = Lane(truncatingIfNeeded: max(0, Lane.bitWidth - 16))
    upper.withUnsafeMutableBufferPointer { upper in
      guard let upper = upper.baseAddress else { return }
      // Runs of one value, zero above all, would have every increment wait for the one before.
      var zeros: UInt64 = 0
      var index = 0
      while index < count {
        let value = Int(truncatingIfNeeded: bytes.lane(index, Lane.self) &>> shift)
        let isZero: UInt64 = value == 0 ? 1 : 0
        zeros &+= isZero
        upper[value] &+= 1 &- isZero
        index &+= 1
      }
      upper[0] &+= zeros
    }
    for plane in lower.indices {
      lower[plane].withUnsafeMutableBufferPointer { counts in
        guard let counts = counts.baseAddress else { return }
        let shift = Lane(truncatingIfNeeded: 8 * plane)
        var zeros: UInt64 = 0
        var index = 0
        while index < count {
          let value = Int(truncatingIfNeeded: bytes.lane(index, Lane.self) &>> shift & 0xFF)
          let isZero: UInt64 = value == 0 ? 1 : 0
          zeros &+= isZero
          counts[value] &+= 1 &- isZero
          index &+= 1
        }
        counts[0] &+= zeros
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian element at `index`.
  @inline(__always)
  fileprivate func lane<Lane: FixedWidthInteger>(_ index: Int, _: Lane.Type) -> Lane {
    Lane(littleEndian: loadUnaligned(fromByteOffset: index &* MemoryLayout<Lane>.size, as: Lane.self))
  }
}

/// Count, mean, spread and extremes of finite numbers.
///
/// Pieces are put together by the formula of Chan, Golub and LeVeque (1979), which loses nothing where the mean is large
/// beside the spread.
public struct Moments: Sendable, Hashable {
  /// How many finite numbers there are.
  public private(set) var count: UInt64 = 0
  /// Their mean; 0 without any.
  public private(set) var mean: Double = 0
  /// The sum of the squared distances from the mean.
  public private(set) var squares: Double = 0
  /// The least; infinite without any.
  public private(set) var least = Double.infinity
  /// The greatest; negative infinite without any.
  public private(set) var greatest = -Double.infinity

  /// No number yet.
  public init() {}

  /// One number, so many times.
  public init(_ number: Double, times count: UInt64) {
    guard count > 0, number.isFinite else { return }
    (self.count, mean, least, greatest) = (count, number, number, number)
  }

  /// The standard deviation over all of them (not of a sample); 0 without any, infinite where squares exceed doubles.
  public var deviation: Double {
    if count == 0 { return 0 }
    return squares.isNaN ? .infinity : (squares / Double(count)).squareRoot()
  }

  /// Numbers of a piece that stays in the cache: read once for the mean, once for the distances.
  @inline(__always)
  fileprivate init(_ total: Int, _ number: (Int) -> Double) {
    let piece = 4096
    var start = 0
    while start < total {
      let end = min(total, start &+ piece)
      var part = Moments()
      var sum = 0.0
      var finite = 0
      var index = start
      while index < end {
        let value = number(index)
        if value.isFinite {
          sum += value
          finite &+= 1
          part.least = Swift.min(part.least, value)
          part.greatest = Swift.max(part.greatest, value)
        }
        index &+= 1
      }
      if finite > 0 {
        part.count = UInt64(finite)
        part.mean = sum / Double(finite)
        index = start
        var squares = 0.0
        while index < end {
          let value = number(index)
          let distance = value - part.mean
          if value.isFinite { squares += distance * distance }
          index &+= 1
        }
        part.squares = squares
        add(part)
      }
      start = end
    }
  }

  /// Adds other numbers.
  public mutating func add(_ other: Moments) {
    guard other.count > 0 else { return }
    let total = Double(count) + Double(other.count)
    let distance = other.mean - mean
    let share = Double(other.count) / total
    squares += other.squares + distance * distance * Double(count) * share
    mean += distance * share
    count += other.count
    least = Swift.min(least, other.least)
    greatest = Swift.max(greatest, other.greatest)
  }
}
