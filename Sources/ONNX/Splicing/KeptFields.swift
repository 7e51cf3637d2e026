/// What stays of a message that is written anew: all but the fields that say what is stored, and how.
struct KeptFields {
  /// The most bytes that are carried along.
  static let most = 1 << 20

  /// A `TensorProto`'s name, where it is text.
  var name = ""
  /// The other fields, encoded: documentation, metadata, what is not known; a name that is no UTF-8.
  var bytes: [UInt8] = []

  /// More than the most.
  struct TooMuch: Error {
    var byteCount: UInt64
  }

  /// Those of a `TensorProto`.
  /// - Throws: ``TooMuch``, ``ONNXFault``, and what the source throws.
  init(ofTensor message: Range<UInt64>, _ reader: inout WireReader) throws {
    var name: WireField?
    reader.seek(to: message.lowerBound)
    while let field = try reader.next(before: message.upperBound) {
      switch field.number {
      case 8 where field.type == .lengthDelimited: name = field
      case 1...11, 13, 14: break
      default: try keep(field, &reader)
      }
      reader.seek(to: field.content.upperBound)
    }
    guard let name else { return }
    if let text = try reader.text(name.content) {
      self.name = text
    } else {
      try keep(name, &reader)
    }
  }

  /// Those of the values of a `SparseTensorProto`.
  /// - Throws: as ``init(ofTensor:_:)`` does.
  init(ofSparse message: Range<UInt64>, _ reader: inout WireReader) throws {
    reader.seek(to: message.lowerBound)
    while let field = try reader.next(before: message.upperBound) {
      if field.number == 1, field.type == .lengthDelimited {
        try self.init(ofTensor: field.content, &reader)
        return
      }
      reader.seek(to: field.content.upperBound)
    }
    self.init()
  }

  /// Those of an `AttributeProto`.
  /// - Throws: as ``init(ofTensor:_:)`` does.
  init(ofAttribute message: Range<UInt64>, _ reader: inout WireReader) throws {
    reader.seek(to: message.lowerBound)
    while let field = try reader.next(before: message.upperBound) {
      switch field.number {
      case 1...11, 14, 15, 20...23: break
      default: try keep(field, &reader)
      }
      reader.seek(to: field.content.upperBound)
    }
  }

  /// None.
  init() {}

  private mutating func keep(_ field: WireField, _ reader: inout WireReader) throws {
    let range = field.range
    let (count, overflow) = UInt64(bytes.count).addingReportingOverflow(range.upperBound - range.lowerBound)
    if overflow || count > UInt64(Self.most) { throw TooMuch(byteCount: count) }
    bytes += try reader.longBytes(range)
  }
}
