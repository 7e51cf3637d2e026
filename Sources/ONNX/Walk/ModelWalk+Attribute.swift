internal import ModelIR

/// `AttributeProto`, and the tensors and graphs that it holds.
extension ModelWalk {
  /// Whose attribute it is.
  enum AttributeOwner {
    /// A node of a graph.
    case node(graph: Int, number: Int, Label)
    /// A function, whose body the graph is: the default of an attribute.
    case function(graph: Int)

    /// The graph.
    var graph: Int {
      switch self {
      case .node(let graph, _, _), .function(let graph): graph
      }
    }

    /// The place of a tensor in it.
    func place(_ name: String, number: Int?) -> ONNXTensor.Place {
      switch self {
      case .node(_, let node, _): .attribute(node: node, name: name, number: number)
      case .function: .functionAttribute(name: name, number: number)
      }
    }

    /// What its tensors and graphs are called.
    func label(_ name: String, number: Int?) -> String {
      let suffix = number.map { "\(name)\($0)" } ?? name
      switch self {
      case .node(_, _, let label): return "\(label.text).\(suffix)"
      case .function: return suffix
      }
    }

    /// The output of a Constant, where the attribute of this name defines it. (onnx 1.23, operator Constant.)
    func constant(_ name: String) -> String? {
      guard case .node(_, _, let label) = self else { return nil }
      switch name {
      case "value", "sparse_value", "value_float", "value_floats", "value_int", "value_ints", "value_string",
        "value_strings":
        return label.constant
      default: return nil
      }
    }
  }

  mutating func readAttribute(
    _ field: WireField,
    parentFrame: Int32,
    of owner: AttributeOwner
  ) throws -> ONNXAttribute {
    let fields = try readAttributeFields(field)
    var tensors: [Int] = []
    var graphs: [Int] = []
    let plain = fields.messages.isEmpty ? owner.constant(fields.name) : nil
    if !fields.messages.isEmpty || plain != nil {
      let frame = try frame(field, in: parentFrame)
      (tensors, graphs) = try readMessages(fields, frame, of: owner)
      if let plain, fields.reference.isEmpty {
        try addPlainConstant(fields, field, frame, named: plain, of: owner)
      }
    }
    return ONNXAttribute(name: fields.name, value: try value(fields, tensors, graphs))
  }

  /// What the attribute holds, for those who ask for it by name.
  private mutating func value(
    _ fields: AttributeFields,
    _ tensors: [Int],
    _ graphs: [Int]
  ) throws -> ONNXAttribute.Value {
    if !fields.reference.isEmpty { return .reference(fields.reference) }
    switch fields.kind {
    case .float: return .float(Float(bitPattern: UInt32(truncatingIfNeeded: fields.float?.value ?? 0)))
    case .integer: return .integer(Int64(bitPattern: fields.integer?.value ?? 0))
    case .string:
      guard let field = fields.string else { return .string("") }
      guard field.content.count <= Self.mostEntries else { return .other }
      // Any bytes may stand here; those that are no text are not for us.
      guard let text = try reader.text(field.content) else { return .other }
      try charge(text.utf8.count + 48)
      return .string(text)
    case .floats:
      return fields.floats.count > UInt64(Self.mostEntries) ? .other : .floats(fields.floats.values)
    case .integers:
      return fields.integers.count > UInt64(Self.mostEntries) ? .other : .integers(fields.integers.values)
    case .tensor, .sparseTensor: return tensors.first.map { .tensor($0) } ?? .other
    case .tensors, .sparseTensors: return .tensors(tensors)
    case .graph, .graphs: return .graphs(graphs)
    case .strings, nil: return .other
    }
  }

