internal import ByteIO
internal import ModelIR
internal import StrictJSON

/// Turns the JSON text of a header into entries and metadata; sizes and offsets are checked afterwards.
struct HeaderParser {
  private let file: String
  private let lenient: Bool
  private let source: any ByteSource
  private let length: UInt64
  private var header = SafetensorsHeader()
  private var extents: [UInt64] = []
  private var recentShapes: [Shape] = []
  /// Where the tensors stand among the entries.
  private var places = NameTable()
  /// The type that was read last, which most often is the next one's too.
  private var recentType: (name: String, type: ElementType)?
  /// Whose fields are being read.
  private(set) var currentTensor: TensorName?

  init(source: any ByteSource, length: UInt64, lenient: Bool) {
    self.source = source
    self.length = length
    self.lenient = lenient
    file = source.displayName
  }

  private func fault(_ rule: SafetensorsFault.Rule, at offset: UInt64) -> SafetensorsFault {
    SafetensorsFault(file: file, tensor: currentTensor, rule, offset: 8 + offset)
  }

  mutating func parse() throws -> SafetensorsHeader {
    let (source, length) = (source, length)
    var next: UInt64 = 0
    var reader = JSONReader(windowSize: Int(min(length, UInt64(SafetensorsHeader.windowSize)))) { window in
      let count = Int(min(UInt64(window.count), length - next))
      try source.read(count, at: 8 + next, into: &window, startingAt: 0)
      next += UInt64(count)
      return count
    }
    try parse(&reader)
    return header
  }

  private mutating func parse(_ reader: inout JSONReader) throws {
    var sawMetadata = false
    try reader.beginObject()
    var start = reader.offset
    while let key = try reader.nextKey() {
      if key.utf8.elementsEqual("__metadata__".utf8) {
        if sawMetadata { throw fault(.duplicateMetadata, at: start) }
        sawMetadata = true
        try parseMetadata(&reader)
      } else {
        let name = TensorName(key)
        currentTensor = name
        let entry = try parseEntry(name, &reader)
        if let earlier = places.insert(name, at: header.entries.count, { header.entries[$0].name }) {
          try replaceDuplicate(earlier, by: entry, at: start)
        } else {
          guard header.entries.count < Limits.tensors else {
            throw fault(.tooManyTensors(limit: Limits.tensors), at: start)
          }
          header.entries.append(entry)
        }
        currentTensor = nil
      }
      start = reader.offset
    }
    try reader.readEnd()
    warnOfEquivalentNames()
  }

  private mutating func replaceDuplicate(
    _ place: Int,
    by entry: SafetensorsHeader.Entry,
    at start: UInt64
  ) throws {
    guard lenient else { throw fault(.duplicateTensor, at: start) }
    header.entries[place] = entry
    header.warnings.append(
      Diagnosis(.badData, file: file, tensor: entry.name, "stands twice in the header: the last is taken")
    )
  }

  /// Names that only normalization makes equal are two tensors, but no person sees the difference.
  private mutating func warnOfEquivalentNames() {
    var seen = Set<String>()
    for name in header.entries.lazy.map(\.name) where !name.text.utf8Span.isKnownASCII {
      if seen.insert(name.text).inserted { continue }
      header.warnings.append(
        Diagnosis(
          .badData,
          file: file,
          tensor: name,
          "another tensor's name looks the same and differs in its bytes"
        )
      )
    }
  }

  private mutating func parseMetadata(_ reader: inout JSONReader) throws {
    if try reader.readNull() { return }
    header.declaresMetadata = true
    /// Fingerprints instead of keys: a header of 100 MB holds millions of them.
    var seen = Set<Int>()
    var repeats = false
    try reader.beginObject()
    var start = reader.offset
    while let key = try reader.nextKey() {
      if !seen.insert(Fingerprint.of(key.utf8Span.span)).inserted {
        guard lenient || header.metadata.index(ofKey: key.utf8) == nil else {
          throw fault(.duplicateMetadataKey(key), at: start)
        }
        repeats = true
      }
      let kind = try reader.peekKind()
      guard kind == .string else {
        throw fault(.wrongField("__metadata__.\(key)", expected: "a string"), at: reader.offset)
      }
      try reader.readText { header.metadata.append(key: key.utf8, text: $0) }
      start = reader.offset
    }
    if repeats { keepLastOfRepeatedKeys() }
  }

  /// Drops the entries whose key comes again; in one pass, as a header may repeat keys by the million.
  private mutating func keepLastOfRepeatedKeys() {
    let all = header.metadata
    var seen = Set<[UInt8]>()
    var kept: [Int] = []
    for index in (0..<all.count).reversed() {
      let key = all.key(at: index)
      if seen.insert(Array(key.utf8)).inserted {
        kept.append(index)
      } else {
        header.warnings.append(
          Diagnosis(.badData, file: file, "__metadata__ has the key \"\(key)\" twice: the last is taken")
        )
      }
    }
    header.metadata = Metadata()
    for index in kept.reversed() {
      header.metadata.append(key: all.key(at: index), value: all.value(at: index))
    }
  }

