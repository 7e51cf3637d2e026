/// The quantized forms of compressed-tensors that are measured.
enum QuantizedForm: CaseIterable {
  case int8, int4, nvfp4, mxfp4

  var text: String {
    switch self {
    case .int8: "int-quantized, 8 bits, channels"
    case .int4: "pack-quantized, 4 bits, groups of 128"
    case .nvfp4: "nvfp4-pack-quantized"
    case .mxfp4: "mxfp4-pack-quantized"
    }
  }

  /// A config.json as the library writes it, without what says nothing.
  var config: String {
    let (format, weights): (String, String) =
      switch self {
      case .int8: ("int-quantized", #""num_bits":8,"strategy":"channel","type":"int""#)
      case .int4: ("pack-quantized", #""num_bits":4,"strategy":"group","group_size":128,"type":"int""#)
      case .nvfp4:
        ("nvfp4-pack-quantized", #""num_bits":4,"strategy":"tensor_group","group_size":16,"type":"float""#)
      case .mxfp4:
        ("mxfp4-pack-quantized", #""num_bits":4,"strategy":"group","group_size":32,"type":"float""#)
      }
    return """
      {"architectures":["LlamaForCausalLM"],"model_type":"llama","quantization_config":{"config_groups":\
      {"group_0":{"format":"\(format)","targets":["Linear"],"weights":{\(weights),"dynamic":false,\
      "symmetric":true}}},"format":"\(format)","ignore":[],"quant_method":"compressed-tensors",\
      "quantization_status":"compressed","sparsity_config":{},"version":"0.20.0"}}
      """
  }

  /// The parts of a weight, with the bytes that are repeated to fill each.
  fileprivate func parts(of module: String, rows: Int, columns: Int) -> [Part] {
    /// One of the parts.
    func part(_ ending: String, _ type: String, _ width: Int, _ shape: [Int], _ bytes: [UInt8]) -> Part {
      Part(
        tensor: PlannedTensor(name: "\(module).\(ending)", type: type, elementBytes: width, shape: shape),
        pattern: bytes
      )
    }
    let codes = Self.codes
    // Numbers of about 0.01, of which none is as the one before.
    let bf16 = (0..<128).map { $0 % 2 == 0 ? UInt8(truncatingIfNeeded: $0 * 37) : 0x3C }
    switch self {
    case .int8:
      return [
        part("weight", "I8", 1, [rows, columns], codes), part("weight_scale", "BF16", 2, [rows, 1], bf16),
      ]
    case .int4:
      var shape: [UInt8] = []
      for extent in [rows, columns] {
        for byte in 0..<8 { shape.append(UInt8(truncatingIfNeeded: extent >> (byte * 8))) }
      }
      return [
        part("weight_packed", "I32", 4, [rows, columns / 8], codes),
        part("weight_scale", "BF16", 2, [rows, columns / 128], bf16),
        part("weight_shape", "I64", 8, [2], shape),
      ]
    case .nvfp4:
      return [
        part("weight_global_scale", "F32", 4, [1], [0, 0, 0x80, 0x45]),
        part("weight_packed", "U8", 1, [rows, columns / 2], codes),
        part(
          "weight_scale",
          "F8_E4M3",
          1,
          [rows, columns / 16],
          (0..<64).map { 0x30 + UInt8($0 * 37 % 64) }
        ),
      ]
    case .mxfp4:
      return [
        part("weight_packed", "U8", 1, [rows, columns / 2], codes),
        part("weight_scale", "U8", 1, [rows, columns / 32], (0..<8).map { 0x74 + UInt8($0) }),
      ]
    }
  }

  /// 64 KiB in which every byte comes up, in no order.
  private static let codes: [UInt8] = {
    var state: UInt32 = 1
    return (0..<1 << 16).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
  }()

  fileprivate struct Part {
    var tensor: PlannedTensor
    var pattern: [UInt8]
  }
}

/// Makes folders of quantized weights.
enum QuantizedFolder {
  /// Makes the codes of `matrices`, and returns the folder's path.
  static func make(
    _ name: String,
    _ form: QuantizedForm,
    _ matrices: [PlannedTensor],
    in scratch: ScratchFolder
  ) throws -> String {
    let folder = try scratch.makeFolder(name)
    try ScratchFolder.write(Array(form.config.utf8), to: "\(folder)/config.json")
    let parts = matrices.flatMap { matrix in
      let module = String(matrix.name.dropLast(".weight".count))
      return form.parts(of: module, rows: matrix.shape[0], columns: matrix.shape[1])
    }
    let file = try OpenFile("\(folder)/\(ModelFolder.weightFile)")
    try file.write(Checkpoint.header(parts.map(\.tensor))[...])
    for part in parts {
      let byteCount = part.tensor.byteCount
      var piece = part.pattern
      while piece.count < min(byteCount, 1 << 20) { piece += piece }
      var left = byteCount
      while left > 0 {
        let count = min(left, piece.count)
        try file.write(piece[..<count])
        left -= count
      }
    }
    return folder
  }
}
