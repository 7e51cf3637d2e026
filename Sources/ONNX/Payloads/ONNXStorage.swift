package import ModelIR

/// Finds where the bytes of a model's tensors lie, and makes views where no file holds them as they are read.
///
/// All views are one file of decoded bytes, which regions number behind the model's own files and views.
package struct ONNXStorage {
  /// What the elements of a tensor are read from.
  package struct Found: Sendable {
    /// The parts, as regions of files and views.
    package var storage: Storage
    /// The bytes that the files hold of them: for sparse tensors values and indices, however many rows the shape
    /// claims.
    package var storedByteCount: UInt64
  }

  /// Why a sparse tensor cannot be read by rows.
  package enum Obstacle: Error, Sendable, Hashable {
    /// Column indices would need more than 32 bits.
    case rowsTooLong(UInt64)
    /// Several elements share a byte, or they are longer than 8 bytes, or no numbers.
    case type(ONNXDataType)
    /// The parts would exceed 63 bits of bytes.
    case tooLarge

    /// The reason in words.
    package var reason: String {
      switch self {
      case .rowsTooLong(let columns): "column indices of \(columns) columns need more than 32 bits"
      case .type(let type): "sparse tensors of type \(type) have no other form"
      case .tooLarge: "its parts would exceed 64 bits of bytes"
      }
    }
  }

  private let files: [any ByteSource]
  private let main: Int
  private let external: [Int]
  private let viewNumber: Int
  private var decoded: DecodedFile

  /// - Parameters:
  ///   - files: the model's files, as ``Model/files`` has them.
  ///   - main: which of them holds the model.
  ///   - external: for each number of an external file, which of them it is.
  ///   - viewCount: how many views the model has already.
  package init(files: [any ByteSource], main: Int = 0, external: [Int] = [], viewCount: Int = 0) {
    precondition(files.indices.contains(main) && external.allSatisfy(files.indices.contains))
    self.files = files
    self.main = main
    self.external = external
    viewNumber = files.count + viewCount
    decoded = DecodedFile(named: files[main].displayName, over: files)
  }

  /// The views of all tensors so far: one, or none if all of them lie in files.
  package var views: [ModelView] {
    decoded.byteCount == 0 ? [] : [ModelView(source: decoded, file: main)]
  }

  /// Where the elements of a tensor lie.
  /// - Throws: ``PayloadFault`` for payloads that contradict their tensor, ``Obstacle`` for sparse tensors that
  ///   cannot be read by rows.
  package mutating func storage(of tensor: ONNXTensor) throws -> Found {
    if let indices = tensor.indices { return try sparseStorage(of: tensor, indices) }
    let place = PayloadPlace(
      tensor: tensor.scopedName,
      field: tensor.values.field(of: tensor.type),
      source: files[main]
    )
    guard let bytes = tensor.type.payloadByteCount(tensor.shape.elementCount) else {
      throw tensor.type == .string ? Obstacle.type(.string) : Obstacle.tooLarge
    }
    if let region = try region(of: tensor.values, byteCount: bytes, place) {
      return Found(storage: .dense(region), storedByteCount: region.byteCount)
    }
    let elements = try elements(of: tensor.values, tensor.type, count: tensor.shape.elementCount, place)
    return Found(storage: .dense(try append(elements)), storedByteCount: tensor.values.byteCount)
  }

  private mutating func sparseStorage(of tensor: ONNXTensor, _ indices: ONNXIndices) throws -> Found {
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
    guard let valueBytes = tensor.type.payloadByteCount(indices.nnz) else { throw Obstacle.tooLarge }
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

  /// Adds a view, and returns the region that it can be read from.
  mutating func append(_ view: any RowDecoding) throws(Obstacle) -> Region {
    guard let bytes = view.byteCount, let start = decoded.append(view) else { throw .tooLarge }
    return Region(file: viewNumber, offset: start, byteCount: bytes)
  }

  /// The region of a payload that a file holds as it is read; nil for typed entries.
  func region(of payload: ONNXPayload, byteCount: UInt64, _ place: PayloadPlace) throws -> Region? {
    let (file, range): (Int, Range<UInt64>)
    switch payload {
    case .raw(let bytes): (file, range) = (main, bytes)
    case .external(let number, let bytes):
      guard external.indices.contains(number) else { throw place.fault(.noSuchFile(number)) }
      (file, range) = (external[number], bytes)
    case .none: (file, range) = (main, 0..<0)
    case .typed: return nil
    }
    let found = range.upperBound - range.lowerBound
    guard found == byteCount else {
      let place = PayloadPlace(tensor: place.tensor, field: place.field, source: files[file])
      throw place.fault(.wrongByteCount(found: found, expected: byteCount), at: range.lowerBound)
    }
    return Region(file: file, offset: range.lowerBound, byteCount: found)
  }

  /// Typed entries as elements.
  private func elements(
    of payload: ONNXPayload,
    _ type: ONNXDataType,
    count: UInt64,
    _ place: PayloadPlace
  ) throws -> any RowDecoding {
    guard case .typed(let runs, let encoding) = payload else { throw place.fault(.wrongEncoding) }
    guard let byteCount = type.payloadByteCount(count) else { throw Obstacle.tooLarge }
    switch (encoding, type) {
    case (.varint, .float6E2M3), (.varint, .float6E3M2):
      guard let rule = EntryRule(type) else { throw place.fault(.wrongEncoding) }
      return SixBitElements(VarintElements(runs, count: count, rule, place))
    case (.varint, _):
      guard let rule = EntryRule(type) else { throw place.fault(.wrongEncoding) }
      // Types that share bytes have a byte per entry.
      return VarintElements(runs, count: byteCount / UInt64(rule.byteWidth), rule, place)
    case (.fixed32, .float), (.fixed32, .complex64), (.fixed64, .double), (.fixed64, .complex128):
      let bytes = try GatheredBytes(runs, width: encoding == .fixed32 ? 4 : 8, place)
      guard bytes.columns == byteCount else {
        let start = runs.first?.lowerBound
        throw place.fault(.wrongByteCount(found: bytes.columns, expected: byteCount), at: start)
      }
      return bytes
    case (.fixed32, _), (.fixed64, _): throw place.fault(.wrongEncoding)
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

extension ONNXPayload {
  /// The field that it stands in, for messages.
  func field(of type: ONNXDataType) -> String {
    switch self {
    case .raw: "raw_data"
    case .external: "external_data"
    case .none: "data"
    case .typed(_, .fixed32): "float_data"
    case .typed(_, .fixed64): "double_data"
    case .typed(_, .varint):
      switch type {
      case .int64: "int64_data"
      case .uint32, .uint64: "uint64_data"
      default: "int32_data"
      }
    }
  }

  /// The bytes that a file holds of it, without tags.
  var byteCount: UInt64 {
    switch self {
    case .raw(let range), .external(_, let range): range.upperBound - range.lowerBound
    case .none: 0
    case .typed(let runs, _): runs.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) }
    }
  }
}
