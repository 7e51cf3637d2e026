internal import ModelIR
internal import SparseCoding

/// A tensor as groups are counted in it.
struct GroupedView {
  /// The tensor, its shape maybe another one over the same elements.
  let tensor: Tensor
  /// The axis within it.
  let view: AxisView
  /// Whether groups lie along rows of ``tensor``.
  let isAlongRows: Bool

  /// The tensor along one of its axes; nil where it has no such axis.
  init?(_ tensor: Tensor, axis: Int) {
    guard let view = AxisView(tensor.shape, axis: axis) else { return nil }
    let matrix = view.matrix(of: tensor)
    self.tensor = matrix ?? tensor
    self.view = view
    isAlongRows = matrix != nil
  }

  /// A dense tensor's elements in the order of memory, in rows of `columns`; nil where that is not possible.
  init?(flattening tensor: Tensor, columns: UInt64) {
    guard tensor.layout == .dense, columns > 0, tensor.shape.elementCount % columns == 0,
      let shape = Shape([tensor.shape.elementCount / columns, columns])
    else { return nil }
    var flat = tensor
    flat.shape = shape
    self.init(flat, axis: 1)
  }

  /// A reader of the tensor.
  func reader(_ source: any ByteSource, _ pattern: NMPattern, chunkBytes: Int, on pool: ChunkPool) throws
    -> DenseReader
  {
    var reader = DenseReader(tensor: tensor, source: source, chunkBytes: chunkBytes, group: pattern.group)
    try reader.survey(on: pool)
    return reader
  }
}
