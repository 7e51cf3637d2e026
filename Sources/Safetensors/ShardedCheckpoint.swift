public import ByteIO
public import ModelIR

/// The shards of an index, read together and held against it.
public struct ShardedCheckpoint: Sendable {
  /// The model, its files in the order of the index. Tensors are dense, as the files list them.
  public let model: Model
  /// What the index says of the number of parameters, which a rewritten one says too.
  public let totalParameters: UInt64?
  /// Where the index and its shards disagree so that some data would be wrong, one finding each.
  public let disagreements: [Diagnosis]

  /// Reads the index named `indexName` in `folder` and the headers of all its shards.
  /// - Parameter lenient: tensors that the index does not list are taken with a warning.
  /// - Throws: what an unusable index, a missing shard or a broken header throws.
  public init(folder: Folder, indexName: String, lenient: Bool = false) throws {
    let indexPath = folder.displayPath(indexName)
    let index = try CheckpointIndex(source: folder.open(indexName))
    var files: [ModelFile] = []
    var tensors: [Tensor] = []
    var warnings: [Diagnosis] = []
    var findings: [Diagnosis] = []
    tensors.reserveCapacity(index.names.count)
    files.reserveCapacity(index.shards.count)

    /// In which shard each tensor of the map was found, -1 for none yet.
    var found: [TensorName: Int32] = [:]
    found.reserveCapacity(index.names.count)
    var missing = Set<Int32>()
    for (number, shard) in index.shards.enumerated() {
      guard try folder.kind(of: shard) != nil else {
        findings.append(
          Diagnosis(
            .badData, file: indexPath, "names the shard \(shard), which is not there",
            expected: "a stopped download looks like this"))
        missing.insert(Int32(number))
        continue
      }
      let reader = try SafetensorsReader(
        source: folder.open(shard), name: shard, index: files.count, lenient: lenient)
      warnings += reader.warnings
      for tensor in reader.tensors {
        let name = tensor.name
        if let earlier = found[name] {
          findings.append(
            Diagnosis(
              .badData, file: folder.displayPath(shard), tensor: name,
              "stands in \(index.shards[Int(earlier)]) too", expected: "each tensor in one shard"))
          continue
        }
        found[name] = Int32(number)
        switch index.shardOfTensor[name] {
        case Int32(number): break
        case let other?:
          let problem = "the index places it in \(index.shards[Int(other)])"
          let finding = Diagnosis(.badData, file: folder.displayPath(shard), tensor: name, problem)
          if lenient { warnings.append(finding) } else { findings.append(finding) }
        case nil:
          let finding = Diagnosis(
            .badData, file: folder.displayPath(shard), tensor: name, "is not in the index",
            expected: "--lenient takes it all the same")
          if lenient { warnings.append(finding) } else { findings.append(finding) }
        }
        tensors.append(tensor)
      }
      files.append(reader.file)
    }
    for name in index.names where found[name] == nil {
      guard let place = index.shardOfTensor[name], !missing.contains(place) else { continue }
      let shard = index.shards[Int(place)]
      findings.append(
        Diagnosis(.badData, file: indexPath, tensor: name, "is not in \(shard), where the index places it"))
    }
    let model = Model(container: .safetensors, files: files, tensors: tensors, warnings: warnings)
    self.model = Self.checkingTotal(of: model, against: index, indexPath: indexPath)
    disagreements = findings
    totalParameters = index.totalParameters
  }

  private static func checkingTotal(of model: Model, against index: CheckpointIndex, indexPath: String) -> Model
  {
    var model = model
    let bytes = model.storedByteCount
    let files = model.files.reduce(UInt64(0)) { $0 &+ $1.source.byteCount }
    if let total = index.totalSize, total != bytes {
      let also = total == files ? ", which is the size of the files" : ""
      model.warnings.append(
        Diagnosis(
          .badData, file: indexPath, "metadata.total_size is \(total)\(also)",
          expected: "the tensors have \(bytes) bytes"))
    }
    return model
  }
}
