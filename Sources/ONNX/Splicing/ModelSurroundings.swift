internal import ModelIR

/// What stands in a `ModelProto` beside graphs, as far as it matters to what is changed in them.
struct ModelSurroundings: Sendable {
  /// The entries of `metadata_props`: their whole fields, in the order of ``ONNXModel/metadata``.
  private(set) var metadata: [Range<UInt64>] = []
  /// The names of tensors that training sets: those that the bindings of a `TrainingInfoProto` begin with.
  private(set) var trained: Set<TensorName> = []

  /// Those of a file.
  /// - Throws: ``ONNXFault`` and what reading throws.
  init(_ reader: inout WireReader) throws {
    reader.seek(to: 0)
    while let field = try reader.next(before: reader.byteCount) {
      if field.type == .lengthDelimited {
        switch field.number {
        case 14: metadata.append(field.range)
        case 20: try readTraining(field.content, &reader)
        default: break
        }
      }
      reader.seek(to: field.content.upperBound)
    }
  }

  /// The bindings of a `TrainingInfoProto`.
  private mutating func readTraining(_ message: Range<UInt64>, _ reader: inout WireReader) throws {
    reader.seek(to: message.lowerBound)
    while let field = try reader.next(before: message.upperBound) {
      if field.type == .lengthDelimited, field.number == 3 || field.number == 4 {
        reader.seek(to: field.content.lowerBound)
        while let part = try reader.next(before: field.content.upperBound) {
          // Longer names than any tensor has need not be known.
          if part.number == 1, part.type == .lengthDelimited, part.content.count <= WireReader.windowSize,
            let name = try reader.text(part.content)
          {
            trained.insert(TensorName(name))
          }
          reader.seek(to: part.content.upperBound)
        }
      }
      reader.seek(to: field.content.upperBound)
    }
  }

  /// The version of ONNX's own operators that a `FunctionProto` imports; the least if there are several.
  /// - Throws: ``ONNXFault`` and what reading throws.
  static func operatorSet(ofFunction message: Range<UInt64>, _ reader: inout WireReader) throws -> Int64? {
    var found: Int64?
    reader.seek(to: message.lowerBound)
    while let field = try reader.next(before: message.upperBound) {
      if field.number == 9, field.type == .lengthDelimited {
        var (isOwn, version): (Bool, Int64) = (true, 0)
        reader.seek(to: field.content.lowerBound)
        while let part = try reader.next(before: field.content.upperBound) {
          switch (part.number, part.type) {
          case (1, .lengthDelimited):
            let count = part.content.upperBound - part.content.lowerBound
            isOwn = count == 0
            if count == 7, try reader.text(part.content) == "ai.onnx" { isOwn = true }
          case (2, .varint): version = Int64(bitPattern: part.value)
          default: break
          }
          reader.seek(to: part.content.upperBound)
        }
        if isOwn { found = min(found ?? version, version) }
      }
      reader.seek(to: field.content.upperBound)
    }
    return found
  }
}
