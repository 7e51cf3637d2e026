internal import ModelIR

/// For each column of a weight the group that it belongs to, as activation order assigns them.
///
/// It is read whenever it is needed: a large model has more of it than is kept in memory.
struct GroupIndex: Sendable {
  private let matrix: StoredMatrix
  private let tensor: TensorName
  private let file: String
  private let groups: UInt64

  /// The groups that `tensor` assigns columns to, each below `groups`; nil where some column has -1, with which
  /// the library says that groups are runs of columns after all.
  /// - Throws: ``PartFault`` for a column whose group is not there, or what reading throws.
  init?(_ tensor: Tensor, in source: any ByteSource, columns: UInt64, groups: UInt64) throws {
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
    var isUnset = false
    var first: UInt64 = 0
    while first < columns {
      let end = min(columns, first + 1 << 16)
      for (place, value) in try values(of: first..<end).enumerated() {
        isUnset = isUnset || value == -1
        if value < -1 || (value >= 0 && UInt64(value) >= groups) {
          throw fault(column: Int(first) + place, value)
        }
      }
      first = end
    }
    if isUnset { return nil }
  }

  private func fault(column: Int, _ value: Int64) -> PartFault {
    PartFault(file: file, tensor: tensor, .badGroupIndex(column: column, index: value, groups: groups))
  }

  private func values(of columns: Range<UInt64>) throws -> [Int64] {
    let bytes = try matrix.decoded(0..<1, columns)
    let width = matrix.elementBytes
    return (0..<columns.count).map { place in
      let start = place * width
      let bits = (0..<width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[start + $1]) }
      return width == 4 ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
    }
  }

  /// The groups of columns, one for each.
  /// - Throws: ``PartFault`` where the file has changed, or what reading throws.
  func groups(of columns: Range<UInt64>) throws -> [UInt64] {
    try values(of: columns).enumerated().map { place, value in
      guard value >= 0, UInt64(value) < groups else {
        throw fault(column: Int(columns.lowerBound) + place, value)
      }
      return UInt64(value)
    }
  }
}
