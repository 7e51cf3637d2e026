package import ModelIR

/// The bytes of a model file with some of its tensors stored in another way, as pieces in order: runs of the old
/// file, new bytes, and payloads that the caller streams.
///
/// Whatever does not have to change is copied as it is, however its writer wrote it, so that a plan without changes
/// is the file itself. Around what does change, only the lengths of the messages that enclose it are written anew.
///
/// Memory: what the changes take; and, for bitmasks, 16 bytes for each name of the model.
package struct SplicePlan: Sendable {
  /// What is to be stored in another way.
  package enum Subject: Sendable {
    /// A tensor, as an index into ``ONNXModel/tensors``.
    case tensor(Int)
    /// A tensor that nodes put together: they go, and the tensors that only they read.
    case expansion(BitmaskExpansion)
  }

  /// How a tensor is to be stored.
  package enum Replacement: Sendable, Hashable {
    /// All elements in `raw_data`, where the tensor stands: initializers, `Constant` nodes and attributes stay what
    /// they are. A sparse initializer becomes an initializer, and so does a bitmask.
    case raw
    /// The same, but the elements are in another file.
    case external(location: String, offset: UInt64, byteCount: UInt64)
    /// A `Constant` node with `sparse_value`. An initializer becomes a node before all others of its graph.
    case sparseValue(IndexCounts, IndexForm)
    /// A sparse initializer.
    case sparseInitializer(IndexCounts, IndexForm)
    /// ``BitmaskMessages``, with so many nonzeros.
    case bitmask(nnz: UInt64)

    /// The way, without what it takes.
    package var target: SpliceTarget {
      switch self {
      case .raw: .raw
      case .external: .external
      case .sparseValue: .sparseValue
      case .sparseInitializer: .sparseInitializer
      case .bitmask: .bitmask
      }
    }
  }

  /// A tensor, and how it is to be stored.
  package struct Change: Sendable {
    /// What is changed.
    package var subject: Subject
    /// What it becomes.
    package var replacement: Replacement
    /// The type of its new elements; nil for the one that it has.
    package var type: ONNXDataType?
    /// Its new shape; nil for the one that it has.
    package var shape: Shape?

    /// A change.
    package init(
      _ subject: Subject,
      to replacement: Replacement,
      type: ONNXDataType? = nil,
      shape: Shape? = nil
    ) {
      self.subject = subject
      self.replacement = replacement
      self.type = type
      self.shape = shape
    }
  }

  /// A run of the new file.
  package enum Piece: Sendable, Hashable {
    /// These bytes of the old file.
    case copied(Range<UInt64>)
    /// These bytes.
    case bytes([UInt8])
    /// A payload of the change of this number.
    case payload(change: Int, WireMessage.Payload, byteCount: UInt64)
  }

  /// The runs of the new file, in order; none is empty but payloads of no bytes.
  package let pieces: [Piece]
  /// The length of the new file, in bytes.
  package let byteCount: UInt64
  /// What is changed besides the tensors.
  package let notes: [SpliceNote]

  /// A plan.
  /// - Parameters:
  ///   - reader: the old file.
  ///   - rules: what is known about what can be changed there, if it is at hand.
  ///   - changes: what to store in another way, in any order.
  ///   - metadata: entries of the model's `metadata_props` that are set, or taken out where the value is nil.
  /// - Throws: ``SpliceFault`` for what cannot be done, and what reading throws.
  package init(
    _ reader: ONNXReader,
    rules: SpliceRules? = nil,
    changes: [Change],
    metadata: [(key: String, value: String?)] = []
  ) throws {
    if changes.isEmpty && metadata.isEmpty {
      byteCount = reader.source.byteCount
      pieces = byteCount == 0 ? [] : [.copied(0..<byteCount)]
      notes = []
      return
    }
    var splicer = Splicer(reader, try rules ?? SpliceRules(reader), changes)
    try splicer.splice()
    try splicer.set(metadata)
    let made = try splicer.edits.pieces(reader.structure, fileByteCount: reader.source.byteCount) { rule in
      SpliceFault(file: reader.source.displayName, rule)
    }
    (pieces, byteCount) = (made.pieces, made.byteCount)
    notes = splicer.notes
    try reader.source.rest()
  }
}

/// The ways in which a tensor can be stored anew.
package enum SpliceTarget: Sendable, Hashable, CaseIterable {
  /// All elements in the model.
  case raw
  /// All elements in another file.
  case external
  /// A `Constant` that is a sparse tensor.
  case sparseValue
  /// A sparse initializer.
  case sparseInitializer
  /// A mask and nonzeros, and nodes that put them together.
  case bitmask

  /// The form.
  package var form: ONNXForm {
    switch self {
    case .raw, .external: .dense
    case .sparseValue: .sparseValue
    case .sparseInitializer: .sparseInitializer
    case .bitmask: .bitmask
    }
  }
}
