extension IntegerPacking {
  /// The signed codes of a small matrix that is packed along its first axis, as pack-quantized zero points are.
  ///
  /// The library transposes a [rows, columns] matrix, packs each row of that, and transposes the words back.
  /// - Parameters:
  ///   - words: the bytes of the packed matrix, [``wordsPerRow(columns:)`` of `rows`, columns] words.
  ///   - rows: the rows of the unpacked matrix.
  ///   - columns: the columns of both.
  /// - Returns: [rows, columns] codes, one to the byte.
  public func unpackFirstAxis(_ words: [UInt8], rows: Int, columns: Int) -> [UInt8] {
    let wordCount = Int(wordsPerRow(columns: UInt64(rows)))
    precondition(words.count == wordCount * columns * 4)
    var stream = [UInt8](repeating: 0, count: wordCount * 4)
    var line = [UInt8](repeating: 0, count: rows)
    var codes = [UInt8](repeating: 0, count: rows * columns)
    for column in 0..<columns {
      for word in 0..<wordCount {
        for byte in 0..<4 { stream[word * 4 + byte] = words[(word * columns + column) * 4 + byte] }
      }
      unpack(stream, startingAt: 0, columns: 0..<UInt64(rows), into: &line, at: 0)
      for row in 0..<rows { codes[row * columns + column] = line[row] }
    }
    return codes
  }

  /// The inverse of ``unpackFirstAxis(_:rows:columns:)``.
  ///
  /// - Parameters:
  ///   - codes: [rows, columns] signed codes, one to the byte.
  ///   - rows: the rows of the unpacked matrix.
  ///   - columns: the columns of both.
  /// - Returns: the bytes of [``wordsPerRow(columns:)`` of `rows`, columns] words.
  public func packFirstAxis(_ codes: [UInt8], rows: Int, columns: Int) -> [UInt8] {
    precondition(codes.count == rows * columns)
    let wordCount = Int(wordsPerRow(columns: UInt64(rows)))
    var line = [UInt8](repeating: 0, count: rows)
    var stream = [UInt8](repeating: 0, count: wordCount * 4)
    var words = [UInt8](repeating: 0, count: wordCount * columns * 4)
    for column in 0..<columns {
      for row in 0..<rows { line[row] = codes[row * columns + column] }
      pack(line, startingAt: 0, columns: 0..<UInt64(rows), into: &stream, at: 0)
      for word in 0..<wordCount {
        for byte in 0..<4 { words[(word * columns + column) * 4 + byte] = stream[word * 4 + byte] }
      }
    }
    return words
  }
}
