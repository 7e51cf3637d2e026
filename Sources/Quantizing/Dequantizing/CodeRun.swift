/// The codes of a run and the place of its numbers.
struct CodeRun {
  /// The codes, one to the byte.
  let codes: UnsafePointer<UInt8>
  /// How many.
  let count: Int
  /// Where the numbers go, of any alignment.
  let numbers: UnsafeMutableRawPointer

  /// Writes `(code - zero) * factor` for signed integer codes.
  @inline(__always)
  func writeIntegers<Real: StoredReal>(_ real: Real.Type, zero: Float, factor: Float) {
    let stride = Real.Bits.bitWidth / 8
    var index = 0
    if abs(zero) <= 128 {
      // The difference has at most 8 significant bits, which every type holds.
      while index < count {
        let difference = Float(Int8(bitPattern: codes[index])) - zero
        let number = Real.narrow(difference * factor).littleEndian
        numbers.storeBytes(of: number, toByteOffset: index &* stride, as: Real.Bits.self)
        index &+= 1
      }
    } else {
      while index < count {
        let difference = Real.widen(Real.narrow(Float(Int8(bitPattern: codes[index])) - zero))
        let number = Real.narrow(difference * factor).littleEndian
        numbers.storeBytes(of: number, toByteOffset: index &* stride, as: Real.Bits.self)
        index &+= 1
      }
    }
  }

  /// Writes `(value - zero) * factor` for codes of these 256 values, each of which `real` holds.
  @inline(__always)
  func writeFloats<Real: StoredReal>(_ real: Real.Type, _ values: [Float], zero: Float, factor: Float) {
    values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      if count < 1024 {
        writeByPieces(real, values, zero: zero, factor: factor)
      } else {
        writeByTable(real, values, zero: zero, factor: factor)
      }
    }
  }

  /// Looks some values up, then computes on all of them: only the second loop can be made of vectors.
  @inline(__always)
  private func writeByPieces<Real: StoredReal>(
    _ real: Real.Type,
    _ values: UnsafePointer<Float>,
    zero: Float,
    factor: Float
  ) {
    let stride = Real.Bits.bitWidth / 8
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 64) { piece in
      guard let piece = piece.baseAddress else { return }
      var done = 0
      while done < count {
        let length = min(64, count &- done)
        var index = 0
        while index < length {
          (piece + index).initialize(to: values[Int(codes[done &+ index])])
          index &+= 1
        }
        CodeRun.compute(real, piece, length, zero: zero, factor: factor, to: numbers + done &* stride)
        done &+= length
      }
    }
  }

  /// Makes the numbers of all codes once.
  @inline(__always)
  private func writeByTable<Real: StoredReal>(
    _ real: Real.Type,
    _ values: UnsafePointer<Float>,
    zero: Float,
    factor: Float
  ) {
    let stride = Real.Bits.bitWidth / 8
    withUnsafeTemporaryAllocation(of: Real.Bits.self, capacity: 256) { table in
      guard let table = table.baseAddress else { return }
      CodeRun.compute(real, values, 256, zero: zero, factor: factor, to: UnsafeMutableRawPointer(table))
      var index = 0
      while index < count {
        numbers.storeBytes(of: table[Int(codes[index])], toByteOffset: index &* stride, as: Real.Bits.self)
        index &+= 1
      }
    }
  }

  /// Writes the little-endian bits of `(value - zero) * factor`.
  @inline(__always)
  private static func compute<Real: StoredReal>(
    _ real: Real.Type,
    _ values: UnsafePointer<Float>,
    _ count: Int,
    zero: Float,
    factor: Float,
    to numbers: UnsafeMutableRawPointer
  ) {
    let stride = Real.Bits.bitWidth / 8
    var index = 0
    if zero == 0 {
      // The difference is the value, but for the sign of a zero, and needs no rounding.
      while index < count {
        let number = Real.narrow((values[index] - zero) * factor).littleEndian
        numbers.storeBytes(of: number, toByteOffset: index &* stride, as: Real.Bits.self)
        index &+= 1
      }
    } else {
      while index < count {
        let difference = Real.widen(Real.narrow(values[index] - zero))
        let number = Real.narrow(difference * factor).littleEndian
        numbers.storeBytes(of: number, toByteOffset: index &* stride, as: Real.Bits.self)
        index &+= 1
      }
    }
  }
}