  /// Goes over the fields, and into none of the messages.
  private mutating func readAttributeFields(_ field: WireField) throws -> AttributeFields {
    var fields = AttributeFields()
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      switch (part.number, part.type) {
      case (1, .lengthDelimited): fields.name = try text(part, "name")
      case (2, .fixed32): fields.float = part
      case (3, .varint): fields.integer = part
      case (4, .lengthDelimited): fields.string = part
      case (7, .fixed32), (7, .lengthDelimited): try readFloats(part, &fields.floats)
      case (8, .varint), (8, .lengthDelimited): try readIntegers(part, &fields.integers)
      case (9, .lengthDelimited): fields.stringCount += 1
      case (20, .varint): fields.type = part.value
      case (21, .lengthDelimited): fields.reference = try text(part, "ref_attr_name")
      case (5, .lengthDelimited), (6, .lengthDelimited), (22, .lengthDelimited):
        guard !fields.messages.contains(where: { $0.number == part.number }) else {
          let name = AttributeFields.Kind(messageField: part.number)?.fieldName ?? ""
          throw fault(.messageTwice, "\(name)", at: part.start)
        }
        fallthrough
      case (10, .lengthDelimited), (11, .lengthDelimited), (23, .lengthDelimited):
        try charge(2 * MemoryLayout<WireField>.stride)
        fields.messages.append(part)
      default: break
      }
      reader.seek(to: part.content.upperBound)
    }
    return fields
  }

  private mutating func readFloats(
    _ field: WireField,
    _ entries: inout AttributeFields.Entries<Float>
  ) throws {
    let bytes = field.content.upperBound - field.content.lowerBound
    guard bytes % 4 == 0 else {
      throw fault(.wrongByteCount(bytes, expected: bytes / 4 * 4), "floats", at: field.content.lowerBound)
    }
    if bytes == 0 { return }
    try charge(32)
    entries.runs.append(field.content)
    entries.count += bytes / 4
    guard entries.count <= UInt64(Self.mostEntries) else {
      entries.values = []
      return
    }
    try charge(8 * Int(bytes / 4))
    reader.seek(to: field.content.lowerBound)
    while reader.position < field.content.upperBound {
      let bits = try reader.word(4, before: field.content.upperBound)
      entries.values.append(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    }
  }

  private mutating func readIntegers(
    _ field: WireField,
    _ entries: inout AttributeFields.Entries<Int64>
  ) throws {
    if field.content.isEmpty { return }
    try charge(32)
    entries.runs.append(field.content)
    // A local: the closure may not touch what is borrowed here.
    var found = entries.values
    entries.values = []
    var count = entries.count
    try integers(field) { value in
      count += 1
      if count <= UInt64(Self.mostEntries) { found.append(value) }
    }
    try charge(count <= UInt64(Self.mostEntries) ? 16 * Int(count - entries.count) : 0)
    entries.count = count
    entries.values = found
  }

  /// Goes into the tensors and graphs of an attribute.
  private mutating func readMessages(
    _ fields: AttributeFields,
    _ frame: Int32,
    of owner: AttributeOwner
  ) throws -> (tensors: [Int], graphs: [Int]) {
    var tensors: [Int] = []
    var graphs: [Int] = []
    var counts: [AttributeFields.Kind: Int] = [:]
    for message in fields.messages {
      guard let kind = AttributeFields.Kind(messageField: message.number) else { continue }
      let count = counts[kind, default: 0]
      counts[kind] = count + 1
      let number = kind.isRepeated ? count : nil
      try enter(kind.fieldName, number ?? -1)
      let home = TensorHome(
        graph: owner.graph,
        place: owner.place(fields.name, number: number),
        name: number == nil ? owner.constant(fields.name) : nil,
        label: owner.label(fields.name, number: number)
      )
      switch kind {
      case .tensor, .tensors: tensors.append(try readTensor(message, parentFrame: frame, home))
      case .sparseTensor, .sparseTensors:
        tensors.append(try readSparseTensor(message, parentFrame: frame, home))
      default:
        graphs.append(try readBody(message, frame, label: home.label, attribute: fields.name, of: owner))
      }
      try charge(32)
      path.leave()
    }
    return (tensors, graphs)
  }

  private mutating func readBody(
    _ message: WireField,
    _ frame: Int32,
    label: String,
    attribute: String,
    of owner: AttributeOwner
  ) throws -> Int {
    let scope = scopes[owner.graph] + label + "/"
    let role: ONNXGraph.Role =
      switch owner {
      case .node(_, let node, _): .body(node: node, attribute: attribute)
      case .function: .functionAttribute(attribute)
      }
    let graph = try addGraph(role, parent: owner.graph, scope: scope)
    try readGraph(message, parentFrame: frame, into: graph)
    return graph
  }
}
