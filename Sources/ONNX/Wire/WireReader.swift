internal import ModelIR

/// Reads the fields of messages through one window of a file. Contents are passed over, not read, unless they are
/// asked for.
struct WireReader {
  /// The most bytes that are looked at together, and of one text.
  static let windowSize = 1 << 16
  /// What is read first behind a jump: enough for the fields before the next payload.
  private static let firstRead = 1 << 12
  /// The longest content of a field: protobuf's own limit, 2 GiB - 1.
  static let longestContent = UInt64(Int32.max)
  /// The most fields in a file.
  static let mostFields = 50_000_000
  /// The deepest nesting of messages and groups: protobuf's own limit.
  static let deepest = 100

  private let source: any ByteSource
  let file: String
  /// The size of the file.
  let byteCount: UInt64
  /// Where the next byte is read.
  private(set) var position: UInt64 = 0
  /// How many bytes were read from the source.
  private(set) var bytesRead: UInt64 = 0

  private var window: [UInt8] = []
  /// Where the window starts in the file, and how much of it is filled.
  private var windowStart: UInt64 = 0
  private var windowCount = 0
  private var fieldCount = 0

  init(_ source: any ByteSource) {
    self.source = source
    file = source.displayName
    byteCount = source.byteCount
  }

  func fault(_ rule: ONNXFault.Rule, at offset: UInt64) -> ONNXFault {
    ONNXFault(file: file, rule, offset: offset)
  }

  /// Goes to a place in the file.
  mutating func seek(to place: UInt64) { position = place }

  /// Makes the window hold `count` bytes from the position on, which the file has, and returns where they start
  /// in it.
  @inline(__always)
  private mutating func need(_ count: Int) throws -> Int {
    // Both differences fit: the window is small, and a place before it makes a huge number.
    let index = position &- windowStart
    if index <= UInt64(windowCount), count <= windowCount &- Int(truncatingIfNeeded: index) {
      return Int(truncatingIfNeeded: index)
    }
    try refill(count)
    return 0
  }

  private mutating func refill(_ count: Int) throws {
    precondition(UInt64(count) <= byteCount - position, "bytes behind the end of the file")
    let goesOn = position >= windowStart && position <= windowStart + UInt64(windowCount)
    let wanted = max(count, goesOn ? min(Self.windowSize, 2 * windowCount) : 0, Self.firstRead)
    let size = Int(min(UInt64(wanted), byteCount - position))
    if window.count < size { window = [UInt8](repeating: 0, count: min(Self.windowSize, 4 * size)) }
    windowCount = 0
    try source.read(size, at: position, into: &window, startingAt: 0)
    windowStart = position
    windowCount = size
    bytesRead += UInt64(size)
  }

  /// The next field of a message that ends at `end`; nil at its end. Groups are passed over.
  ///
  /// The position is then that of the content; whoever does not read it seeks its end.
  mutating func next(before end: UInt64) throws -> WireField? {
    while position < end {
      let start = position
      fieldCount &+= 1
      if fieldCount > Self.mostFields { throw fault(.tooManyFields(limit: Self.mostFields), at: start) }
      let tag = try varint(before: end)
      let number = tag >> 3
      guard number > 0, number < 1 << 29 else { throw fault(.wrongFieldNumber(number), at: start) }
      guard let type = WireType(rawValue: UInt8(tag & 7)) else {
        throw fault(.wrongWireType(UInt8(tag & 7)), at: start)
      }
      let lengthStart = position
      var value: UInt64 = 0
      var contentEnd = position
      switch type {
      case .varint:
        value = try varint(before: end)
        return field(number, type, start, lengthStart, lengthStart..<position, value)
      case .fixed32:
        value = try word(4, before: end)
        contentEnd = position
      case .fixed64:
        value = try word(8, before: end)
        contentEnd = position
      case .lengthDelimited:
        let length = try varint(before: end)
        guard length <= Self.longestContent else { throw fault(.contentTooLong(length), at: lengthStart) }
        guard length <= end - position else {
          throw fault(
            .contentBeyondEnd(length, left: end - position, ofFile: end == byteCount),
            at: lengthStart
          )
        }
        return field(number, type, start, lengthStart, position..<(position + length), 0)
      case .groupStart:
        try skipGroup(number, openedAt: start, before: end)
        continue
      case .groupEnd: throw fault(.groupNotOpened, at: start)
      }
      return field(number, type, start, lengthStart, lengthStart..<contentEnd, value)
    }
    return nil
  }

