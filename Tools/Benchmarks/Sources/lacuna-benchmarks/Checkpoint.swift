/// A tensor of a file that is made for a benchmark.
struct PlannedTensor: Sendable {
  var name: String
  /// As safetensors spells it.
  var type: String
  var elementBytes: Int
  var shape: [Int]

  var byteCount: Int { shape.reduce(elementBytes, *) }
}

/// Writes safetensors files as the reference writer does, apart from Lacuna's own writer.
enum Checkpoint {
  /// The header: its length, the JSON text, and spaces up to a multiple of 8.
  static func header(_ tensors: [PlannedTensor]) -> [UInt8] {
    var text = #"{"__metadata__":{"format":"pt"}"#
    var offset = 0
    for tensor in tensors {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + tensor.byteCount
      text += #","\#(tensor.name)":{"dtype":"\#(tensor.type)","shape":[\#(shape)],"#
      text += #""data_offsets":[\#(offset),\#(end)]}"#
      offset = end
    }
    text += "}"
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    let count = UInt64(text.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + text.utf8
  }

  /// Writes a file whose data section is one hole: for what reads headers only.
  static func writeHollow(_ tensors: [PlannedTensor], to path: String) throws {
    let file = try OpenFile(path)
    try file.write(header(tensors)[...])
    try file.skip(tensors.reduce(0) { $0 + $1.byteCount })
  }

  /// Writes a file of weights, of each tensor the first `dataPerTensor` bytes and then a hole, or all.
  static func write(
    _ tensors: [PlannedTensor],
    _ weights: Weights,
    dataPerTensor: Int? = nil,
    to path: String
  ) throws {
    let file = try OpenFile(path)
    try file.write(header(tensors)[...])
    for tensor in tensors {
      let dataBytes = min(dataPerTensor ?? .max, tensor.byteCount)
      var left = dataBytes
      while left > 0 {
        let count = min(left, weights.tile.count)
        try file.write(weights.tile[..<count])
        left -= count
      }
      if dataBytes < tensor.byteCount { try file.skip(tensor.byteCount - dataBytes) }
    }
  }

  /// Weight matrices of about so many bytes in all.
  static func matrices(
    byteCount: Int,
    columns: Int = 4096,
    bytesEach: Int = 1 << 25,
    type: WeightType = .bf16
  ) -> [PlannedTensor] {
    let rows = min(bytesEach, byteCount) / type.byteWidth / columns
    return (0..<max(1, byteCount / bytesEach)).map { layer in
      PlannedTensor(
        name: "model.layers.\(layer).self_attn.o_proj.weight",
        type: type.rawValue.uppercased(),
        elementBytes: type.byteWidth,
        shape: [rows, columns]
      )
    }
  }
}
