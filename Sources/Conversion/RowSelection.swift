public import ModelIR

extension OpenedModel {
  /// Keeps only some rows of the selected tensors: indices of the first axis, from one to before another. Nothing of
  /// the other rows is read.
  /// - Throws: ``RowSelectionFault`` for a tensor that has not so many rows, or cannot be cut between them.
  public mutating func selectRows(_ rows: Range<UInt64>) throws {
    for index in model.tensors.indices {
      let tensor = model.tensors[index]
      do {
        model.tensors[index] = try tensor.selectingRows(rows)
      } catch {
        let file = model.source(of: tensor).displayName
        throw RowSelectionFault(file: file, tensor: tensor.name, rows: rows, rule: error)
      }
    }
  }
}

extension Tensor {
  /// The same tensor with some rows.
  fileprivate func selectingRows(_ rows: Range<UInt64>) throws(RowSelectionFault.Rule) -> Tensor {
    let logical = logicalShape
    guard let count = logical.extents.first else { throw .scalar }
    guard rows.upperBound <= count else { throw .outOfRange(rows: count) }
    guard case .dense(let region) = storage else { throw .sparse(layout) }
    if quantization != nil && blockType == nil { throw .quantized }
    guard blockType == nil || logical.rank > 1 else { throw .splitBlocks }
    // Of blocks the bytes are the stored shape's elements.
    guard shape.extents.first == count,
      let rowBytes = Shape(Array(shape.extents.dropFirst()))?.byteCount(of: elementType),
      let stored = shape.replacingRows(with: rows), let cut = logical.replacingRows(with: rows)
    else { throw .splitBytes }
    var tensor = Tensor(
      name: name,
      elementType: elementType,
      shape: stored,
      storage: .dense(
        Region(
          file: Int(region.file),
          offset: region.offset + rows.lowerBound * rowBytes,
          byteCount: UInt64(rows.count) * rowBytes
        )
      ),
      reduction: reduction
    )
    tensor.uses = uses
    if let blockType { tensor.quantization = Quantization(blocksOf: blockType, logicalShape: cut) }
    return tensor
  }
}

extension Shape {
  /// The same shape with another first extent.
  fileprivate func replacingRows(with rows: Range<UInt64>) -> Shape? {
    Shape([UInt64(rows.count)] + extents.dropFirst())
  }
}

/// Rows that a tensor does not have, or cannot be cut at.
public struct RowSelectionFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Error, Hashable {
    /// It has no axis.
    case scalar
    /// It has only so many rows.
    case outOfRange(rows: UInt64)
    /// It is not stored row by row.
    case sparse(Layout)
    /// Its scales belong to all rows.
    case quantized
    /// Its one row is made of blocks.
    case splitBlocks
    /// Its rows do not start at whole bytes.
    case splitBytes
  }

  /// The file.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// What was asked for.
  public let rows: Range<UInt64>
  /// Why not.
  public let rule: Rule

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let asked = "rows \(rows.lowerBound):\(rows.upperBound)"
    let (problem, expected): (String, String?) =
      switch rule {
      case .scalar: ("is a scalar and has no rows", "leave it out with --exclude")
      case .outOfRange(let count):
        ("has \(count) rows, and \(asked) were asked for", "--rows A:B with B at most \(count)")
      case .sparse(let layout):
        ("is stored as \(layout), whose rows cannot be cut out", "convert it with --layout dense first")
      case .quantized:
        (
          "is quantized, and its scales belong to all rows",
          "convert it with --type bf16 first, or --exclude it"
        )
      case .splitBlocks: ("has one row, of blocks that cannot be cut", "leave it out with --exclude")
      case .splitBytes: ("has rows that do not start at whole bytes", "leave it out with --exclude")
      }
    return Diagnosis(.usage, file: file, tensor: tensor, problem, expected: expected)
  }
}
