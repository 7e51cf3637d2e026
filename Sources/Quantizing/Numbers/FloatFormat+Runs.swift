extension FloatFormat {
  /// The values of all codes of a format of at most 8 bits, in single precision, which holds each exactly; 256 of
  /// them, as upper bits are ignored.
  var singleValues: [Float] {
    precondition(bitWidth <= 8)
    return (0..<256).map { Float(value(ofBits: $0)) }
  }

  /// Writes the values of `count` codes.
  ///
  /// - Parameters:
  ///   - bytes: holds the codes, each ``byteWidth`` little-endian bytes.
  ///   - start: the byte at which they start.
  ///   - count: how many.
  ///   - values: takes their values.
  ///   - target: where the first goes.
  public func values(
    of bytes: [UInt8],
    from start: Int,
    count: Int,
    into values: inout [Double],
    at target: Int
  ) {
    precondition(start >= 0 && count >= 0 && count <= (bytes.count - start) / byteWidth)
    precondition(target >= 0 && count <= values.count - target)
    bytes.withUnsafeBytes { bytes in
      values.withUnsafeMutableBufferPointer { values in
        guard count > 0, let source = bytes.baseAddress, let values = values.baseAddress else { return }
        write(source + start, count: count, to: values + target)
      }
    }
  }

  private func write(_ source: UnsafeRawPointer, count: Int, to target: UnsafeMutablePointer<Double>) {
    switch self {
    case .float16: widen(Float16Bits.self, source, count: count, to: target)
    case .bfloat16: widen(BFloat16Bits.self, source, count: count, to: target)
    case .float32: widen(Float32Bits.self, source, count: count, to: target)
    case .float64:
      var index = 0
      while index < count {
        let bits = source.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self)
        target[index] = Double(bitPattern: UInt64(littleEndian: bits))
        index &+= 1
      }
    case .e4m3, .e5m2, .e2m1, .e2m3, .e3m2, .e8m0:
      (0..<256).map { value(ofBits: $0) }.withUnsafeBufferPointer { table in
        guard let table = table.baseAddress else { return }
        var index = 0
        while index < count {
          target[index] = table[Int(source.load(fromByteOffset: index, as: UInt8.self))]
          index &+= 1
        }
      }
    }
  }
}

private func widen<Source: StoredReal>(
  _ format: Source.Type,
  _ source: UnsafeRawPointer,
  count: Int,
  to target: UnsafeMutablePointer<Double>
) {
  let stride = Source.Bits.bitWidth / 8
  var index = 0
  while index < count {
    let bits = source.loadUnaligned(fromByteOffset: index &* stride, as: Source.Bits.self)
    target[index] = Double(Source.widen(Source.Bits(littleEndian: bits)))
    index &+= 1
  }
}
