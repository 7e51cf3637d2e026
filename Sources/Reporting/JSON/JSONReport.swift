internal import ModelIR
internal import StrictJSON

/// Reports for programs: one JSON document each, whose `schema` names its JSON Schema in `Schemas/`.
///
/// Documents are complete and in the order of the model; names are the strings that the files have, in which
/// what steers a terminal or hides is escaped as JSON. Within a schema's number fields are only ever added. Sizes are in bytes.
public enum JSONReport {
  /// Takes the text, in pieces of some 64 KiB.
  public typealias Sink = (borrowing [UInt8]) throws -> Void

  /// Writes a document that starts with its schema's name.
  static func document(
    _ schema: String,
    indent: Int? = 2,
    to sink: @escaping Sink,
    _ body: (inout JSONWriter) throws -> Void
  ) throws {
    var writer = JSONWriter(indent: indent) { try sink(VisibleJSON.escaping($0)) }
    try writer.object { writer in
      try writer.member("schema", schema)
      try body(&writer)
    }
    _ = try writer.finish()
  }
}

extension JSONWriter {
  /// Writes a key and a string.
  mutating func member(_ name: String, _ text: String?) throws {
    key(name)
    if let text { try value(text) } else { try null() }
  }

  /// Writes a key and an integer.
  mutating func member<Number: FixedWidthInteger>(_ name: String, _ number: Number?) throws {
    key(name)
    if let number { try value(number) } else { try null() }
  }

  /// Writes a key and a number.
  mutating func member(_ name: String, _ number: Double?) throws {
    key(name)
    if let number { try value(number) } else { try null() }
  }

  /// Writes a key and a number that may be no finite one, which is written as text then.
  mutating func member(_ name: String, real number: Double) throws {
    key(name)
    if number.isFinite { try value(number) } else { try value(number.description) }
  }

  /// Writes a key and a truth value.
  mutating func member(_ name: String, _ flag: Bool) throws {
    key(name)
    try value(flag)
  }

  /// Writes a key and an array with an element for each item.
  mutating func member<Item>(
    _ name: String,
    of items: some Sequence<Item>,
    _ body: (Item, inout JSONWriter) throws -> Void
  ) throws {
    key(name)
    try array { writer in
      for item in items { try body(item, &writer) }
    }
  }

  /// Writes a key and an object.
  mutating func member(_ name: String, object body: (inout JSONWriter) throws -> Void) throws {
    key(name)
    try object(body)
  }

  /// Writes a shape: its extents, outermost first.
  mutating func member(_ name: String, _ shape: Shape) throws {
    try member(name, of: shape.extents) { try $1.value($0) }
  }

  /// Writes what is known about the axis along which groups run.
  mutating func member(axis: ReductionAxis?) throws {
    try member("axis", axis?.axes.first)
    try member("axis_evidence", axis?.evidence.rawValue)
  }

  /// Writes who uses a tensor.
  mutating func member(uses: TensorUses?) throws {
    key("uses")
    guard let uses else { return try null() }
    try object { writer in
      try writer.member("role", uses.role.rawValue)
      try writer.member("consumers", uses.consumers)
      try writer.member("evidence", of: uses.evidence) { try $1.value($0) }
      try writer.member("omitted", uses.omitted)
    }
  }

  /// Writes diagnoses: warnings or findings.
  mutating func member(_ name: String, _ diagnoses: [Diagnosis]) throws {
    try member(name, of: diagnoses) { diagnosis, writer in
      try writer.object { writer in
        try writer.member("file", diagnosis.file)
        try writer.member("tensor", diagnosis.tensor?.text)
        try writer.member("problem", diagnosis.problem)
        try writer.member("expected", diagnosis.expected)
        try writer.member("offset", diagnosis.offset)
      }
    }
  }

  /// Writes a key and counts by name, sorted by name.
  mutating func member(_ name: String, counts: [(name: String, count: Int)]) throws {
    try member(name) { writer in
      for (name, count) in counts.sorted(by: { $0.name < $1.name }) { try writer.member(name, count) }
    }
  }
}
