internal import ModelIR

/// For each column of a weight the group that it belongs to, as activation order assigns them.
///
/// It is read whenever it is needed: a large model has more of it than is kept in memory.
struct GroupIndex: Sendable {
  private let matrix: StoredMatrix
  private let tensor: TensorName
  private let file: String
  private let groups: UInt64

  /// The groups that `tensor` assigns columns to, each below `groups`.
  /// - Throws: ``PartFault`` for a column whose group is not there, or what reading throws.
  init(_ tensor: Tensor, in source: any ByteSource, columns: UInt64, groups: UInt64) throws {
    file = source.displayName
    self.tensor = tensor.name
    self.groups = groups
    guard let matrix = StoredMatrix(tensor, in: source),
      tensor.elementType == .int32 || tensor.elementType == .int64
    else {
      throw PartFault(
        file: file,
        tensor: tensor.name,
        .wrongType(found: tensor.elementType, expected: "I32 or I64")
      )
    }
    guard tensor.shape.extents == [columns] else {
      throw PartFault(
        file: file,
        tensor: tensor.name,
        .wrongShape(found: tensor.shape, expected: "[\(columns)]")
      )
    }
    self.matrix = matrix
    var first: UInt64 = 0
    while first < columns {
      let end = min(columns, first + 1 << 16)
      _ = try self.groups(of: first..<end)
      first = end
    }
  }

  /// The groups of columns, one for each.
  func groups(of columns: Range<UInt64>) throws -> [UInt64] {
    let bytes = try matrix.decoded(0..<1, columns)
    let width = matrix.elementBytes
    return try (0..<columns.count).map { place in
      let start = place * width
      let bits = (0..<width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[start + $1]) }
      let value = width == 4 ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
      guard value >= 0, UInt64(value) < groups else {
        let column = Int(columns.lowerBound) + place
        throw PartFault(
          file: file,
          tensor: tensor,
          .badGroupIndex(column: column, index: value, groups: groups)
        )
      }
      return UInt64(value)
    }
  }
}
