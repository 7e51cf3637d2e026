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
    let source = try folder.open(indexName)
    let reads = ShardReads(of: folder, lenient: lenient)
    let index = try reads.during { offer in try CheckpointIndex(source: source, onShard: offer) }
    var assembly = Assembly(
      index: index,
      folder: folder,
      indexPath: folder.displayPath(indexName),
      lenient: lenient
    )
    for number in index.shards.indices {
      if let reader = try reads.take(number) {
        assembly.add(reader, shard: number)
      } else {
        assembly.addMissing(number)
      }
    }
    (model, disagreements) = assembly.finish()
    totalParameters = index.totalParameters
  }
}

/// Puts shards together and holds them against the index.
private struct Assembly {
  let index: CheckpointIndex
  let folder: Folder
  let indexPath: String
  let lenient: Bool
  private(set) var files: [ModelFile] = []
  private var tensors: [Tensor] = []
  private var warnings: [Diagnosis] = []
  private var findings: [Diagnosis] = []
  /// In which shard each entry of the index was found, -1 for none yet.
  private var found: [Int32]
  /// Tensors that the index does not list.
  private var unlisted = Set<TensorName>()
  private var missing = Set<Int>()
  /// Where the tensor before stood in the index.
  private var lastPlace = -1

  init(index: CheckpointIndex, folder: Folder, indexPath: String, lenient: Bool) {
    self.index = index
    self.folder = folder
    self.indexPath = indexPath
    self.lenient = lenient
    found = [Int32](repeating: -1, count: index.entries.count)
    tensors.reserveCapacity(index.entries.count)
    files.reserveCapacity(index.shards.count)
  }

  mutating func addMissing(_ shard: Int) {
    missing.insert(shard)
    findings.append(
      Diagnosis(
        .badData,
        file: indexPath,
        "names the shard \(index.shards[shard]), which is not there",
        expected: "a stopped download looks like this"
      )
    )
  }

  mutating func add(_ reader: SafetensorsReader, shard: Int) {
    warnings += reader.warnings
    let number = files.count
    files.append(reader.file(numbered: number))
    for var tensor in reader.tensors(inFile: number) {
      guard let place = place(tensor.name, in: shard) else { continue }
      // The index's own copy of the name, so that the header's can go.
      if place >= 0 { tensor.name = index.entries[place].name }
      tensors.append(tensor)
    }
  }

  /// Notes where a tensor was found, and returns its place in the index, -1 for none; nil if it was found
  /// before.
  private mutating func place(_ name: TensorName, in shard: Int) -> Int? {
    guard let place = index.place(of: name, expected: lastPlace + 1) else {
      guard unlisted.insert(name).inserted else {
        report(name, in: shard, "stands in another shard too", "each tensor in one shard", isError: true)
        return nil
      }
      report(name, in: shard, "is not in the index", "--lenient takes it all the same", isError: !lenient)
      return -1
    }
    lastPlace = place
    let earlier = found[place]
    if earlier >= 0 {
      report(
        name,
        in: shard,
        "stands in \(index.shards[Int(earlier)]) too",
        "each tensor in one shard",
        isError: true
      )
      return nil
    }
    found[place] = Int32(shard)
    let wanted = index.entries[place].shard
    if wanted != shard {
      report(name, in: shard, "the index places it in \(index.shards[wanted])", nil, isError: !lenient)
    }
    return place
  }

  private mutating func report(
    _ name: TensorName,
    in shard: Int,
    _ problem: String,
    _ expected: String?,
    isError: Bool
  ) {
    let finding = Diagnosis(
      .badData,
      file: folder.displayPath(index.shards[shard]),
      tensor: name,
      problem,
      expected: expected
    )
    if isError { findings.append(finding) } else { warnings.append(finding) }
  }

  /// The model, and what disagrees.
  consuming func finish() -> (Model, [Diagnosis]) {
    for (place, entry) in index.entries.enumerated()
    where found[place] < 0 && !missing.contains(entry.shard) {
      findings.append(
        Diagnosis(
          .badData,
          file: indexPath,
          tensor: entry.name,
          "is not in \(index.shards[entry.shard]), where the index places it"
        )
      )
    }
    var model = Model(container: .safetensors, files: files, tensors: tensors, warnings: warnings)
    let bytes = model.storedByteCount
    let fileBytes = files.reduce(UInt64(0)) { $0 &+ $1.source.byteCount }
    if let total = index.totalSize, total != bytes {
      let also = total == fileBytes ? ", which is the size of the files" : ""
      model.warnings.append(
        Diagnosis(
          .badData,
          file: indexPath,
          "metadata.total_size is \(total)\(also)",
          expected: "the tensors have \(bytes) bytes"
        )
      )
    }
    return (model, findings)
  }
}
