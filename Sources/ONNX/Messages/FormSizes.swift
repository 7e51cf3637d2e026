package import ModelIR

/// What a tensor takes in each form: exact bytes, tags and lengths included.
///
/// What encloses the tensor (graph, model) may have a longer length before it, too; and the constants that all
/// bitmask tensors share count once a model.
package struct FormSizes: Sendable, Hashable {
  /// As an initializer.
  package private(set) var dense: UInt64?
  /// As a `Constant` node.
  package private(set) var sparseValue: UInt64?
  /// As a sparse initializer.
  package private(set) var sparseInitializer: UInt64?
  /// As the nodes and initializers of a bitmask, those that tensors share left out.
  package private(set) var bitmask: UInt64?
  /// The shorter one of the two forms that indices have in `int64_data`; linear in a tie.
  package private(set) var indexForm: IndexForm = .linearVarints

  /// The sizes of a tensor.
  /// - Parameters:
  ///   - header: what it is called, its type, its extents.
  ///   - shape: the same extents.
  ///   - counts: what a pass over its elements counted.
  ///   - indexForm: how indices are to be written; nil for the shortest varints.
  package init(
    _ header: TensorMessages.Header,
    _ shape: Shape,
    _ counts: IndexCounts,
    indexForm: IndexForm? = nil
  ) {
    if let indexForm {
      self.indexForm = indexForm
    } else if let bytes = counts.coordinateBytes, bytes < counts.linearBytes {
      self.indexForm = .coordinateVarints
    }
    let (type, extents) = (header.type, header.extents)
    if ONNXForm.dense.obstacle(type, extents) == nil,
      let bytes = type.byteCount(ofElements: shape.elementCount)
    {
      dense = try? TensorMessages.raw(header, byteCount: bytes).asField(5).byteCount
    }
    guard let width = type.elementType?.byteWidth else { return }
    if ONNXForm.sparseValue.obstacle(type, extents) == nil {
      var unnamed = header
      unnamed.name = ""
      sparseValue = try? NodeMessages.constant(
        header.name,
        sparse: TensorMessages.sparse(unnamed, self.indexForm, counts, width: width)
      ).asField(1).byteCount
    }
    if ONNXForm.sparseInitializer.obstacle(type, extents) == nil {
      sparseInitializer = try? TensorMessages.sparse(header, self.indexForm, counts, width: width)
        .asField(15).byteCount
    }
    if ONNXForm.bitmask.obstacle(type, extents) == nil {
      let messages = BitmaskMessages(.init(tensor: header.name), header, shape, nnz: counts.nnz, width: width)
      bitmask = try? messages.byteCountInGraph()
    }
  }

  /// The bytes of a form; nil where the tensor has none.
  package subscript(form: ONNXForm) -> UInt64? {
    switch form {
    case .dense: dense
    case .sparseValue: sparseValue
    case .sparseInitializer: sparseInitializer
    case .bitmask: bitmask
    }
  }

  /// The form of the least bytes among those that are allowed; the first of them in a tie.
  package func smallest(of allowed: [ONNXForm] = [.dense, .sparseValue]) -> ONNXForm? {
    var best: (form: ONNXForm, bytes: UInt64)?
    for form in allowed {
      guard let bytes = self[form] else { continue }
      if let found = best, found.bytes <= bytes { continue }
      best = (form, bytes)
    }
    return best?.form
  }
}
