internal import ModelIR

/// `SparseTensorProto`.
extension ModelWalk {
  /// Reads a sparse tensor, adds it to the model, and returns its number.
  ///
  /// The rules are those of onnx's own checker; whether the indices rise and lead into the tensor only reading
  /// them can tell.
  mutating func readSparseTensor(_ field: WireField, parentFrame: Int32, _ home: TensorHome) throws -> Int {
    let frame = try frame(field, in: parentFrame)
    var dims: [Int64] = []
    var parts: (values: TensorFields?, indices: TensorFields?) = (nil, nil)
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      switch (part.number, part.type) {
      case (1, .lengthDelimited):
        try enter("values")
        guard parts.values == nil else { throw fault(.messageTwice, at: part.start) }
        parts.values = try readTensorFields(part)
        path.leave()
      case (2, .lengthDelimited):
        try enter("indices")
        guard parts.indices == nil else { throw fault(.messageTwice, at: part.start) }
        parts.indices = try readTensorFields(part)
        path.leave()
      case (3, .varint), (3, .lengthDelimited): try readDimensions(part, &dims)
      default: break
      }
      reader.seek(to: part.content.upperBound)
    }
    guard let values = parts.values else { throw fault(.sparseWithoutValues, at: field.start) }
    let name = home.name ?? (home.label.isEmpty ? values.name : "")
    let shown = name.isEmpty ? home.label : name

    let shape = try shape(dims, shown, at: field.start)
    guard shape.rank > 0 else { throw fault(.sparseScalar, "dims", tensor: shown, at: field.start) }
    if let axis = shape.extents.firstIndex(of: 0) {
      throw fault(.sparseEmptyDimension(axis: axis), "dims", tensor: shown, at: field.start)
    }
    let (type, nnz, payload) = try sparseValues(values, shown)
    let indices = try sparseIndices(parts.indices, nnz: nnz, rank: shape.rank, shown, at: field.start)
    return try add(field, frame, home, name: name, type, shape, payload, indices)
  }

  private mutating func sparseValues(
    _ fields: TensorFields,
    _ shown: String
  ) throws -> (ONNXDataType, UInt64, ONNXPayload) {
    path.enter("values")
    let type = try elementType(fields, shown)
    let start = fields.message.lowerBound
    guard type != .string else { throw fault(.sparseStrings, "data_type", tensor: shown, at: start) }
    let shape = try shape(fields.dims, shown, at: start)
    guard shape.rank == 1 else {
      throw fault(.sparseValuesRank(shape.rank), "dims", tensor: shown, at: start)
    }
    let payload = try payload(fields, type, count: shape.elementCount, shown)
    path.leave()
    return (type, shape.elementCount, payload)
  }

  private mutating func sparseIndices(
    _ fields: TensorFields?,
    nnz: UInt64,
    rank: Int,
    _ shown: String,
    at place: UInt64
  ) throws -> ONNXIndices {
    guard let fields else {
      guard nnz == 0 else { throw fault(.sparseWithoutIndices, tensor: shown, at: place) }
      return ONNXIndices(areCoordinates: false, nnz: 0, payload: .none)
    }
    path.enter("indices")
    let start = fields.message.lowerBound
    let type = try elementType(fields, shown)
    guard type == .int64 else {
      throw fault(.sparseIndexType(type.name), "data_type", tensor: shown, at: start)
    }
    let shape = try shape(fields.dims, shown, at: start)
    guard shape.rank == 1 || shape.rank == 2 else {
      throw fault(.sparseIndexRank(shape.rank), "dims", tensor: shown, at: start)
    }
    guard shape.extents[0] == nnz else {
      throw fault(.sparseIndexCount(shape.extents[0], expected: nnz), "dims", tensor: shown, at: start)
    }
    if shape.rank == 2, shape.extents[1] != UInt64(rank) {
      throw fault(.sparseCoordinates(shape.extents[1], expected: rank), "dims", tensor: shown, at: start)
    }
    let payload = try payload(fields, .int64, count: shape.elementCount, shown)
    path.leave()
    return ONNXIndices(areCoordinates: shape.rank == 2, nnz: nnz, payload: payload)
  }
}
