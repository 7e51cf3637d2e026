internal import ModelIR

/// Where the elements of a tensor are, and whether as many are there as its type and shape say.
extension ModelWalk {
  /// The elements of a tensor of `count` elements.
  mutating func payload(
    _ fields: TensorFields,
    _ type: ONNXDataType,
    count: UInt64,
    _ shown: String
  ) throws -> ONNXPayload {
    let start = fields.message.lowerBound
    switch fields.location {
    case 0: break
    case 1:
      guard type != .string else { throw fault(.externalStrings, "data_location", tensor: shown, at: start) }
      if let stored = fields.stored.first {
        throw fault(
          .externalAndStored,
          stored.field.name,
          tensor: shown,
          at: stored.runs.first?.lowerBound ?? start
        )
      }
      guard let bytes = type.byteCount(ofElements: count) else {
        throw fault(.tooManyElements, "dims", tensor: shown, at: start)
      }
      return try externalPayload(fields, byteCount: bytes, shown)
    default: throw fault(.unknownDataLocation(fields.location), "data_location", tensor: shown, at: start)
    }
    if !fields.external.isEmpty { note(.idleExternalData, tensor: shown, at: fields.externalStart) }
    guard let stored = fields.stored.first else {
      if count == 0 { return .none }
      throw fault(.noElements(count), tensor: shown, at: start)
    }
    guard fields.stored.count == 1 else {
      throw fault(.severalValueFields(fields.stored.map(\.field.name)), tensor: shown, at: start)
    }
    return try storedPayload(stored, type, count: count, shown, at: start)
  }

  private func storedPayload(
    _ stored: TensorFields.Stored,
    _ type: ONNXDataType,
    count: UInt64,
    _ shown: String,
    at start: UInt64
  ) throws -> ONNXPayload {
    let field = stored.field
    let place = stored.runs.first?.lowerBound ?? start
    if field == .rawData {
      guard type != .string else { throw fault(.rawStrings, field.name, tensor: shown, at: place) }
      guard let expected = type.byteCount(ofElements: count) else {
        throw fault(.tooManyElements, "dims", tensor: shown, at: start)
      }
      guard stored.byteCount == expected else {
        throw fault(
          .wrongByteCount(stored.byteCount, expected: expected),
          field.name,
          tensor: shown,
          at: place
        )
      }
      return .raw(stored.runs[0])
    }
    guard field == type.typedField else {
      let rule = ONNXFault.Rule.wrongValueField(field.name, expected: type.typedField.name)
      throw fault(rule, tensor: shown, at: place)
    }
    guard let expected = type.entryCount(ofElements: count) else {
      throw fault(.tooManyElements, "dims", tensor: shown, at: start)
    }
    guard let encoding = field.encoding else {
      // Strings: nothing of them is read but their number.
      guard stored.count == expected else {
        let rule = ONNXFault.Rule.wrongEntryCount(stored.count, expected: expected, field: field.name)
        throw fault(rule, tensor: shown, at: start)
      }
      return .none
    }
    try check(stored, encoding, entries: expected, shown, at: place)
    if encoding != .varint, stored.runs.count == 1 { return .raw(stored.runs[0]) }
    return .typed(runs: stored.runs, encoding: encoding)
  }

  /// Whether runs can hold as many entries. How many varints there are only reading them can tell.
  private func check(
    _ stored: TensorFields.Stored,
    _ encoding: ONNXEncoding,
    entries expected: UInt64,
    _ shown: String,
    at place: UInt64
  ) throws {
    let bytes = stored.byteCount
    switch encoding {
    case .varint:
      guard expected <= bytes, bytes.dividedUp(by: 10) <= expected else {
        let rule = ONNXFault.Rule.wrongVarintBytes(bytes, entries: expected, field: stored.field.name)
        throw fault(rule, tensor: shown, at: place)
      }
    case .fixed32, .fixed64:
      let width: UInt64 = encoding == .fixed32 ? 4 : 8
      if let run = stored.runs.first(where: { ($0.upperBound - $0.lowerBound) % width != 0 }) {
        throw fault(.cutShort(ofFile: false), stored.field.name, tensor: shown, at: run.upperBound)
      }
      guard bytes / width == expected else {
        let rule = ONNXFault.Rule.wrongEntryCount(bytes / width, expected: expected, field: stored.field.name)
        throw fault(rule, tensor: shown, at: place)
      }
    }
  }
}
