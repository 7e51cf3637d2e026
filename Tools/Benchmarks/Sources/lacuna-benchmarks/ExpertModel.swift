/// The tensors of DeepSeek-V3: their names, types and shapes, in the order of the layers; 91,991 in 163 shards.
struct ExpertModel {
  private static let layers = 61
  private static let denseLayers = 3
  private static let experts = 256
  private static let hidden = 7168
  private static let vocabulary = 129_280
  private static let shardCount = 163

  private(set) var tensors: [PlannedTensor] = []

  init() {
    add("model.embed_tokens", [Self.vocabulary, Self.hidden])
    for layer in 0..<Self.layers { addLayer(layer) }
    // The layer that predicts one token further.
    addLayer(Self.layers)
    let last = "model.layers.\(Self.layers)"
    add("\(last).embed_tokens", [Self.vocabulary, Self.hidden])
    add("\(last).enorm", [Self.hidden])
    add("\(last).hnorm", [Self.hidden])
    add("\(last).eh_proj", [Self.hidden, 2 * Self.hidden])
    add("\(last).shared_head.norm", [Self.hidden])
    add("\(last).shared_head.head", [Self.vocabulary, Self.hidden])
    add("model.norm", [Self.hidden])
    add("lm_head", [Self.vocabulary, Self.hidden])
  }

  private mutating func addLayer(_ layer: Int) {
    let prefix = "model.layers.\(layer)"
    let attention = "\(prefix).self_attn"
    add("\(prefix).input_layernorm", [Self.hidden])
    addQuantized("\(attention).q_a_proj", [1536, Self.hidden])
    add("\(attention).q_a_layernorm", [1536])
    addQuantized("\(attention).q_b_proj", [24_576, 1536])
    addQuantized("\(attention).kv_a_proj_with_mqa", [576, Self.hidden])
    add("\(attention).kv_a_layernorm", [512])
    addQuantized("\(attention).kv_b_proj", [32_768, 512])
    addQuantized("\(attention).o_proj", [Self.hidden, 16_384])
    add("\(prefix).post_attention_layernorm", [Self.hidden])
    if layer < Self.denseLayers {
      addPerceptron("\(prefix).mlp", 18_432)
      return
    }
    add("\(prefix).mlp.gate", [Self.experts, Self.hidden])
    tensors.append(
      PlannedTensor(
        name: "\(prefix).mlp.gate.e_score_correction_bias",
        type: "F32",
        elementBytes: 4,
        shape: [Self.experts]
      )
    )
    addPerceptron("\(prefix).mlp.shared_experts", 2048)
    for expert in 0..<Self.experts { addPerceptron("\(prefix).mlp.experts.\(expert)", 2048) }
  }

  private mutating func addPerceptron(_ prefix: String, _ inner: Int) {
    addQuantized("\(prefix).gate_proj", [inner, Self.hidden])
    addQuantized("\(prefix).up_proj", [inner, Self.hidden])
    addQuantized("\(prefix).down_proj", [Self.hidden, inner])
  }

  private mutating func add(_ name: String, _ shape: [Int]) {
    tensors.append(PlannedTensor(name: "\(name).weight", type: "BF16", elementBytes: 2, shape: shape))
  }

  /// A weight of 8 bits and its scales, one for each block of 128 x 128.
  private mutating func addQuantized(_ name: String, _ shape: [Int]) {
    tensors.append(PlannedTensor(name: "\(name).weight", type: "F8_E4M3", elementBytes: 1, shape: shape))
    tensors.append(
      PlannedTensor(
        name: "\(name).weight_scale_inv",
        type: "F32",
        elementBytes: 4,
        shape: shape.map { ($0 + 127) / 128 }
      )
    )
  }

  /// Writes the shards, their data sections hollow, and the index.
  func write(to folder: String) throws {
    let total = tensors.reduce(0) { $0 + $1.byteCount }
    var shards = [[PlannedTensor]](repeating: [], count: Self.shardCount)
    var map: [(name: String, shard: String)] = []
    var end = 0
    for tensor in tensors {
      let shard = min(Self.shardCount - 1, end / (total / Self.shardCount + 1))
      end += tensor.byteCount
      shards[shard].append(tensor)
      map.append((tensor.name, Self.name(of: shard)))
    }
    for (number, shard) in shards.enumerated() {
      // The reference writer puts wide elements first.
      let sorted = shard.sorted { ($1.elementBytes, $0.name) < ($0.elementBytes, $1.name) }
      try Checkpoint.writeHollow(sorted, to: "\(folder)/\(Self.name(of: number))")
    }
    var index = "{\n  \"metadata\": {\n    \"total_size\": \(total)\n  },\n  \"weight_map\": {\n"
    index += map.sorted { $0.name < $1.name }.map { "    \"\($0.name)\": \"\($0.shard)\"" }
      .joined(separator: ",\n")
    index += "\n  }\n}\n"
    try ScratchFolder.write(Array(index.utf8), to: "\(folder)/model.safetensors.index.json")
  }

  private static func name(of shard: Int) -> String {
    "model-\(padded(shard + 1))-of-\(padded(shardCount)).safetensors"
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: 6 - digits.count) + digits
  }
}
