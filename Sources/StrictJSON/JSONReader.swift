/// A pull reader for JSON that keeps order and hides nothing.
///
/// The caller asks for what it expects, value by value; the reader never builds a tree. Memory is one window
/// of the text, whatever the text's size, plus the longest string. Nesting is counted, not recursed into.
/// Keys come in the order of the text, duplicates included: the caller that keeps keys refuses them
/// (``skipValue()`` does it for what nobody keeps).
public struct JSONReader: ~Copyable {
  /// How deep arrays and objects may nest: serde_json's limit, which safetensors inherits.
  public static let depthLimit = 127
  /// How many keys the objects within one skipped value may have.
  public static let skippedKeyLimit = 100_000

  /// Whether `NaN`, `Infinity` and `-Infinity` pass as numbers: Python's `json` writes them, and some
  /// models' config.json has them.
  public var takesNonFinite = false

  var window: [UInt8]
  var position = 0
  var end: Int
  /// The offset in the text of the window's first byte.
  var windowOffset: UInt64 = 0
  private let refill: ((inout [UInt8]) throws -> Int)?
  /// For each open array or object, whether it has had no item yet.
  private var fresh: [Bool] = []
  /// Bytes of a string that is not in one piece in the window.
  var scratch: [UInt8] = []

  /// A reader over a text in memory.
  public init(_ text: [UInt8]) {
    window = text
    end = text.count
    refill = nil
  }

  /// A reader over a text that comes in pieces.
  ///
  /// `refill` overwrites the window from its start and returns how many bytes it now holds; 0 at the end of
  /// the text.
  public init(windowSize: Int, refill: @escaping (inout [UInt8]) throws -> Int) {
    window = [UInt8](repeating: 0, count: windowSize)
    end = 0
    self.refill = refill
  }

  /// Where the next unread byte is, from the start of the text.
  public var offset: UInt64 { windowOffset + UInt64(position) }

  /// How many arrays and objects are open.
  public var depth: Int { fresh.count }

  /// The error of breaking `rule` at the next unread byte.
  func failure(_ rule: JSONError.Rule) -> JSONError { JSONError(rule, at: offset) }

  /// Gets the next piece of the text; false at its end. All of the window must have been read.
  mutating func advanceWindow() throws -> Bool {
    guard let refill else { return false }
    windowOffset += UInt64(end)
    position = 0
    end = 0
    end = try refill(&window)
    return end > 0
  }

  /// The next byte without reading it; nil at the end of the text.
  @inline(__always)
  mutating func peekByte() throws -> UInt8? {
    if position < end { return window[position] }
    return try advanceWindow() ? window[position] : nil
  }

  /// The next byte that is no white space, without reading it.
  @inline(__always)
  mutating func peekSignificant() throws -> UInt8 {
    while let byte = try peekByte() {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return byte
      }
    }
    throw failure(.unexpectedEnd)
  }

  /// What kind of value comes next.
  public mutating func peekKind() throws -> JSONKind {
    switch try peekSignificant() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "N"), UInt8(ascii: "I"):
      if takesNonFinite { return .number }
      throw failure(.unexpectedByte(window[position], expected: "a value"))
    case let byte: throw failure(.unexpectedByte(byte, expected: "a value"))
    }
  }

  private mutating func require(_ kind: JSONKind) throws {
    let found = try peekKind()
    if found != kind { throw failure(.wrongKind(found: found, expected: kind.rawValue)) }
  }

  private mutating func open() throws {
    position += 1
    if fresh.count == Self.depthLimit { throw failure(.tooDeep(limit: Self.depthLimit)) }
    fresh.append(true)
  }

  /// Enters an object: ``nextKey()`` then gives its keys.
  public mutating func beginObject() throws {
    try require(.object)
    try open()
  }

  /// Enters an array: ``nextElement()`` then goes through it.
  public mutating func beginArray() throws {
    try require(.array)
    try open()
  }

  /// Whether the innermost array or object has another item, which then comes next; false closes it.
  private mutating func nextItem(closing: UInt8) throws -> Bool {
    let byte = try peekSignificant()
    let innermost = fresh.count - 1
    if byte == closing {
      position += 1
      fresh.removeLast()
      return false
    }
    if fresh[innermost] {
      fresh[innermost] = false
      return true
    }
    guard byte == UInt8(ascii: ",") else {
      throw failure(.unexpectedByte(byte, expected: "',' or '\(Character(UnicodeScalar(closing)))'"))
    }
    position += 1
    return true
  }

  /// Goes to the next element of the innermost array; false behind the last, which closes the array.
  public mutating func nextElement() throws -> Bool {
    try nextItem(closing: UInt8(ascii: "]"))
  }

  /// The next key of the innermost object, whose value then comes next; nil behind the last, which closes
  /// the object.
  public mutating func nextKey() throws -> String? {
    guard try nextItem(closing: UInt8(ascii: "}")) else { return nil }
    let byte = try peekSignificant()
    guard byte == UInt8(ascii: "\"") else {
      throw failure(.unexpectedByte(byte, expected: "a key"))
    }
    let key = try readString()
    let colon = try peekSignificant()
    guard colon == UInt8(ascii: ":") else { throw failure(.unexpectedByte(colon, expected: "':'")) }
    position += 1
    return key
  }

  /// Reads `null` and returns true, or leaves another value alone and returns false.
  public mutating func readNull() throws -> Bool {
    guard try peekSignificant() == UInt8(ascii: "n") else { return false }
    try readWord("null")
    return true
  }

  /// Reads `true` or `false`.
  public mutating func readBoolean() throws -> Bool {
    try require(.boolean)
    let value = window[position] == UInt8(ascii: "t")
    try readWord(value ? "true" : "false")
    return value
  }

  mutating func readWord(_ word: StaticString) throws {
    for expected in word.description.utf8 {
      guard let byte = try peekByte() else { throw failure(.unexpectedEnd) }
      guard byte == expected else { throw failure(.unexpectedByte(byte, expected: "'\(word)'")) }
      position += 1
    }
  }

  /// Makes sure that nothing but white space follows.
  public mutating func readEnd() throws {
    while let byte = try peekByte() {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: throw failure(.trailingBytes)
      }
    }
  }

  /// Reads and drops one value of any kind, checked as strictly as any other: duplicate keys at any depth
  /// are refused, unless asked otherwise.
  public mutating func skipValue(refusingDuplicates: Bool = true) throws {
    /// The keys of each open object, nil for an open array.
    var open: [Set<String>?] = []
    var keyCount = 0
    repeat {
      if let keys = open.last {
        if keys != nil {
          let start = offset
          guard let key = try nextKey() else {
            open.removeLast()
            continue
          }
          keyCount += 1
          if keyCount > Self.skippedKeyLimit { throw failure(.tooManyKeys(limit: Self.skippedKeyLimit)) }
          // Canonically equivalent keys count as equal here: nobody reads them.
          guard open[open.count - 1]?.insert(key).inserted == true || !refusingDuplicates else {
            throw JSONError(.duplicateKey(key), at: start)
          }
        } else if try !nextElement() {
          open.removeLast()
          continue
        }
      }
      switch try peekKind() {
      case .object:
        try beginObject()
        open.append([])
      case .array:
        try beginArray()
        open.append(Set<String>?.none)
      case .string: try skipString()
      case .number: try skipNumber()
      case .boolean: _ = try readBoolean()
      case .null: try readWord("null")
      }
    } while !open.isEmpty
  }
}
