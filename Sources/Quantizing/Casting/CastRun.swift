/// The elements of a cast and the place of its results; each method returns how many values changed.
struct CastRun {
  /// The elements, of any alignment.
  let source: UnsafeRawPointer
  /// How many.
  let count: Int
  /// Where the results go, of any alignment.
  let target: UnsafeMutableRawPointer

  /// Copies elements of this width.
  func copy(byteWidth: Int) -> Int {
    target.copyMemory(from: source, byteCount: count * byteWidth)
    return 0
  }

  /// Widens to single precision.
  func widen<Source: StoredReal>(_ format: Source.Type) -> Int {
    var index = 0
    while index < count {
      store(Float32Bits.narrow(load(format, index)), at: index)
      index &+= 1
    }
    return 0
  }

  /// Widens to double precision.
  func widenToDouble<Source: StoredReal>(_ format: Source.Type) -> Int {
    var index = 0
    while index < count {
      let value = Double(load(format, index))
      store(value.bitPattern, at: index)
      index &+= 1
    }
    return 0
  }

  /// Narrows what single precision holds.
  func narrow<Source: StoredReal, Target: StoredReal>(_ format: Source.Type, to result: Target.Type) -> Int {
    var changed = 0
    var done = 0
    // Counting in 32 bits keeps the lanes of a vector as wide as the elements.
    while done < count {
      let end = done &+ min(1 << 20, count &- done)
      var changedHere: UInt32 = 0
      while done < end {
        let value = load(format, done)
        let narrowed = Target.narrow(value)
        let isChanged = Target.widen(narrowed).bitPattern != value.bitPattern
        let isNumber = value.bitPattern & 0x7FFF_FFFF <= 0x7F80_0000
        changedHere &+= (isChanged ? 1 : 0) & (isNumber ? 1 : 0)
        store(narrowed, at: done)
        done &+= 1
      }
      changed &+= Int(changedHere)
    }
    return changed
  }

  /// Narrows double precision.
  func narrowDouble<Target: StoredReal>(to result: Target.Type) -> Int {
    var changed = 0
    var index = 0
    while index < count {
      let bits = source.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self)
      let value = Double(bitPattern: UInt64(littleEndian: bits))
      let single = Target.Bits.bitWidth == 32 ? Float(value) : roundedToOdd(value)
      let narrowed = Target.narrow(single)
      if value == value, Double(Target.widen(narrowed)) != value { changed &+= 1 }
      store(narrowed, at: index)
      index &+= 1
    }
    return changed
  }

  @inline(__always)
  private func load<Source: StoredReal>(_ format: Source.Type, _ index: Int) -> Float {
    let offset = index &* (Source.Bits.bitWidth / 8)
    let bits = source.loadUnaligned(fromByteOffset: offset, as: Source.Bits.self)
    return Source.widen(Source.Bits(littleEndian: bits))
  }

  @inline(__always)
  private func store<Bits: FixedWidthInteger>(_ bits: Bits, at index: Int) {
    target.storeBytes(of: bits.littleEndian, toByteOffset: index &* (Bits.bitWidth / 8), as: Bits.self)
  }
}

/// The number cut to single precision, with its last bit set if something was cut off.
///
/// Rounding that to at most 22 significant bits gives what rounding the number itself would: a plain conversion
/// first would round twice.
@inline(__always)
private func roundedToOdd(_ value: Double) -> Float {
  let nearest = Float(value)
  let back = Double(nearest)
  if back == value || value != value { return nearest }
  let isAbove = back.magnitude > value.magnitude
  return Float(bitPattern: (isAbove ? nearest.bitPattern &- 1 : nearest.bitPattern) | 1)
}
