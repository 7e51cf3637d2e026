/// How float codes of less than a byte share bytes.
public enum FloatPacking: Sendable, Hashable, CaseIterable {
  /// E2M1, two codes in a byte, the even column in the low half: nvfp4 and mxfp4.
  case nibbles
  /// E2M3, four codes little-endian in three bytes: mxfp6.
  case sixBits

  /// The format of the codes.
  public var format: FloatFormat {
    switch self {
    case .nibbles: .e2m1
    case .sixBits: .e2m3
    }
  }

  /// The columns that share bytes with each other and with no others.
  public var columnsPerUnit: Int {
    switch self {
    case .nibbles: 2
    case .sixBits: 4
    }
  }

  private var bytesPerUnit: Int {
    switch self {
    case .nibbles: 1
    case .sixBits: 3
    }
  }

  /// How many bytes a row of this many columns takes: whole units.
  public func bytesPerRow(columns: UInt64) -> UInt64 {
    let (units, rest) = columns.quotientAndRemainder(dividingBy: UInt64(columnsPerUnit))
    return (units + (rest == 0 ? 0 : 1)) * UInt64(bytesPerUnit)
  }

  /// The bytes within a row that hold these columns: whole units, none for no columns.
  public func byteRange(ofColumns columns: Range<UInt64>) -> Range<UInt64> {
    let start = columns.lowerBound / UInt64(columnsPerUnit) * UInt64(bytesPerUnit)
    return columns.isEmpty ? start..<start : start..<bytesPerRow(columns: columns.upperBound)
  }

  private var stream: CodeStream { CodeStream(bits: format.bitWidth) }

  /// Writes the codes of some columns of a row, one to the byte, the upper bits zero.
  ///
  /// - Parameters:
  ///   - bytes: holds the bytes of ``byteRange(ofColumns:)``.
  ///   - start: where they start.
  ///   - columns: the columns.
  ///   - codes: takes the codes.
  ///   - target: where the first code goes.
  public func unpack(
    _ bytes: [UInt8],
    startingAt start: Int,
    columns: Range<UInt64>,
    into codes: inout [UInt8],
    at target: Int
  ) {
    let count = columns.count
    let byteCount = byteRange(ofColumns: columns).count
    precondition(start >= 0 && byteCount <= bytes.count - start)
    precondition(target >= 0 && count <= codes.count - target)
    let skipped = Int(columns.lowerBound % UInt64(columnsPerUnit)) * format.bitWidth
    bytes.withUnsafeBufferPointer { bytes in
      codes.withUnsafeMutableBufferPointer { codes in
        guard count > 0, let codes = codes.baseAddress else { return }
        let source = UnsafeBufferPointer(rebasing: bytes[start..<start + byteCount])
        stream.unpack(source, skipping: skipped, count: count, bias: 0, to: codes + target)
      }
    }
  }

  /// Writes the bytes of some columns of a row; the bits behind the last code are zero.
  ///
  /// - Parameters:
  ///   - codes: holds the codes of these columns, one to the byte; their upper bits are ignored.
  ///   - start: where they start.
  ///   - columns: the columns; the first one starts a unit.
  ///   - bytes: takes the bytes of ``byteRange(ofColumns:)``.
  ///   - target: where they go.
  public func pack(
    _ codes: [UInt8],
    startingAt start: Int,
    columns: Range<UInt64>,
    into bytes: inout [UInt8],
    at target: Int
  ) {
    let count = columns.count
    let byteCount = byteRange(ofColumns: columns).count
    precondition(columns.lowerBound % UInt64(columnsPerUnit) == 0)
    precondition(start >= 0 && count <= codes.count - start)
    precondition(target >= 0 && byteCount <= bytes.count - target)
    codes.withUnsafeBufferPointer { codes in
      bytes.withUnsafeMutableBufferPointer { bytes in
        guard count > 0, let codes = codes.baseAddress else { return }
        let bytes = UnsafeMutableBufferPointer(rebasing: bytes[target..<target + byteCount])
        stream.pack(codes + start, count: count, bias: 0, to: bytes)
      }
    }
  }
}
