public import ModelIR

/// Reads elements as double precision numbers: exactly, but for 64-bit integers beyond 2^53.
public struct ElementNumbers: Sendable {
  private enum Form {
    case float(FloatFormat)
    case integer(bytes: Int, isSigned: Bool)
  }
  private let form: Form

  /// The bytes of an element.
  public let byteWidth: Int

  /// A reader of elements of `type`, or nil where they are no real numbers of a known format, or share bytes.
  public init?(_ type: ElementType) {
    guard let byteWidth = type.byteWidth else { return nil }
    self.byteWidth = byteWidth
    if let format = FloatFormat(type) {
      form = .float(format)
      return
    }
    switch type {
    case .bool, .uint8, .uint16, .uint32, .uint64: form = .integer(bytes: byteWidth, isSigned: false)
    case .int8, .int16, .int32, .int64: form = .integer(bytes: byteWidth, isSigned: true)
    default: return nil
    }
  }

  /// Writes the numbers of the first `count` elements of `bytes` to the start of `numbers`, which grows to hold them.
  public func read(_ bytes: [UInt8], count: Int, into numbers: inout [Double]) {
    if numbers.count < count { numbers += repeatElement(0, count: count - numbers.count) }
    switch form {
    case .float(let format): format.values(of: bytes, from: 0, count: count, into: &numbers, at: 0)
    case .integer(1, true): integers(Int8.self, bytes, count, &numbers)
    case .integer(1, false): integers(UInt8.self, bytes, count, &numbers)
    case .integer(2, true): integers(Int16.self, bytes, count, &numbers)
    case .integer(2, false): integers(UInt16.self, bytes, count, &numbers)
    case .integer(4, true): integers(Int32.self, bytes, count, &numbers)
    case .integer(4, false): integers(UInt32.self, bytes, count, &numbers)
    case .integer(_, true): integers(Int64.self, bytes, count, &numbers)
    case .integer(_, false): integers(UInt64.self, bytes, count, &numbers)
    }
  }

  private func integers<Integer: FixedWidthInteger>(
    _: Integer.Type,
    _ bytes: [UInt8],
    _ count: Int,
    _ numbers: inout [Double]
  ) {
    let width = MemoryLayout<Integer>.size
    precondition(count <= bytes.count / width)
    bytes.withUnsafeBytes { bytes in
      numbers.withUnsafeMutableBufferPointer { numbers in
        var index = 0
        while index < count {
          let bits = bytes.loadUnaligned(fromByteOffset: index &* width, as: Integer.self)
          numbers[index] = Double(Integer(littleEndian: bits))
          index &+= 1
        }
      }
    }
  }
}
