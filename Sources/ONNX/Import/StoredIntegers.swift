internal import ModelIR

/// The values of small integer tensors, read when they are asked for.
struct StoredIntegers: SmallIntegers {
  private let model: ONNXModel
  private let storage: ONNXStorage

  init(_ model: ONNXModel, _ storage: ONNXStorage) {
    self.model = model
    self.storage = storage
  }

  func smallIntegers(of tensor: Int) -> [Int64]? {
    let stored = model.tensors[tensor]
    guard stored.indices == nil, stored.type == .int64 || stored.type == .int32 else { return nil }
    // What cannot be read is an error where the tensor itself is read.
    guard let bytes = try? storage.elements(of: stored) else { return nil }
    if stored.type == .int32 {
      return stride(from: 0, to: bytes.count, by: 4).map { start in
        Int64(
          Int32(truncatingIfNeeded: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32($1 * 8) })
        )
      }
    }
    return stride(from: 0, to: bytes.count, by: 8).map { start in
      Int64(truncatingIfNeeded: (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64($1 * 8) })
    }
  }
}

extension ONNXStorage {
  /// All elements of a small dense tensor, little-endian.
  func elements(of tensor: ONNXTensor) throws -> [UInt8] {
    switch try parts(of: tensor) {
    case .region(let region):
      var bytes = [UInt8](repeating: 0, count: Int(region.byteCount))
      try files[Int(region.file)].read(bytes.count, at: region.offset, into: &bytes, startingAt: 0)
      return bytes
    case .decoded(let elements): return try elements.decoded(0..<elements.rows, 0..<elements.columns)
    }
  }
}
