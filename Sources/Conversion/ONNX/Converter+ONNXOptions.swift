internal import CompressedTensors
internal import ModelIR
internal import ONNX

/// What options mean for ONNX.
extension Converter {
  /// Refuses options that ONNX, in or out, makes no sense with.
  /// - Throws: ``OptionFault``.
  func requireOptionsForONNX() throws {
    if target == .onnx {
      if options.isSelection {
        throw OptionFault(
          "a graph needs all its tensors",
          expected: "no --tensors and --exclude with ONNX output"
        )
      }
      if options.shardSize != nil {
        throw OptionFault("--shard-size is for other containers", expected: "--external-data FILE")
      }
      if options.type != nil && options.graph == nil {
        throw OptionFault(
          "--type would change what the graph's operators take",
          expected: "another container, or --graph with a graph of that type"
        )
      }
      if case .blocks? = options.type { throw OptionFault("ONNX has no ggml blocks", expected: "--type f32") }
      return
    }
    let given = [
      ("--graph", options.graph != nil), ("--external-data", options.externalData != .auto),
      ("--sparse-initializers", options.usesSparseInitializers),
    ]
    if let option = given.first(where: \.1)?.0 {
      throw OptionFault("\(option) is for ONNX output", expected: "--to onnx, or a name in .onnx")
    }
    if opened.onnx != nil && target == .compressedTensors {
      throw OptionFault(
        "a graph's weights have no modules that compressed-tensors could name",
        expected: "--to gguf, or --to safetensors"
      )
    }
    if opened.onnx != nil && options.repairsConfig {
      throw OptionFault("--repair-config is for a config.json, ONNX has none")
    }
  }

  /// What should be known of a model whose graph stays behind.
  func notesOnONNX() -> [String] {
    guard let onnx = opened.onnx, target != .onnx else { return [] }
    let left = onnx.leftOut.count
    return ["the graph stays behind: only tensors go to \(target.name)"]
      + (left == 0
        ? [] : ["\(left) tensors without numbers stay behind too (\(onnx.leftOut[0].name.text) first)"])
  }
}
