internal import ByteIO
public import ModelIR
public import SparseCoding
internal import Synchronization

/// The content digests of a model's tensors, the same for every container and layout.
public enum TensorDigests {
  /// SHA-256 in hexadecimal, in the order of the model. Tensors are read in parallel, each from start to end.
  /// - Throws: what reading throws.
  public static func compute(
    of model: Model,
    pool: ChunkPool,
    chunkBytes: Int,
    progress: WorkProgress
  ) throws -> [String] {
    let digests = Mutex([String](repeating: "", count: model.tensors.count))
    var byFile: [Int: [Int]] = [:]
    for (index, tensor) in model.tensors.enumerated() {
      byFile[tensor.storage.file, default: []].append(index)
      progress.expect(tensor.denseByteCount)
    }
    for (file, indices) in byFile.sorted(by: { $0.key < $1.key }) {
      let source = model.source(ofFile: file)
      try pool.forEach(indices.count) {
        DenseReader.Workspace()
      } _: { place, workspace in
        let tensor = model.tensors[indices[place]]
        var reader = DenseReader(tensor: tensor, source: source, chunkBytes: chunkBytes)
        try reader.survey(on: ChunkPool(threads: 1))
        var digest =
          tensor.blockType.map { ContentDigest(blockType: $0, shape: tensor.logicalShape) }
          ?? ContentDigest(elementType: tensor.elementType, shape: tensor.shape)
        for index in 0..<reader.grid.count {
          let count = try reader.read(index, &workspace)
          digest.update(workspace.dense[..<count])
          progress.advance(count)
        }
        digests.withLock { $0[indices[place]] = digest.hexadecimal() }
      }
      try source.rest()
    }
    return digests.withLock { $0 }
  }
}
