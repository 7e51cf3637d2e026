internal import ByteIO
internal import ModelIR

/// Reads the header of a file, front to back: counts, metadata, tensor infos. `HeaderLayout` then checks
/// where the data lie.
struct HeaderParser {
  let file: String
  let lenient: Bool
  var cursor: HeaderCursor
  var header = GGUFHeader()
  /// Whose value is being read.
  var currentKey: String?
  /// Whose fields are being read.
  var currentTensor: TensorName?
  private var heldText = 0
  /// The bytes of a length or a count.
  private(set) var lengthWidth = 8

  init(source: any ByteSource, lenient: Bool) {
    file = source.displayName
    self.lenient = lenient
    cursor = HeaderCursor(source)
  }

  mutating func parse() throws -> GGUFHeader {
    try readVersion()
    let tensorCount = try readWord(lengthWidth, "the number of tensors")
    let pairCount = try readWord(lengthWidth, "the number of key-value pairs")
    // A tensor has at least a name's length, a rank, a type and an offset; a pair a key's length, a type
    // and a byte.
    let smallest = UInt64(lengthWidth)
    try checkCount(tensorCount, of: "tensors", smallest: smallest + 16, limit: Limits.tensors)
    try checkCount(pairCount, of: "key-value pairs", smallest: smallest + 5, limit: GGUFHeader.mostPairs)
    try readPairs(pairCount)
    try readAlignment()
    try checkCount(tensorCount, of: "tensors", smallest: smallest + 16, limit: Limits.tensors)
    try readTensors(tensorCount)
    try placeData()
    return header
  }

  func fault(_ rule: GGUFFault.Rule, at offset: UInt64?) -> GGUFFault {
    GGUFFault(file: file, tensor: currentTensor, key: currentKey, rule, offset: offset)
  }

  /// Notes something odd; each kind once.
  mutating func note(_ kind: GGUFOddity.Kind, at offset: UInt64?) {
    if header.oddities.contains(where: { $0.kind == kind }) { return }
    header.oddities.append(
      GGUFOddity(file: file, tensor: currentTensor, key: currentKey, kind: kind, offset: offset)
    )
  }

  /// Lets something pass with a note if the file is read leniently.
  mutating func allow(_ kind: GGUFOddity.Kind, or rule: GGUFFault.Rule, at offset: UInt64?) throws {
    guard lenient else { throw fault(rule, at: offset) }
    note(kind, at: offset)
  }

  /// The next integer of `width` bytes.
  mutating func readWord(_ width: Int, _ field: String) throws -> UInt64 {
    let start = cursor.position
    guard let word = try cursor.word(width) else { throw fault(.cutShort(within: field), at: start) }
    return word
  }

  private mutating func readVersion() throws {
    let expected = Array("GGUF".utf8)
    let magic = try cursor.bytes(Int(min(4, cursor.byteCount))) ?? []
    guard magic == expected else {
      let isCut = expected.starts(with: magic)
      throw fault(isCut ? .cutShort(within: "the first four bytes") : .wrongMagic(magic), at: 0)
    }
    var version = UInt32(truncatingIfNeeded: try readWord(4, "the version"))
    if version & 0xFFFF == 0, [2, 3].contains(version.byteSwapped) {
      try allow(.bigEndian, or: .bigEndian, at: 4)
      version = version.byteSwapped
      cursor.isBigEndian = true
      header.isBigEndian = true
    }
    guard (1...3).contains(version) else { throw fault(.unsupportedVersion(version), at: 4) }
    if version == 1 { try allow(.version1, or: .version1, at: 4) }
    header.version = version
    lengthWidth = GGUFHeader.lengthWidth(ofVersion: version)
  }

  private func checkCount(_ count: UInt64, of things: String, smallest: UInt64, limit: Int) throws {
    let room = cursor.left / smallest
    guard count <= room else {
      throw fault(.countTooLarge(of: things, count, room: room), at: cursor.position)
    }
    guard count <= UInt64(limit) else { throw fault(.tooMany(of: things, limit: limit), at: cursor.position) }
  }

  /// The length of a string, which the file has room for.
  mutating func readLength(_ field: String) throws -> UInt64 {
    let start = cursor.position
    let length = try readWord(lengthWidth, field)
    guard length <= GGUFHeader.longestRun else { throw fault(.stringTooLong(length), at: start) }
    guard length <= cursor.left else {
      throw fault(.stringBeyondEnd(length, left: cursor.left), at: start)
    }
    return length
  }

  /// The next `length` bytes as text, or nil if they are none.
  mutating func readText(_ length: UInt64) throws -> String? {
    heldText += Int(length)
    guard heldText <= GGUFHeader.mostHeldText else {
      throw fault(.tooMuchText(limit: GGUFHeader.mostHeldText), at: cursor.position)
    }
    guard let bytes = try cursor.bytes(Int(length)) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private mutating func readAlignment() throws {
    guard let entry = header.entry(forKey: "general.alignment") else { return }
    currentKey = entry.key
    guard case .value(.unsigned(let alignment, bits: 32)) = entry.content else {
      throw fault(.wrongAlignmentType(entry.type), at: entry.range.lowerBound)
    }
    guard alignment.nonzeroBitCount == 1 else {
      throw fault(.wrongAlignment(alignment), at: entry.range.lowerBound)
    }
    header.alignment = alignment
    currentKey = nil
  }
}
