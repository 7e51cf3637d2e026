internal import ModelIR

/// A mask's set bits as row offsets and column indices, and back.
enum CSRCoding {
  /// Writes the column index of every set bit, row by row, and where each row starts.
  ///
  /// - Parameters:
  ///   - mask: as ``BitmaskCoding`` writes it, readable for 8 bytes more.
  ///   - before: how many values of the tensor stand before the chunk.
  ///   - offsets: room for one offset per row.
  static func encode<Column: FixedWidthInteger, Offset: FixedWidthInteger>(
    mask: UnsafePointer<UInt8>,
    _ chunk: Chunk,
    before: UInt64,
    columns: UnsafeMutablePointer<UInt8>,
    offsets: UnsafeMutablePointer<UInt8>,
    as _: Column.Type,
    _: Offset.Type
  ) {
    let columns = UnsafeMutableRawPointer(columns)
    let offsets = UnsafeMutableRawPointer(offsets)
    let stride = (chunk.columnCount + 7) / 8
    var count = 0
    var row = 0
    while row < chunk.rowCount {
      offsets.storeBytes(
        of: Offset(truncatingIfNeeded: before &+ UInt64(count)),
        toByteOffset: row &* MemoryLayout<Offset>.size,
        as: Offset.self
      )
      let bits = mask + row &* stride
      var byte = 0
      while byte < stride {
        var word = UnsafeRawPointer(bits + byte).loadUnaligned(as: UInt64.self)
        if stride &- byte < 8 { word &= (1 &<< UInt64((stride &- byte) &* 8)) &- 1 }
        let base = chunk.firstColumn &+ UInt64(byte &* 8)
        while word != 0 {
          columns.storeBytes(
            of: Column(truncatingIfNeeded: base &+ UInt64(word.trailingZeroBitCount)),
            toByteOffset: count &* MemoryLayout<Column>.size,
            as: Column.self
          )
          count &+= 1
          word &= word &- 1
        }
        byte &+= 8
      }
      row &+= 1
    }
  }

  /// Scatters values into zeroed elements. Indices were checked before but are checked again: the file may
  /// have changed since.
  /// - Returns: false if an index or offset is not what it was.
  static func decode<Column: FixedWidthInteger & UnsignedInteger, Lane: FixedWidthInteger>(
    rowEnds: [Int],
    columns: UnsafePointer<UInt8>,
    values: UnsafePointer<UInt8>,
    _ chunk: Chunk,
    to dense: UnsafeMutablePointer<UInt8>,
    as _: Column.Type,
    _: Lane.Type
  ) -> Bool {
    let columns = UnsafeRawPointer(columns)
    let values = UnsafeRawPointer(values)
    let dense = UnsafeMutableRawPointer(dense)
    let columnCount = UInt64(chunk.columnCount)
    var index = 0
    for row in 0..<chunk.rowCount {
      let base = row &* chunk.columnCount
      while index < rowEnds[row] {
        let column =
          UInt64(
            columns.loadUnaligned(fromByteOffset: index &* MemoryLayout<Column>.size, as: Column.self)
          )
          &- chunk.firstColumn
        guard column < columnCount else { return false }
        dense.storeBytes(
          of: values.loadUnaligned(fromByteOffset: index &* MemoryLayout<Lane>.size, as: Lane.self),
          toByteOffset: (base &+ Int(column)) &* MemoryLayout<Lane>.size,
          as: Lane.self
        )
        index &+= 1
      }
    }
    return true
  }

  /// How the column indices of one row break the rules, if they do.
  enum RowProblem: Error {
    case outOfRange(column: UInt64)
    case notAscending
  }

  /// Checks that the indices `first..<end` ascend and lie in `firstColumn..<endColumn`.
  static func check<Column: FixedWidthInteger & UnsignedInteger>(
    _ columns: UnsafePointer<UInt8>,
    first: Int,
    end: Int,
    from firstColumn: UInt64,
    below endColumn: UInt64,
    as _: Column.Type
  ) throws(RowProblem) {
    let columns = UnsafeRawPointer(columns)
    var least = firstColumn
    var index = first
    while index < end {
      let column = UInt64(
        columns.loadUnaligned(fromByteOffset: index &* MemoryLayout<Column>.size, as: Column.self)
      )
      if column >= endColumn { throw .outOfRange(column: column) }
      if column < least { throw .notAscending }
      least = column &+ 1
      index &+= 1
    }
  }
}
