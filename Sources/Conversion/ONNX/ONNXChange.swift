internal import ModelIR
internal import ONNX
internal import SparseCoding

/// A tensor of a graph that may be stored anew: where its elements come from, and what it becomes.
struct ONNXChange: Sendable {
  /// The tensor of the graph's model, by its place there.
  let place: Int
  /// What it is in the graph's file.
  let subject: SplicePlan.Subject
  /// The tensor whose elements go out, of the same type and shape.
  let tensor: Tensor
  /// Where its parts lie.
  let source: any ByteSource
  /// Whether its elements are others than those that the graph's file has.
  let isGrafted: Bool
  /// Whether its bytes lie in the source as no file holds them.
  var isDecoded = false
  /// Whether it keeps its form whatever layout is asked for.
  var keepsForm = false
  /// What it becomes.
  var form: ONNXForm = .dense
  /// Where its elements go, if they go to another file.
  var external: (location: String, offset: UInt64)?
  /// Reads the elements, where they are encoded or decoded.
  var reader: DenseReader?
  /// For each chunk what stands before it; last all of them. Empty where nothing was counted.
  var before: [IndexCounts] = []
  /// Whether it is read as one row.
  var isFlat = false
  /// Why it does not take the form that was asked for.
  var obstacle: String?

  init(
    place: Int,
    _ subject: SplicePlan.Subject,
    _ tensor: Tensor,
    in source: any ByteSource,
    isGrafted: Bool
  ) {
    self.place = place
    self.subject = subject
    self.tensor = tensor
    self.source = source
    self.isGrafted = isGrafted
  }

  /// All nonzeros.
  var counts: IndexCounts { before.last ?? IndexCounts() }

  /// Where indices are counted and written.
  var space: IndexSpace? { IndexSpace(tensor.shape, isOneRow: isFlat) }

  /// What the splicing writer is to put there.
  func replacement(sparseInitializer: Bool) -> SplicePlan.Replacement {
    switch form {
    case .dense:
      if let external {
        .external(location: external.location, offset: external.offset, byteCount: denseByteCount)
      } else {
        .raw
      }
    case .sparseValue: .sparseValue(counts, .linearVarints)
    case .sparseInitializer: .sparseInitializer(counts, .linearVarints)
    case .bitmask: .bitmask(nnz: counts.nnz)
    }
  }

  /// The bytes of all elements; elements that share bytes need no whole number of them.
  var denseByteCount: UInt64 {
    if case .dense(let region) = tensor.storage { region.byteCount } else { tensor.denseByteCount }
  }

  /// Prepares to read it: as one row where it is stored dense, so that its mask has no gaps.
  mutating func prepare(chunkBytes: Int) {
    var read = tensor
    if case .dense = tensor.storage, tensor.elementType.byteWidth != nil {
      read.shape = .vector(tensor.shape.elementCount)
      isFlat = true
    }
    reader = DenseReader(tensor: read, source: source, chunkBytes: chunkBytes)
  }
}
