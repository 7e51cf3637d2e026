public import ModelIR

/// Something in a GGUF file that is let pass but should be known. Each kind is reported once a file, at its
/// first place.
public struct GGUFOddity: Sendable, Hashable {
  /// The kinds.
  public enum Kind: Sendable, Hashable {
    /// Version 1, which llama.cpp no longer reads; lenient only.
    case version1
    /// A big-endian file, which llama.cpp does not read on little-endian machines; lenient only.
    case bigEndian
    /// An empty key; lenient only.
    case emptyKey
    /// A key over the specification's 65,535 bytes.
    case longKey
    /// An array of arrays, which llama.cpp refuses; lenient only.
    case nestedArray
    /// A bool that is stored as neither 0 nor 1.
    case oddBool
    /// A text that is no UTF-8.
    case textNotUTF8
    /// A tensor name over the 63 bytes that llama.cpp has room for; lenient only.
    case longName
    /// A tensor name with a NUL in it, where C programs see its end.
    case nulInName
    /// Bytes between two tensors, or before the first; lenient only.
    case gap
    /// Data in another order than the tensors of the header; lenient only.
    case outOfOrder
    /// A tensor that does not start at a multiple of the alignment; lenient only.
    case unaligned
    /// Padding before the data that is not zero.
    case nonzeroPadding
    /// No padding behind the last tensor; lenient only.
    case unpaddedEnd(missing: UInt64)
    /// Bytes behind the last tensor's padding.
    case trailingBytes(UInt64)
  }

  /// The file.
  public let file: String
  /// The tensor that showed it first.
  public let tensor: TensorName?
  /// The key that showed it first.
  public let key: String?
  /// What it is.
  public let kind: Kind
  /// Where in the file, in bytes.
  public let offset: UInt64?

  /// What is odd, where, and what is usual.
  public var diagnosis: Diagnosis {
    let (problem, expected) = words
    return Diagnosis(
      .badData,
      file: file,
      tensor: tensor,
      key.map { "key \"\($0)\": \(problem)" } ?? problem,
      expected: expected,
      offset: offset
    )
  }

  private var words: (problem: String, expected: String?) {
    switch kind {
    case .version1: ("is of GGUF version 1", "llama.cpp reads versions 2 and 3")
    case .bigEndian: ("is big-endian", "llama.cpp reads such files on big-endian machines only")
    case .emptyKey: ("a key is empty", "llama.cpp refuses that")
    case .longKey: ("the key is longer than the specification allows", "at most 65535 bytes")
    case .nestedArray: ("is an array of arrays", "llama.cpp refuses that")
    case .oddBool: ("a bool is stored as neither 0 nor 1", "it counts as true")
    case .textNotUTF8: ("the text is no UTF-8", nil)
    case .longName: ("the name is longer than llama.cpp allows", "at most 63 bytes")
    case .nulInName: ("the name has a NUL in it", "C programs see its end there")
    case .gap: ("a gap lies before the data", "tensors lie one behind the other")
    case .outOfOrder: ("the data lie in another order than the header's", nil)
    case .unaligned: ("the data do not start at a multiple of the alignment", nil)
    case .nonzeroPadding: ("the padding before the data is not zero", nil)
    case .unpaddedEnd(let missing):
      ("\(missing) bytes of padding are missing at the end", "llama.cpp does not load such a file")
    case .trailingBytes(let count): ("\(count) bytes follow the last tensor", "they are ignored")
    }
  }
}
