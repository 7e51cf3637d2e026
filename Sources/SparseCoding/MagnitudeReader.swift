public import ModelIR

/// Reads magnitudes of elements, and sums those that a pattern would remove.
///
/// Memory: a table of 256 KiB at most for types of up to 16 bits, shared by all copies.
public struct MagnitudeReader: Sendable {
  private let form: Form
  private let width: Int
  /// The magnitudes of all keys of 8 or 16 bits; NaN for those that are not finite.
  private let table: [Float]
  /// Whether codes are signed integers; else the bits of a code that make its magnitude.
  private let isSigned: Bool
  /// See ``isSigned``.
  private let mask: UInt32
  /// Whether a sign bit alone is NaN, whose key is above all others.
  private let hasLoneNaN: Bool

  private enum Form: Sendable {
    case bytes, pairs, float32, float64
    case integer32(isSigned: Bool)
    case integer64(isSigned: Bool)
  }

  /// A reader of elements of this type; nil for those that share bytes or have no zero or no single magnitude.
  public init?(_ type: ElementType) {
    guard let lanes = LaneWidth(type), ScanType(type)?.hasZero == true else { return nil }
    width = lanes.rawValue
    switch type {
    case .float32: form = .float32
    case .float64: form = .float64
    case .int32, .uint32: form = .integer32(isSigned: type == .int32)
    case .int64, .uint64: form = .integer64(isSigned: type == .int64)
    case .complex64: return nil
    default: form = width == 1 ? .bytes : .pairs
    }
    isSigned = type == .int8 || type == .int16
    switch type {
    case _ where type.isFloatingPoint: mask = width == 1 ? 0x7F : 0x7FFF
    default: mask = .max
    }
    hasLoneNaN = type == .float8E4M3FNUZ || type == .float8E5M2FNUZ
    let isInteger = !type.isFloatingPoint
    table =
      width > 2
      ? []
      : (0..<1 << (8 * width)).map { code in
        let value = isInteger ? Float(code) : SmallNumber.value(ofCode: code, type)
        return value.isFinite ? abs(value) : .nan
      }
  }

  /// Adds the groups of rows that lie one behind the other.
  /// - Parameter columns: the elements of a row; a group that is short at its end counts as if zeros filled it.
  public func add(
    _ dense: [UInt8],
    rows: Int,
    columns: Int,
    _ pattern: NMPattern,
    to loss: inout MagnitudeLoss
  ) {
    precondition(rows * columns * width <= dense.count)
    run(MagnitudeSum(pattern: pattern, rows: rows, columns: columns, isAcross: false), dense, &loss)
  }

  /// Adds one group of each of some columns, whose slices lie one behind the other.
  public func add(
    across dense: [UInt8],
    slices: Int,
    columns: Int,
    _ pattern: NMPattern,
    to loss: inout MagnitudeLoss
  ) {
    precondition(slices * columns * width <= dense.count && slices <= pattern.group)
    run(MagnitudeSum(pattern: pattern, rows: slices, columns: columns, isAcross: true), dense, &loss)
  }

  private func run(_ sum: MagnitudeSum, _ dense: [UInt8], _ loss: inout MagnitudeLoss) {
    dense.withUnsafeBytes { bytes in
      table.withUnsafeBufferPointer { table in
        guard let base = bytes.baseAddress else { return }
        switch form {
        case .bytes:
          if let table = table.baseAddress {
            let source = ByteMagnitudes(
              base: base,
              table: table,
              isSigned: isSigned,
              mask: mask,
              hasLoneNaN: hasLoneNaN
            )
            sum.run(source, &loss)
          }
        case .pairs:
          if let table = table.baseAddress {
            sum.run(PairMagnitudes(base: base, table: table, isSigned: isSigned, mask: mask), &loss)
          }
        case .float32: sum.run(FloatMagnitudes(base: base), &loss)
        case .float64: sum.run(DoubleMagnitudes(base: base), &loss)
        case .integer32(let isSigned): sum.run(Integer32Magnitudes(base: base, isSigned: isSigned), &loss)
        case .integer64(let isSigned): sum.run(Integer64Magnitudes(base: base, isSigned: isSigned), &loss)
        }
      }
    }
  }
}

