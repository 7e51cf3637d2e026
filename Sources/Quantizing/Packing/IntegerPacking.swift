/// How signed integer codes of 1 to 8 bits lie in the 32-bit words of a row of a pack-quantized tensor.
///
/// A code q is stored as the unsigned q + 2^(bits - 1). Elsewhere in this package it is a byte: q in two's
/// complement. compressed-tensors up to 0.17 writes ``Arrangement/padded``, 0.18 and later
/// ``Arrangement/dense``; nothing in the file says which.
public struct IntegerPacking: Sendable, Hashable {
  /// What happens where a word's end doesn't fall between two codes; with 1, 2, 4 and 8 bits it always does, and
  /// the arrangements are the same.
  public enum Arrangement: Sendable, Hashable, CaseIterable {
    /// A word holds as many whole codes as fit; its upper bits are zero.
    case padded
    /// Codes follow each other without gaps and may lie across two words.
    case dense
  }

  /// The bits of a code, 1 to 8.
  public let bits: Int
  /// What happens where a word's end doesn't fall between two codes.
  public let arrangement: Arrangement

  private let coding: Coding

  private enum Coding: Sendable, Hashable {
    case bytes
    case stream(CodeStream)
    case padded(PaddedWords)
  }

  /// The packing of codes of this width, or nil if `bits` isn't from 1 to 8.
  public init?(bits: Int, arrangement: Arrangement) {
    guard 1...8 ~= bits else { return nil }
    self.bits = bits
    self.arrangement = arrangement
    if bits == 8 {
      coding = .bytes
    } else if arrangement == .padded, 32 % bits != 0 {
      coding = .padded(PaddedWords(bits: bits))
    } else {
      coding = .stream(CodeStream(bits: bits))
    }
  }

  /// How many 32-bit words a row of this many columns takes.
  public func wordsPerRow(columns: UInt64) -> UInt64 {
    let (word, bit) = position(ofColumn: columns)
    return word + (bit == 0 ? 0 : 1)
  }

  /// The bytes within a row's words that hold these columns: whole words, none for no columns.
  ///
  /// The columns must lie within a row whose size in bytes is a 64-bit number.
  public func byteRange(ofColumns columns: Range<UInt64>) -> Range<UInt64> {
    let start = 4 * position(ofColumn: columns.lowerBound).word
    return columns.isEmpty ? start..<start : start..<4 * wordsPerRow(columns: columns.upperBound)
  }

  /// Writes the signed codes of some columns of a row, one to the byte.
  ///
  /// - Parameters:
  ///   - words: holds the bytes of ``byteRange(ofColumns:)``.
  ///   - start: where they start.
  ///   - columns: the columns.
  ///   - codes: takes the codes.
  ///   - target: where the first code goes.
  public func unpack(
    _ words: [UInt8],
    startingAt start: Int,
    columns: Range<UInt64>,
    into codes: inout [UInt8],
    at target: Int
  ) {
    let count = columns.count
    let byteCount = byteRange(ofColumns: columns).count
    precondition(start >= 0 && byteCount <= words.count - start)
    precondition(target >= 0 && count <= codes.count - target)
    let bit = position(ofColumn: columns.lowerBound).bit
    words.withUnsafeBufferPointer { words in
      codes.withUnsafeMutableBufferPointer { codes in
        guard count > 0, let codes = codes.baseAddress else { return }
        let source = UnsafeBufferPointer(rebasing: words[start..<start + byteCount])
        unpack(source, skippingBits: bit, count: count, to: codes + target)
      }
    }
  }

  private func unpack(
    _ source: UnsafeBufferPointer<UInt8>,
    skippingBits: Int,
    count: Int,
    to target: UnsafeMutablePointer<UInt8>
  ) {
    switch coding {
    case .bytes:
      guard let source = source.baseAddress else { return }
      flipTopBits(source + skippingBits / 8, count: count, to: target)
    case .stream(let stream):
      stream.unpack(source, skipping: skippingBits, count: count, bias: bias, to: target)
    case .padded(let words):
      words.unpack(source, skipping: skippingBits / bits, count: count, bias: bias, to: target)
    }
  }

  /// Writes the words of some columns of a row; the bits behind the last code are zero.
  ///
  /// - Parameters:
  ///   - codes: holds the signed codes of these columns, one to the byte, none wider than ``bits``.
  ///   - start: where they start.
  ///   - columns: the columns; the first one's code starts a word.
  ///   - words: takes the bytes of ``byteRange(ofColumns:)``.
  ///   - target: where they go.
  public func pack(
    _ codes: [UInt8],
    startingAt start: Int,
    columns: Range<UInt64>,
    into words: inout [UInt8],
    at target: Int
  ) {
    let count = columns.count
    let byteCount = byteRange(ofColumns: columns).count
    precondition(position(ofColumn: columns.lowerBound).bit == 0)
    precondition(start >= 0 && count <= codes.count - start)
    precondition(target >= 0 && byteCount <= words.count - target)
    codes.withUnsafeBufferPointer { codes in
      words.withUnsafeMutableBufferPointer { words in
        guard count > 0, let codes = codes.baseAddress else { return }
        let words = UnsafeMutableBufferPointer(rebasing: words[target..<target + byteCount])
        pack(codes + start, count: count, to: words)
      }
    }
  }

  private func pack(
    _ source: UnsafePointer<UInt8>,
    count: Int,
    to target: UnsafeMutableBufferPointer<UInt8>
  ) {
    switch coding {
    case .bytes:
      guard let words = target.baseAddress else { return }
      flipTopBits(source, count: count, to: words)
      (words + count).update(repeating: 0, count: target.count - count)
    case .stream(let stream):
      stream.pack(source, count: count, bias: bias, to: target)
    case .padded(let words):
      words.pack(source, count: count, bias: bias, to: target)
    }
  }

  /// What a stored code has more than the signed one.
  private var bias: UInt8 { 1 << UInt8(bits - 1) }

  /// Where a column's code starts: a word of the row and a bit of the word.
  private func position(ofColumn column: UInt64) -> (word: UInt64, bit: Int) {
    if case .padded(let words) = coding {
      let (word, slot) = column.quotientAndRemainder(dividingBy: UInt64(words.codesPerWord))
      return (word, Int(slot) * bits)
    }
    // 32 codes are as many whole words as a code has bits.
    let (group, rest) = column.quotientAndRemainder(dividingBy: 32)
    let bit = Int(rest) * bits
    return (group * UInt64(bits) + UInt64(bit / 32), bit % 32)
  }
}

/// Adds or subtracts 128, which is the same.
private func flipTopBits(
  _ source: UnsafePointer<UInt8>,
  count: Int,
  to target: UnsafeMutablePointer<UInt8>
) {
  var index = 0
  while index < count {
    target[index] = source[index] ^ 0x80
    index &+= 1
  }
}
