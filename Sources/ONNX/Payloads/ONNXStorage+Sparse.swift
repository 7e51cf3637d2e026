internal import ModelIR

extension ONNXStorage {
  /// The parts of a sparse tensor, as CSR.
  mutating func sparseStorage(of tensor: ONNXTensor, _ indices: ONNXIndices) throws -> Found {
    let shape = tensor.shape
    let place = PayloadPlace(
      tensor: tensor.scopedName,
      field: "values." + tensor.values.field(of: tensor.type),
      source: files[main]
    )
    guard let width = tensor.type.elementType?.byteWidth else { throw Obstacle.type(tensor.type) }
    guard shape.elementCount > 0 else {
      if indices.nnz > 0 { throw place.fault(.valuesOfEmptyTensor(nnz: indices.nnz)) }
      return Found(storage: .dense(Region(file: main, offset: 0, byteCount: 0)), storedByteCount: 0)
    }
    guard let valueBytes = tensor.type.byteCount(ofElements: indices.nnz) else { throw Obstacle.tooLarge }
    // All parts lie in one file, so what a file holds as it is gets a view too.
    let values: any RowDecoding
    if let region = try region(of: tensor.values, byteCount: valueBytes, place) {
      values = StoredBytes(indices.nnz, of: width, at: region.offset, in: files[Int(region.file)])
    } else {
      values = try elements(of: tensor.values, tensor.type, count: indices.nnz, place)
    }
    let entries = try entries(of: indices, tensor)
    guard let columns = IndexColumns(entries), let columnWidth = IndexWidth.columns(shape.columns) else {
      throw Obstacle.rowsTooLong(shape.columns)
    }
    guard let offsets = IndexRowOffsets(entries, rows: shape.rows) else { throw Obstacle.tooLarge }
    let storage = Storage.csr(
      rowOffsets: try append(offsets),
      offsetWidth: .rowOffsets(nnz: indices.nnz),
      columnIndices: try append(columns),
      columnWidth: columnWidth,
      values: try append(values)
    )
    return Found(
      storage: storage,
      storedByteCount: tensor.values.byteCount &+ indices.payload.byteCount
    )
  }

  /// Passes over the indices of a sparse tensor, which are otherwise checked as they are read.
  ///
  /// Memory: a block of indices.
  /// - Throws: ``PayloadFault`` for the first that is not within the shape, or not above the one before it, and as
  ///   ``storage(of:)`` does.
  package func checkIndices(of tensor: ONNXTensor) throws {
    guard let indices = tensor.indices, indices.nnz > 0 else { return }
    let entries = try entries(of: indices, tensor)
    var workspace = IndexEntries.Workspace()
    var first: UInt64 = 0
    while first < entries.nnz {
      let end = min(first + UInt64(entries.block), entries.nnz)
      try entries.read(first..<end, &workspace)
      first = end
    }
  }

  /// The indices of a sparse tensor.
  private func entries(of indices: ONNXIndices, _ tensor: ONNXTensor) throws -> IndexEntries {
    let place = PayloadPlace(
      tensor: tensor.scopedName,
      field: "indices." + indices.payload.field(of: .int64),
      source: files[main]
    )
    let width = indices.areCoordinates ? UInt64(max(1, tensor.shape.rank)) : 1
    let (count, overflow) = indices.nnz.multipliedReportingOverflow(by: width)
    let (bytes, carry) = count.multipliedReportingOverflow(by: 8)
    if overflow || carry { throw Obstacle.tooLarge }
    let numbers: any RowDecoding
    var grain: UInt64 = 0
    if let region = try region(of: indices.payload, byteCount: bytes, place) {
      numbers = StoredBytes(count, of: 8, at: region.offset, in: files[Int(region.file)])
    } else {
      guard case .typed(let runs, .varint) = indices.payload else { throw place.fault(.wrongEncoding) }
      let varints = VarintElements(runs, count: count, .int64, place)
      (numbers, grain) = (varints, varints.stride)
    }
    return IndexEntries(
      numbers,
      nnz: indices.nnz,
      areCoordinates: indices.areCoordinates,
      shape: tensor.shape,
      grain: grain,
      place
    )
  }
}