/// Numbers of up to 16 bits.
private enum SmallNumber {
  /// What a code stands for; NaN where it is none.
  static func value(ofCode code: Int, _ type: ElementType) -> Float {
    switch type {
    case .float16: float(code, exponent: 5, mantissa: 10)
    case .bfloat16: Float(bitPattern: UInt32(truncatingIfNeeded: code) << 16)
    case .float8E5M2: float(code, exponent: 5, mantissa: 2)
    // Only the last code of each sign is no number, and there is no infinity.
    case .float8E4M3: code & 0x7F == 0x7F ? .nan : float(code, exponent: 4, mantissa: 3, hasInfinity: false)
    case .float8E4M3FNUZ:
      code == 0x80 ? .nan : float(code, exponent: 4, mantissa: 3, bias: 8, hasInfinity: false)
    case .float8E5M2FNUZ:
      code == 0x80 ? .nan : float(code, exponent: 5, mantissa: 2, bias: 16, hasInfinity: false)
    case .int8: Float(Int8(truncatingIfNeeded: code))
    case .int16: Float(Int16(truncatingIfNeeded: code))
    default: Float(code)
    }
  }

  private static func float(
    _ code: Int,
    exponent bits: Int,
    mantissa: Int,
    bias: Int? = nil,
    hasInfinity: Bool = true
  ) -> Float {
    let field = code >> mantissa & (1 << bits - 1)
    if hasInfinity && field == 1 << bits - 1 { return .nan }
    let fraction = Float(code & (1 << mantissa - 1)) / Float(1 << mantissa)
    let bias = bias ?? (1 << (bits - 1) - 1)
    let scale = Float(sign: .plus, exponent: max(1, field) - bias, significand: 1)
    return (field == 0 ? fraction : 1 + fraction) * scale
  }
}

/// The magnitudes of elements by their places.
///
/// Keys are whole numbers in the order of the magnitudes: comparing those takes no branch.
private protocol Magnitudes {
  associatedtype Key: FixedWidthInteger & UnsignedInteger
  /// The key of an element.
  func key(_ index: Int) -> Key
  /// The magnitude of a key; NaN or infinite if it is not finite.
  func magnitude(_ key: Key) -> Double
}

extension Magnitudes {
  /// The magnitude of an element.
  @inline(__always)
  subscript(index: Int) -> Double { magnitude(key(index)) }
}

private struct ByteMagnitudes: Magnitudes {
  let base: UnsafeRawPointer
  let table: UnsafePointer<Float>
  let isSigned: Bool
  let mask: UInt32
  let hasLoneNaN: Bool
  @inline(__always)
  func key(_ index: Int) -> UInt32 {
    let code = (base + index).load(as: UInt8.self)
    if isSigned { return UInt32(Int8(bitPattern: code).magnitude) }
    return hasLoneNaN && code == 0x80 ? 0x80 : UInt32(code) & mask
  }
  @inline(__always)
  func magnitude(_ key: UInt32) -> Double { Double(table[Int(key)]) }
}

private struct PairMagnitudes: Magnitudes {
  let base: UnsafeRawPointer
  let table: UnsafePointer<Float>
  let isSigned: Bool
  let mask: UInt32
  @inline(__always)
  func key(_ index: Int) -> UInt32 {
    let code = (base + 2 &* index).loadUnaligned(as: UInt16.self)
    return isSigned ? UInt32(Int16(bitPattern: code).magnitude) : UInt32(code) & mask
  }
  @inline(__always)
  func magnitude(_ key: UInt32) -> Double { Double(table[Int(key)]) }
}

private struct FloatMagnitudes: Magnitudes {
  let base: UnsafeRawPointer
  @inline(__always)
  func key(_ index: Int) -> UInt32 { (base + 4 &* index).loadUnaligned(as: UInt32.self) & 0x7FFF_FFFF }
  @inline(__always)
  func magnitude(_ key: UInt32) -> Double { Double(Float(bitPattern: key)) }
}

private struct DoubleMagnitudes: Magnitudes {
  let base: UnsafeRawPointer
  @inline(__always)
  func key(_ index: Int) -> UInt64 { (base + 8 &* index).loadUnaligned(as: UInt64.self) & UInt64(Int64.max) }
  @inline(__always)
  func magnitude(_ key: UInt64) -> Double { Double(bitPattern: key) }
}

