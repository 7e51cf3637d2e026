/// A version of compressed-tensors, as far as its numbers go: `0.14.0.1`, `0.12.3a2`.
public struct LibraryVersion: Sendable, Hashable, Comparable {
  /// The numbers, most significant first, without trailing zeros.
  public let numbers: [Int]
  /// The version as it is spelled.
  public let text: String

  /// Reads the leading numbers of `text`; nil if it starts with none.
  public init?(_ text: String) {
    var numbers: [Int] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      let digits = part.utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else { break }
      numbers.append(number)
      if digits.count < part.utf8.count { break }
    }
    guard !numbers.isEmpty else { return nil }
    while numbers.last == 0 && numbers.count > 1 { numbers.removeLast() }
    self.numbers = numbers
    self.text = text
  }

  init(_ numbers: Int...) {
    self.numbers = numbers
    text = numbers.map(String.init).joined(separator: ".")
  }

  /// Whether the numbers are the same.
  public static func == (left: LibraryVersion, right: LibraryVersion) -> Bool {
    left.numbers == right.numbers
  }
  /// Feeds the numbers.
  public func hash(into hasher: inout Hasher) { hasher.combine(numbers) }
  /// Compares by the numbers.
  public static func < (left: LibraryVersion, right: LibraryVersion) -> Bool {
    left.numbers.lexicographicallyPrecedes(right.numbers)
  }

  /// The first with a sparse format.
  public static let firstSparse = LibraryVersion(0, 3)
  /// The first that writes `quantization_config`.
  static let quantizationKey = LibraryVersion(0, 7)
  /// The first whose sparse formats lie under the module's name instead of the tensor's.
  public static let moduleNaming = LibraryVersion(0, 9)
  /// The first that writes MXFP4 exponents without an error of 2.
  public static let rightExponents = LibraryVersion(0, 14)
  /// The first that packs integers without padding words.
  static let densePacking = LibraryVersion(0, 18)
  /// The last with the sparse formats, which the sparse writer follows.
  public static let lastSparse = LibraryVersion(0, 14, 0, 1)
  /// The one whose quantized forms the writer follows.
  static let current = LibraryVersion(0, 20, 0)
}
