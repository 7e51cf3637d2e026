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

  let files: [any ByteSource]
  let main: Int
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
    let stored = tensor.values.byteCount
    switch try parts(of: tensor) {
    case .region(let region): return Found(storage: .dense(region), storedByteCount: stored)
    case .decoded(let elements): return Found(storage: .dense(try append(elements)), storedByteCount: stored)
    }
  }

  /// What the elements of a dense tensor are read from.
  enum Parts {
    /// A file that holds them as they are read.
    case region(Region)
    /// Entries that are decoded.
    case decoded(any RowDecoding)

    /// All of it as something that is decoded.
    /// - Parameter width: the bytes of an element.
    func decoding(of width: Int, in files: [any ByteSource]) -> any RowDecoding {
      switch self {
      case .region(let region):
        StoredBytes(
          region.byteCount / UInt64(width),
          of: width,
          at: region.offset,
          in: files[Int(region.file)]
        )
      case .decoded(let elements): elements
      }
    }
  }

  /// What the elements of a dense tensor are read from.
  /// - Throws: as ``storage(of:)`` does.
  func parts(of tensor: ONNXTensor) throws -> Parts {
    let place = PayloadPlace(
      tensor: tensor.scopedName,
      field: tensor.values.field(of: tensor.type),
      source: files[main]
    )
    let count = tensor.shape.elementCount
    guard let bytes = tensor.type.byteCount(ofElements: count) else {
      throw tensor.type == .string ? Obstacle.type(.string) : Obstacle.tooLarge
    }
    if let region = try region(of: tensor.values, byteCount: bytes, place) { return .region(region) }
    return .decoded(try elements(of: tensor.values, tensor.type, count: count, place))
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
  func elements(
    of payload: ONNXPayload,
    _ type: ONNXDataType,
    count: UInt64,
    _ place: PayloadPlace
  ) throws -> any RowDecoding {
    guard case .typed(let runs, let encoding) = payload else { throw place.fault(.wrongEncoding) }
    guard let byteCount = type.byteCount(ofElements: count) else { throw Obstacle.tooLarge }
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
}
