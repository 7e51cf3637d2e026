import ModelIR

/// The layouts as their description has them, element by element: what the coders are compared with.
enum NaiveCoding {
  /// The parts of a tensor, or nil if it does not comply with the layout's pattern.
  static func encode(_ sample: DenseSample, _ layout: Layout, offsetWidth: IndexWidth = .bits32) -> Parts? {
    let width = sample.type.bitWidth / 8
    switch layout {
    case .dense: return Parts(values: sample.bytes)
    case .bitmask:
      let values = littleEndianBytes(sample.elements.filter { $0 != 0 }, width: width)
      return Parts(structure: sample.rows.flatMap { packed($0.map { [$0 != 0] }) }, values: values)
    case .csr:
      var (offsets, columns, values): ([UInt64], [UInt64], [UInt64]) = ([0], [], [])
      for row in sample.rows {
        for (column, element) in row.enumerated() where element != 0 {
          columns.append(UInt64(column))
          values.append(element)
        }
        offsets.append(UInt64(values.count))
      }
      let columnWidth = smallestWidth(holding: sample.shape.columns - 1)
      return Parts(
        rowOffsets: littleEndianBytes(offsets, width: offsetWidth.byteWidth),
        structure: littleEndianBytes(columns, width: columnWidth.byteWidth),
        values: littleEndianBytes(values, width: width),
        columnWidth: columnWidth,
        offsetWidth: offsetWidth
      )
    case .nm(let pattern):
      var parts = Parts()
      let indexBits = bitsPerIndex(pattern)
      for row in sample.rows {
        var indices: [[Bool]] = []
        for start in stride(from: 0, to: row.count, by: pattern.group) {
          let group = Array(row[start..<min(start + pattern.group, row.count)])
          let slots = min(pattern.kept, group.count)
          let stored = group.indices.filter { group[$0] != 0 }
          if stored.count > slots { return nil }
          let free = group.indices.filter { group[$0] == 0 }.prefix(slots - stored.count)
          for position in (stored + free).sorted() {
            parts.values += littleEndianBytes([group[position]], width: width)
            indices.append((0..<indexBits).map { position >> $0 & 1 == 1 })
          }
        }
        parts.structure += packed(indices)
      }
      return parts
    }
  }

  /// The dense elements that parts stand for, or nil if they break a rule of the layout.
  static func decode(_ parts: Parts, _ layout: Layout, _ type: ElementType, _ shape: Shape) -> [UInt64]? {
    let (rows, columns) = (Int(shape.rows), Int(shape.columns))
    let values = littleEndianNumbers(parts.values, width: type.bitWidth / 8)
    var elements = [UInt64](repeating: 0, count: rows * columns)
    var taken = 0
    switch layout {
    case .dense: return values
    case .bitmask:
      let bytesPerRow = (columns + 7) / 8
      for row in 0..<rows {
        let bits = unpacked(parts.structure[(row * bytesPerRow)..<((row + 1) * bytesPerRow)])
        if bits[columns...].contains(true) { return nil }
        for column in 0..<columns where bits[column] {
          if taken == values.count { return nil }
          elements[row * columns + column] = values[taken]
          taken += 1
        }
      }
      return taken == values.count ? elements : nil
    case .csr:
      let offsets = littleEndianNumbers(parts.rowOffsets, width: parts.offsetWidth.byteWidth)
      let indices = littleEndianNumbers(parts.structure, width: parts.columnWidth.byteWidth)
      if offsets.first != 0 || offsets.last != UInt64(values.count) { return nil }
      for row in 0..<rows {
        if offsets[row] > offsets[row + 1] || offsets[row + 1] > UInt64(values.count) { return nil }
        var next: UInt64 = 0
        for index in Int(offsets[row])..<Int(offsets[row + 1]) {
          if indices[index] < next || indices[index] >= UInt64(columns) { return nil }
          elements[row * columns + Int(indices[index])] = values[index]
          next = indices[index] + 1
        }
      }
      return elements
    case .nm(let pattern):
      let bytesPerRow = parts.structure.count / rows
      let indexBits = bitsPerIndex(pattern)
      for row in 0..<rows {
        let bits = unpacked(parts.structure[(row * bytesPerRow)..<((row + 1) * bytesPerRow)])
        var bit = 0
        for start in stride(from: 0, to: columns, by: pattern.group) {
          let length = min(pattern.group, columns - start)
          var next = 0
          for _ in 0..<min(pattern.kept, length) {
            var position = 0
            for weight in 0..<indexBits { position += bits[bit + weight] ? 1 << weight : 0 }
            bit += indexBits
            if position < next || position >= length { return nil }
            elements[row * columns + start + position] = values[taken]
            next = position + 1
            taken += 1
          }
        }
        if bits[bit...].contains(true) { return nil }
      }
      return elements
    }
  }

  /// ceil(log2 M).
  private static func bitsPerIndex(_ pattern: NMPattern) -> Int {
    (1...6).first { 1 << $0 >= pattern.group } ?? 6
  }

  private static func smallestWidth(holding index: UInt64) -> IndexWidth {
    [.bits8, .bits16, .bits32].first { index < 1 << UInt64(8 * $0.byteWidth) } ?? .bits64
  }

  /// Bits as bytes, LSB first, the last padded with zeros.
  private static func packed(_ bits: [[Bool]]) -> [UInt8] {
    let bits = bits.flatMap { $0 }
    return stride(from: 0, to: bits.count, by: 8).map { start in
      (start..<min(start + 8, bits.count)).reduce(0) { $0 | (bits[$1] ? 1 << UInt8($1 - start) : 0) }
    }
  }

  private static func unpacked(_ bytes: ArraySlice<UInt8>) -> [Bool] {
    var bits: [Bool] = []
    bits.reserveCapacity(8 * bytes.count)
    for byte in bytes {
      for place in 0..<8 as Range<UInt8> { bits.append(byte >> place & 1 == 1) }
    }
    return bits
  }
}
