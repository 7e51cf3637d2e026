public import ModelIR

/// Something in an ONNX file that is let pass but should be known. Each kind is reported once a file, at its
/// first place.
public struct ONNXOddity: Sendable, Hashable {
  /// The kinds.
  public enum Kind: Sendable, Hashable {
    /// An `ir_version` that is newer than the reader.
    case newerVersion(Int64)
    /// A name that is no UTF-8; lenient only.
    case nameNotUTF8
    /// A key of `external_data` that means nothing.
    case unknownKey(String)
    /// `external_data` of a tensor that is stored in the file.
    case idleExternalData
  }

  /// The file.
  public let file: String
  /// The tensor that showed it first.
  public let tensor: TensorName?
  /// What it is.
  public let kind: Kind
  /// Where in the file, in bytes.
  public let offset: UInt64?

  /// What is odd, where, and what is usual.
  public var diagnosis: Diagnosis {
    let (problem, expected) = words
    return Diagnosis(.badData, file: file, tensor: tensor, problem, expected: expected, offset: offset)
  }

  private var words: (problem: String, expected: String?) {
    switch kind {
    case .newerVersion(let version):
      ("is of IR version \(version)", "versions up to \(ONNXReader.newestVersion) are known")
    case .nameNotUTF8: ("a name is no UTF-8", "the bytes that are none are shown as \\xNN")
    case .unknownKey(let key): ("external_data has the unknown key \"\(key)\"", "it is ignored")
    case .idleExternalData: ("has external_data and is stored in the file", "external_data is ignored")
    }
  }
}
