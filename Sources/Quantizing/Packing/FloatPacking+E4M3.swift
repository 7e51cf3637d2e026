/// The E4M3 byte of the same value, for every code of a narrower format, and back.
private struct E4M3Equivalents: Sendable {
  /// The E4M3 byte of each code.
  let bytes: [UInt8]
  /// The code of each E4M3 byte; 0xFF where there is none.
  let codes: [UInt8]

  init(_ format: FloatFormat) {
    var bytes = [UInt8](repeating: 0, count: 1 << format.bitWidth)
    var codes = [UInt8](repeating: 0xFF, count: 256)
    for byte in UInt8.min...UInt8.max {
      let value = FloatFormat.e4m3.value(ofBits: UInt64(byte))
      // Comparing bits keeps the two zeros apart and makes no match of a NaN.
      let code = bytes.indices.first { format.value(ofBits: UInt64($0)).bitPattern == value.bitPattern }
      guard let code else { continue }
      bytes[code] = byte
      codes[Int(byte)] = UInt8(code)
    }
    self.bytes = bytes
    self.codes = codes
  }

  static let e2m1 = E4M3Equivalents(.e2m1)
  static let e2m3 = E4M3Equivalents(.e2m3)
}

extension FloatPacking {
  private var equivalents: E4M3Equivalents {
    switch self {
    case .nibbles: .e2m1
    case .sixBits: .e2m3
    }
  }

  /// The E4M3 byte of the same value, the sign of zero included; the code's upper bits are ignored.
  public func e4m3Byte(of code: UInt8) -> UInt8 {
    let bytes = equivalents.bytes
    return bytes[Int(code) & (bytes.count - 1)]
  }

  /// The code of the same value as an E4M3 byte, or nil if this format has none.
  public func code(ofE4M3 byte: UInt8) -> UInt8? {
    let code = equivalents.codes[Int(byte)]
    return code == 0xFF ? nil : code
  }

  /// Writes the E4M3 bytes of the same values as `count` codes of `codes` from `start` on.
  public func convertToE4M3(
    _ codes: [UInt8],
    from start: Int,
    count: Int,
    into bytes: inout [UInt8],
    at target: Int
  ) {
    precondition(start >= 0 && count >= 0 && count <= codes.count - start)
    precondition(target >= 0 && count <= bytes.count - target)
    let table = equivalents.bytes
    let mask = table.count - 1
    var index = 0
    while index < count {
      bytes[target &+ index] = table[Int(codes[start &+ index]) & mask]
      index &+= 1
    }
  }

  /// Writes the codes of the same values as `count` E4M3 bytes of `bytes` from `start` on.
  ///
  /// - Returns: how many bytes were converted: `count`, or fewer if the next one's value has no code.
  public func convertFromE4M3(
    _ bytes: [UInt8],
    from start: Int,
    count: Int,
    into codes: inout [UInt8],
    at target: Int
  ) -> Int {
    precondition(start >= 0 && count >= 0 && count <= bytes.count - start)
    precondition(target >= 0 && count <= codes.count - target)
    let table = equivalents.codes
    var index = 0
    while index < count {
      let code = table[Int(bytes[start &+ index])]
      if code == 0xFF { return index }
      codes[target &+ index] = code
      index &+= 1
    }
    return count
  }
}
