public import ModelIR

/// The role of a part in its tensor's layout, spelled as the manifest spells it.
public enum PartRole: String, Sendable, Hashable, CaseIterable {
  /// One bit an element.
  case bitmask
  /// The stored elements of a bitmask or CSR layout.
  case values
  /// Where rows start.
  case rowOffsets = "crow_indices"
  /// The columns of values.
  case columnIndices = "col_indices"
  /// The kept elements of an N:M layout.
  case keptValues = "nm_values"
  /// Their positions within groups.
  case positions = "nm_indices"
}

/// A part of a tensor as a container lists it: a dense tensor of its own.
public struct Part: Sendable, Hashable {
  /// What it is for.
  public var role: PartRole
  /// Its name in the container.
  public var name: TensorName
  /// Its element type.
  public var elementType: ElementType
  /// Its shape.
  public var shape: Shape

  /// A part of this role, name, type and shape.
  public init(role: PartRole, name: TensorName, elementType: ElementType, shape: Shape) {
    self.role = role
    self.name = name
    self.elementType = elementType
    self.shape = shape
  }
}

/// The parts that a tensor has in a layout.
public enum LayoutParts {
  /// The name of a part in safetensors: the tensor's, a dot, and the role.
  public static func safetensorsName(_ role: PartRole, of tensor: TensorName) -> TensorName {
    PartForm.safetensors.name(role, of: tensor)
  }

  /// The roles of a layout's parts, in the order in which manifests and storage list them; none for dense,
  /// which is the tensor itself.
  public static func roles(of layout: Layout) -> [PartRole] {
    switch layout {
    case .dense: []
    case .bitmask: [.bitmask, .values]
    case .csr: [.rowOffsets, .columnIndices, .values]
    case .nm: [.keptValues, .positions]
    }
  }

  /// The parts of a tensor in `layout`; nil where a shape would exceed 64 bits or a row's indices 32.
  /// - Parameters:
  ///   - nnz: how many elements have bits that are not all zero; N:M does not need it.
  ///   - name: the name of each part.
  public static func parts(
    of layout: Layout,
    elementType: ElementType,
    shape: Shape,
    nnz: UInt64,
    name: (PartRole) -> TensorName
  ) -> [Part]? {
    /// A part of this role.
    func part(_ role: PartRole, _ type: ElementType, _ shape: Shape?) -> Part? {
      shape.map { Part(role: role, name: name(role), elementType: type, shape: $0) }
    }
    let columns = shape.columns
    let parts: [Part?]
    switch layout {
    case .dense: return []
    case .bitmask:
      let maskBytes = columns / 8 + (columns % 8 == 0 ? 0 : 1)
      parts = [
        part(.bitmask, .uint8, shape.replacingColumns(with: maskBytes)),
        part(.values, elementType, .vector(nnz)),
      ]
    case .csr:
      guard let width = IndexWidth.columns(columns) else { return nil }
      let (entries, overflow) = shape.rows.addingReportingOverflow(1)
      if overflow { return nil }
      parts = [
        part(.rowOffsets, IndexWidth.rowOffsets(nnz: nnz).elementType, .vector(entries)),
        part(.columnIndices, width.elementType, .vector(nnz)),
        part(.values, elementType, .vector(nnz)),
      ]
    case .nm(let pattern):
      parts = [
        part(.keptValues, elementType, shape.replacingColumns(with: pattern.keptPerRow(columns: columns))),
        part(.positions, .uint8, shape.replacingColumns(with: pattern.indexBytesPerRow(columns: columns))),
      ]
    }
    let present = parts.compactMap { $0 }
    return present.count == parts.count ? present : nil
  }
}
