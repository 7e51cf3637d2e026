public import ModelIR

/// Why a tensor cannot be stored in a layout.
public enum LayoutObstacle: Error, Sendable, Hashable {
  /// Several elements share a byte.
  case subByteType(ElementType)
  /// There is no element.
  case empty
  /// A vector or scalar, where only matrices were asked for.
  case rankBelowTwo
  /// Column indices would need more than 32 bits.
  case rowsTooLong(UInt64)
  /// Some groups have more nonzero bit patterns than the pattern keeps.
  case notCompliant(NMPattern, groups: UInt64)
  /// Another tensor has the name that a part would get.
  case nameTaken(TensorName)
  /// The parts' sizes exceed 64 bits.
  case tooLarge
  /// Rows are no multiple of so many elements.
  case raggedRows(multiple: Int, columns: UInt64)
  /// The form stores only the weights of modules, by their names.
  case notAModuleWeight
  /// The form is meant for the weights of matrix products.
  case notTargeted(String)
  /// The file that is written has no place for it; why, in words.
  case noPlace(String)

  /// The reason in words.
  public var reason: String {
    switch self {
    case .subByteType(let type):
      type.bitWidth < 8
        ? "\(type.name) packs elements into shared bytes" : "\(type.name) elements exceed 64 bits"
    case .empty: "it has no element"
    case .rankBelowTwo: "its rank is below 2"
    case .rowsTooLong(let columns): "column indices of \(columns) columns need more than 32 bits"
    case .notCompliant(let pattern, let groups):
      "\(groups) \(groups == 1 ? "group has" : "groups have") more than \(pattern.kept) stored elements"
    case .nameTaken(let name): "its part would be called \(name.text), as another tensor is"
    case .tooLarge: "its parts would exceed 64 bits of bytes"
    case .raggedRows(let multiple, let columns): "rows of \(columns) elements are no multiple of \(multiple)"
    case .notAModuleWeight: "its name does not end in .weight"
    case .notTargeted(let what): "it is \(what)"
    case .noPlace(let why): why
    }
  }
}

extension Layout {
  /// What stops every tensor of this type and shape from taking the layout, whatever its values; nil if
  /// nothing does.
  public func obstacle(elementType: ElementType, shape: Shape) -> LayoutObstacle? {
    if self == .dense { return nil }
    if elementType.byteWidth == nil { return .subByteType(elementType) }
    if shape.elementCount == 0 { return .empty }
    if self == .csr && IndexWidth.columns(shape.columns) == nil { return .rowsTooLong(shape.columns) }
    return byteCount(elementType: elementType, shape: shape, nnz: shape.elementCount) == nil ? .tooLarge : nil
  }

  /// The bytes of all parts of a tensor with `nnz` elements whose bits are not all zero; nil where the
  /// layout has no size for it.
  public func byteCount(elementType: ElementType, shape: Shape, nnz: UInt64) -> UInt64? {
    guard let dense = shape.byteCount(of: elementType) else { return nil }
    guard self != .dense, let width = elementType.byteWidth.map(UInt64.init) else {
      return self == .dense ? dense : nil
    }
    let (rows, columns) = (shape.rows, shape.columns)
    switch self {
    case .dense: return dense
    case .bitmask:
      return Self.sum((rows, columns / 8 + (columns % 8 == 0 ? 0 : 1)), (nnz, width))
    case .csr:
      guard let columnWidth = IndexWidth.columns(columns) else { return nil }
      let (entries, overflow) = rows.addingReportingOverflow(1)
      if overflow { return nil }
      return Self.sum(
        (entries, UInt64(IndexWidth.rowOffsets(nnz: nnz).byteWidth)),
        (nnz, width + UInt64(columnWidth.byteWidth))
      )
    case .nm(let pattern):
      let kept = pattern.keptPerRow(columns: columns).multipliedReportingOverflow(by: width)
      let row = kept.partialValue.addingReportingOverflow(pattern.indexBytesPerRow(columns: columns))
      return kept.overflow || row.overflow ? nil : Self.sum((rows, row.partialValue), (0, 0))
    }
  }

  /// Products' sum, or nil where it exceeds 64 bits.
  private static func sum(_ first: (UInt64, UInt64), _ second: (UInt64, UInt64)) -> UInt64? {
    let a = first.0.multipliedReportingOverflow(by: first.1)
    let b = second.0.multipliedReportingOverflow(by: second.1)
    let total = a.partialValue.addingReportingOverflow(b.partialValue)
    return a.overflow || b.overflow || total.overflow ? nil : total.partialValue
  }

  /// What a tie between layouts of equal size is decided by: the simpler goes first.
  public var simplicity: Int {
    switch self {
    case .dense: 0
    case .bitmask: 1
    case .nm: 2
    case .csr: 3
    }
  }
}
