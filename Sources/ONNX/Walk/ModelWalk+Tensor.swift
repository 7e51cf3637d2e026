internal import ModelIR

/// `TensorProto`.
extension ModelWalk {
  /// Reads a tensor, adds it to the model, and returns its number.
  mutating func readTensor(_ field: WireField, parentFrame: Int32, _ home: TensorHome) throws -> Int {
    let frame = try frame(field, in: parentFrame)
    let fields = try readTensorFields(field)
    let name = home.name ?? (home.label.isEmpty ? fields.name : "")
    let shown = name.isEmpty ? home.label : name
    let type = try elementType(fields, shown)
    let shape = try shape(fields.dims, shown, at: field.start)
    let values = try payload(fields, type, count: shape.elementCount, shown)
    return try add(field, frame, home, name: name, type, shape, values, nil)
  }

  /// Adds a tensor to the model, and returns its number.
  mutating func add(
    _ field: WireField,
    _ frame: Int32,
    _ home: TensorHome,
    name: String,
    _ type: ONNXDataType,
    _ shape: Shape,
    _ values: ONNXPayload,
    _ indices: ONNXIndices?
  ) throws -> Int {
    let scoped = scopes[home.graph] + (name.isEmpty ? home.label : name)
    // The tensor, its names here and among those that are taken, its shape and place.
    try charge(2 * MemoryLayout<ONNXTensor>.stride + 3 * scoped.utf8.count + 8 * shape.rank + 192)
    model.tensors.append(
      ONNXTensor(
        graph: home.graph,
        place: home.place,
        name: name,
        scopedName: names.make(scoped),
        type: type,
        shape: shape,
        values: values,
        indices: indices,
        message: field.content
      )
    )
    structure.tensorFrames.append(frame)
    return model.tensors.count - 1
  }

  /// Goes over the fields and passes over the elements.
  mutating func readTensorFields(_ field: WireField) throws -> TensorFields {
    var fields = TensorFields(message: field.content)
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      switch (part.number, part.type) {
      case (1, .varint), (1, .lengthDelimited): try readDimensions(part, &fields.dims)
      case (2, .varint): fields.type = Int64(Int32(truncatingIfNeeded: part.value))
      case (3, .lengthDelimited): fields.segment = part.start
      case (8, .lengthDelimited): fields.name = try text(part, "name")
      case (13, .lengthDelimited):
        if fields.external.isEmpty { fields.externalStart = part.start }
        try enter("external_data", fields.external.count)
        fields.external.append(try pair(part))
        path.leave()
      case (14, .varint): fields.location = Int64(Int32(truncatingIfNeeded: part.value))
      case (9, .lengthDelimited):
        fields.stored.removeAll { $0.field == .rawData }
        if !part.content.isEmpty { fields.stored.append(.init(field: .rawData, runs: [part.content])) }
      case (4, .fixed32), (10, .fixed64), (5, .varint), (7, .varint), (11, .varint),
        (4...7, .lengthDelimited),
        (10, .lengthDelimited), (11, .lengthDelimited):
        try readEntries(part, &fields.stored)
      default: break
      }
      reader.seek(to: part.content.upperBound)
    }
    return fields
  }

  /// Dimensions: one, or a packed run of them.
  mutating func readDimensions(_ field: WireField, _ dims: inout [Int64]) throws {
    var count = dims.count
    var found = dims
    try integers(field) { extent in
      count += 1
      if count <= Self.mostDimensions { found.append(extent) }
    }
    guard count <= Self.mostDimensions else {
      throw fault(.tooManyDimensions(limit: Self.mostDimensions), "dims", at: field.start)
    }
    dims = found
  }

  /// A run of typed entries, or one of them.
  private mutating func readEntries(_ part: WireField, _ stored: inout [TensorFields.Stored]) throws {
    guard let field = ONNXValueField(rawValue: part.number) else { return }
    var index = stored.firstIndex { $0.field == field } ?? stored.count
    if field == .stringData {
      if index == stored.count { stored.append(.init(field: field, runs: [])) }
      stored[index].count += 1
      return
    }
    if part.content.isEmpty { return }
    if index == stored.count {
      stored.append(.init(field: field, runs: []))
      index = stored.count - 1
    }
    try charge(2 * MemoryLayout<Range<UInt64>>.stride)
    stored[index].runs.append(part.content)
  }

  /// The element type, if there is one of its number.
  func elementType(_ fields: TensorFields, _ shown: String) throws -> ONNXDataType {
    if let segment = fields.segment { throw fault(.segment, "segment", tensor: shown, at: segment) }
    guard let number = Int32(exactly: fields.type), let type = ONNXDataType(rawValue: number) else {
      throw fault(.unknownType(fields.type), "data_type", tensor: shown, at: fields.message.lowerBound)
    }
    return type
  }

  /// The shape of these dimensions, of fewer than 2^63 elements.
  func shape(_ dims: [Int64], _ shown: String, at offset: UInt64) throws -> Shape {
    if let axis = dims.firstIndex(where: { $0 < 0 }) {
      throw fault(.negativeDimension(axis: axis, dims[axis]), "dims", tensor: shown, at: offset)
    }
    guard let shape = Shape(dims.map { UInt64($0) }), shape.elementCount < 1 << 63 else {
      throw fault(.tooManyElements, "dims", tensor: shown, at: offset)
    }
    return shape
  }
}
