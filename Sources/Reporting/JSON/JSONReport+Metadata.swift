internal import Inspection
internal import ModelIR
internal import StrictJSON

extension JSONReport {
  /// Writes a model's metadata, or null where they were not asked for.
  static func write(_ metadata: MetadataReport, to writer: inout JSONWriter) throws {
    writer.key("metadata")
    guard let entries = metadata.entries else {
      try writer.null()
      return
    }
    try writer.array { writer in
      for entry in entries { try write(entry, to: &writer) }
    }
  }

  /// Writes an entry, or null where there is none.
  static func write(_ entry: MetadataReport.Entry?, to writer: inout JSONWriter) throws {
    guard let entry else { return try writer.null() }
    try writer.object { writer in
      try writer.member("key", entry.key)
      try writer.member("type", entry.type)
      writer.key("value")
      try write(entry.value, to: &writer)
      try writer.member("count", entry.count)
      try writer.member("cut", entry.isCut)
    }
  }

  private static func write(_ value: MetadataValue, to writer: inout JSONWriter) throws {
    switch value {
    case .string(let text): try writer.value(text)
    case .bool(let flag): try writer.value(flag)
    case .signed(let number, _): try writer.value(number)
    case .unsigned(let number, _): try writer.value(number)
    case .float32(let bits):
      // The shortest digits of a single-precision number are fewer than those of the double that it becomes.
      let number = Float(bitPattern: bits)
      guard number.isFinite, let double = Double(number.description) else {
        try writer.value(number.description)
        return
      }
      try writer.value(double)
    case .float64(let bits):
      let number = Double(bitPattern: bits)
      if number.isFinite { try writer.value(number) } else { try writer.value(number.description) }
    case .array(let values):
      try writer.array { writer in
        for value in values { try write(value, to: &writer) }
      }
    }
  }
}