private struct Integer32Magnitudes: Magnitudes {
  let base: UnsafeRawPointer
  let isSigned: Bool
  @inline(__always)
  func key(_ index: Int) -> UInt32 {
    let bits = (base + 4 &* index).loadUnaligned(as: UInt32.self)
    return isSigned ? Int32(bitPattern: bits).magnitude : bits
  }
  @inline(__always)
  func magnitude(_ key: UInt32) -> Double { Double(key) }
}

private struct Integer64Magnitudes: Magnitudes {
  let base: UnsafeRawPointer
  let isSigned: Bool
  @inline(__always)
  func key(_ index: Int) -> UInt64 {
    let bits = (base + 8 &* index).loadUnaligned(as: UInt64.self)
    return isSigned ? Int64(bitPattern: bits).magnitude : bits
  }
  @inline(__always)
  func magnitude(_ key: UInt64) -> Double { Double(key) }
}

/// The sums over a block of elements.
private struct MagnitudeSum {
  let pattern: NMPattern
  /// The rows of the block; where groups run across them, the slices of one group.
  let rows: Int
  let columns: Int
  let isAcross: Bool

  /// Adds the block's sums.
  func run<Source: Magnitudes>(_ source: Source, _ loss: inout MagnitudeLoss) {
    // One row's or block's sums are put together first: long sums of small numbers lose digits.
    if isAcross {
      var sums = MagnitudeLoss()
      var column = 0
      while column < columns {
        add(source, from: column, by: columns, count: rows, &sums)
        column &+= 1
      }
      loss.add(sums)
      return
    }
    let size = pattern.group
    var row = 0
    while row < rows {
      var sums = MagnitudeLoss()
      var column = 0
      while column < columns {
        let count = min(size, columns &- column)
        add(source, from: row &* columns &+ column, by: 1, count: count, &sums)
        column &+= count
      }
      loss.add(sums)
      row &+= 1
    }
  }

  /// Adds one group.
  @inline(__always)
  private func add<Source: Magnitudes>(
    _ source: Source,
    from start: Int,
    by stride: Int,
    count: Int,
    _ sums: inout MagnitudeLoss
  ) {
    if count == 4 && pattern.kept == 2 {
      let (a, b) = (source.key(start), source.key(start &+ stride))
      let (c, d) = (source.key(start &+ 2 &* stride), source.key(start &+ 3 &* stride))
      let (low1, high1) = (min(a, b), max(a, b))
      let (low2, high2) = (min(c, d), max(c, d))
      let first = source.magnitude(min(low1, low2))
      let second = source.magnitude(min(max(low1, low2), min(high1, high2)))
      let third = source.magnitude(max(min(high1, high2), max(low1, low2)))
      let fourth = source.magnitude(max(high1, high2))
      let removed = (first + second, first * first + second * second)
      let kept = (third + fourth, third * third + fourth * fourth)
      if (removed.0 + kept.0).isFinite {
        sums.add((removed.0 + kept.0, removed.1 + kept.1), removed: removed)
        return
      }
    }
    addAny(source, from: start, by: stride, count: count, &sums)
  }

  /// Adds a group of any pattern, some values of which may not be finite.
  @inline(never)
  private func addAny<Source: Magnitudes>(
    _ source: Source,
    from start: Int,
    by stride: Int,
    count: Int,
    _ sums: inout MagnitudeLoss
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: NMPattern.largestGroup) { sorted in
      var filled = 0
      var index = 0
      while index < count {
        let value = source[start &+ index &* stride]
        index &+= 1
        guard value.isFinite else { continue }
        sums.add((value, value * value), removed: (0, 0))
        // The largest stand first.
        var place = filled
        while place > 0 && sorted[place &- 1] < value {
          sorted[place] = sorted[place &- 1]
          place &-= 1
        }
        sorted[place] = value
        filled &+= 1
      }
      var place = max(0, pattern.kept &- (count &- filled))
      while place < filled {
        sums.add((0, 0), removed: (sorted[place], sorted[place] * sorted[place]))
        place &+= 1
      }
    }
  }
}
