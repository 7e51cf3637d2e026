/// Makes model folders: weights and a config.json, in one file or in shards with an index.
enum ModelFolder {
  /// What stands for all that a model's configuration says besides compression.
  static let plainConfig = #"{"architectures":["LlamaForCausalLM"],"model_type":"llama"}"#
  /// The file of a folder that has one.
  static let weightFile = "model.safetensors"

  /// Makes a folder of dense weights, and returns its path.
  /// - Parameter shardBytes: the most data bytes of a shard; nil for one file.
  static func makeDense(
    _ name: String,
    _ tensors: [PlannedTensor],
    _ weights: Weights,
    shardBytes: Int? = nil,
    in scratch: ScratchFolder
  ) throws -> String {
    let folder = try scratch.makeFolder(name)
    try ScratchFolder.write(Array(plainConfig.utf8), to: "\(folder)/config.json")
    guard let shardBytes else {
      try Checkpoint.write(tensors, weights, to: "\(folder)/\(weightFile)")
      return folder
    }
    let shards = Self.shards(tensors, byteCount: shardBytes)
    var entries: [String] = []
    for (number, shard) in shards.enumerated() {
      let file = "model-\(padded(number + 1))-of-\(padded(shards.count)).safetensors"
      try Checkpoint.write(shard, weights, to: "\(folder)/\(file)")
      entries += shard.map { #""\#($0.name)":"\#(file)""# }
    }
    let size = tensors.reduce(0) { $0 + $1.byteCount }
    let index = #"{"metadata":{"total_size":\#(size)},"weight_map":{\#(entries.joined(separator: ","))}}"#
    try ScratchFolder.write(Array(index.utf8), to: "\(folder)/\(weightFile).index.json")
    return folder
  }

  private static func shards(_ tensors: [PlannedTensor], byteCount: Int) -> [[PlannedTensor]] {
    var shards: [[PlannedTensor]] = [[]]
    var size = 0
    for tensor in tensors {
      if size > 0 && size + tensor.byteCount > byteCount {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(tensor)
      size += tensor.byteCount
    }
    return shards
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