  @inline(__always)
  private func field(
    _ number: UInt64,
    _ type: WireType,
    _ start: UInt64,
    _ lengthStart: UInt64,
    _ content: Range<UInt64>,
    _ value: UInt64
  ) -> WireField {
    WireField(
      number: UInt32(truncatingIfNeeded: number),
      type: type,
      start: start,
      lengthStart: lengthStart,
      content: content,
      value: value
    )
  }

  /// Passes over a group, with the groups in it. (Google's parsers read them; no writer of ONNX makes any.)
  private mutating func skipGroup(_ number: UInt64, openedAt start: UInt64, before end: UInt64) throws {
    var open = [number]
    while let innermost = open.last {
      let place = position
      guard place < end else { throw fault(.groupNotClosed, at: start) }
      fieldCount &+= 1
      if fieldCount > Self.mostFields { throw fault(.tooManyFields(limit: Self.mostFields), at: place) }
      let tag = try varint(before: end)
      let number = tag >> 3
      guard number > 0, number < 1 << 29 else { throw fault(.wrongFieldNumber(number), at: place) }
      switch WireType(rawValue: UInt8(tag & 7)) {
      case .varint: _ = try varint(before: end)
      case .fixed32: _ = try word(4, before: end)
      case .fixed64: _ = try word(8, before: end)
      case .lengthDelimited:
        let lengthStart = position
        let length = try varint(before: end)
        guard length <= end - position else {
          throw fault(
            .contentBeyondEnd(length, left: end - position, ofFile: end == byteCount),
            at: lengthStart
          )
        }
        position += length
      case .groupStart:
        open.append(number)
        if open.count > Self.deepest { throw fault(.nestedTooDeep(limit: Self.deepest), at: place) }
      case .groupEnd:
        guard number == innermost else { throw fault(.groupNotOpened, at: place) }
        open.removeLast()
      case nil: throw fault(.wrongWireType(UInt8(tag & 7)), at: place)
      }
    }
  }
}

extension WireReader {
  /// The next varint of a run that ends at `end`.
  @inline(__always)
  mutating func varint(before end: UInt64) throws -> UInt64 {
    let count = Int(truncatingIfNeeded: min(end &- position, 10))
    var index = try need(count)
    if count > 0, window[index] < 0x80 {
      position &+= 1
      return UInt64(window[index])
    }
    let limit = index &+ count
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while index < limit {
      let byte = window[index]
      index &+= 1
      // The tenth byte has room for one bit.
      if shift == 63 && byte > 1 { throw fault(.varintTooLong, at: position) }
      value |= UInt64(byte & 0x7F) &<< shift
      shift &+= 7
      if byte < 0x80 {
        position = windowStart &+ UInt64(index)
        return value
      }
    }
    if count == 10 { throw fault(.varintTooLong, at: position) }
    throw fault(.cutShort(ofFile: end == byteCount), at: position)
  }

  /// The next `width` bytes as an integer, little-endian; at most 8.
  @inline(__always)
  mutating func word(_ width: Int, before end: UInt64) throws -> UInt64 {
    guard UInt64(width) <= end &- position else {
      throw fault(.cutShort(ofFile: end == byteCount), at: position)
    }
    let index = try need(width)
    var value: UInt64 = 0
    var place = 0
    while place < width {
      value |= UInt64(window[index &+ place]) &<< UInt64(place &* 8)
      place &+= 1
    }
    position &+= UInt64(width)
    return value
  }

  /// The bytes of a range of at most ``windowSize`` bytes as text; nil if they are no UTF-8.
  mutating func text(_ range: Range<UInt64>) throws -> String? {
    if range.isEmpty { return "" }
    position = range.lowerBound
    let index = try need(range.count)
    position = range.upperBound
    // Several times as fast as `String(validating:as:)` of a slice.
    guard let text = try? UTF8Span(validating: window.span.extracting(index..<(index + range.count))) else {
      return nil
    }
    return String(copying: text)
  }

  /// The bytes of a range of at most ``windowSize`` bytes.
  mutating func bytes(_ range: Range<UInt64>) throws -> ArraySlice<UInt8> {
    if range.isEmpty { return [] }
    position = range.lowerBound
    let index = try need(range.count)
    position = range.upperBound
    return window[index..<(index + range.count)]
  }

  /// The bytes of a range of any length; whoever asks has bounded it.
  mutating func longBytes(_ range: Range<UInt64>) throws -> [UInt8] {
    let count = Int(range.upperBound - range.lowerBound)
    if count <= Self.windowSize { return Array(try bytes(range)) }
    var result = [UInt8](repeating: 0, count: count)
    try source.read(count, at: range.lowerBound, into: &result, startingAt: 0)
    bytesRead += UInt64(count)
    position = range.upperBound
    return result
  }
}