  /// A shape, shared with an earlier tensor of the same one: the tensors of a checkpoint have few.
  private mutating func shape(of extents: [UInt64]) -> Shape? {
    if let known = recentShapes.first(where: { $0.extents == extents }) { return known }
    guard let shape = Shape(Array(extents)) else { return nil }
    if recentShapes.count == 8 { recentShapes.removeFirst() }
    recentShapes.append(shape)
    return shape
  }

  private enum Field: Int {
    case dtype, shape, dataOffsets
  }

  private struct Partial {
    var elementType: ElementType?
    var shape: Shape?
    var offsets: (begin: UInt64, end: UInt64)?
  }

  /// Reads a tensor's fields: an object, or as serde takes a struct too, an array of the three.
  private mutating func parseEntry(
    _ name: TensorName,
    _ reader: inout JSONReader
  ) throws -> SafetensorsHeader.Entry {
    var partial = Partial()
    if try reader.peekKind() == .array {
      try parseArrayEntry(&partial, &reader)
    } else {
      try parseObjectEntry(&partial, &reader)
    }
    guard let elementType = partial.elementType else {
      throw fault(.missingField("dtype"), at: reader.offset)
    }
    guard let shape = partial.shape else { throw fault(.missingField("shape"), at: reader.offset) }
    guard let offsets = partial.offsets else {
      throw fault(.missingField("data_offsets"), at: reader.offset)
    }
    return SafetensorsHeader.Entry(
      name: name,
      elementType: elementType,
      shape: shape,
      begin: offsets.begin,
      end: offsets.end
    )
  }

  private mutating func parseArrayEntry(_ partial: inout Partial, _ reader: inout JSONReader) throws {
    try reader.beginArray()
    var index = 0
    while try reader.nextElement() {
      guard let field = Field(rawValue: index) else {
        throw fault(.wrongField("the tensor's array", expected: "three elements"), at: reader.offset)
      }
      try parse(field, into: &partial, &reader)
      index += 1
    }
  }

  private mutating func parseObjectEntry(_ partial: inout Partial, _ reader: inout JSONReader) throws {
    var unknown = Set<String>()
    try reader.beginObject()
    var start = reader.offset
    while let key = try reader.nextKey() {
      let field: Field?
      let isDuplicate: Bool
      switch key {
      case "dtype": (field, isDuplicate) = (.dtype, partial.elementType != nil)
      case "shape": (field, isDuplicate) = (.shape, partial.shape != nil)
      case "data_offsets": (field, isDuplicate) = (.dataOffsets, partial.offsets != nil)
      default: (field, isDuplicate) = (nil, !unknown.insert(key).inserted && !lenient)
      }
      if isDuplicate { throw fault(.duplicateField(key), at: start) }
      if let field {
        try parse(field, into: &partial, &reader)
      } else {
        try reader.skipValue(refusingDuplicates: !lenient)
      }
      if unknown.count > JSONReader.skippedKeyLimit {
        throw fault(.json(JSONError(.tooManyKeys(limit: JSONReader.skippedKeyLimit), at: start)), at: start)
      }
      start = reader.offset
    }
  }

  private mutating func parse(
    _ field: Field,
    into partial: inout Partial,
    _ reader: inout JSONReader
  ) throws {
    let start = reader.offset
    switch field {
    case .dtype:
      let name = try reader.readString()
      if let recentType, recentType.name == name {
        partial.elementType = recentType.type
      } else {
        guard let type = ElementType(name: name), type.isInSafetensors else {
          throw fault(.unknownType(name), at: start)
        }
        recentType = (name, type)
        partial.elementType = type
      }
    case .shape:
      extents.removeAll(keepingCapacity: true)
      try reader.beginArray()
      while try reader.nextElement() { extents.append(try reader.readUInt64()) }
      guard let shape = shape(of: extents) else { throw fault(.shapeOverflow, at: start) }
      partial.shape = shape
    case .dataOffsets:
      extents.removeAll(keepingCapacity: true)
      try reader.beginArray()
      while try reader.nextElement() {
        if extents.count == 2 {
          throw fault(.wrongField("data_offsets", expected: "two integers"), at: reader.offset)
        }
        extents.append(try reader.readUInt64())
      }
      guard extents.count == 2 else {
        throw fault(.wrongField("data_offsets", expected: "two integers"), at: start)
      }
      partial.offsets = (extents[0], extents[1])
    }
  }
}
