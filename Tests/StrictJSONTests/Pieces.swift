import StrictJSON
import Testing

/// How a text reaches the reader.
enum Pieces: Hashable, Sendable, CaseIterable {
  case whole
  case windows(Int)

  /// Sizes under, at and over what an escape, a character and a word of the grammar take.
  static let allCases: [Pieces] = [.whole] + [1, 2, 3, 7, 64].map(Pieces.windows)

  func reader(over text: [UInt8]) -> JSONReader {
    guard case .windows(let size) = self else { return JSONReader(text) }
    var next = 0
    return JSONReader(windowSize: size) { window in
      let count = min(window.count, text.count - next)
      window.replaceSubrange(..<count, with: text[next..<(next + count)])
      next += count
      return count
    }
  }

  /// Reads one value and the end of the text.
  func read<Result>(
    _ text: [UInt8],
    _ body: (inout JSONReader) throws -> Result
  ) throws -> Result {
    var reader = reader(over: text)
    let result = try body(&reader)
    try reader.readEnd()
    #expect(reader.depth == 0)
    #expect(reader.offset == UInt64(text.count))
    return result
  }

  /// The error of reading one value and the end of the text, or nil where there is none.
  func failure(
    of text: [UInt8],
    _ body: (inout JSONReader) throws -> Void
  ) throws -> JSONError? {
    do {
      try read(text, body)
      return nil
    } catch let error as JSONError {
      return error
    }
  }
}
