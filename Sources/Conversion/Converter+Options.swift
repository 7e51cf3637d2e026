internal import CompressedTensors
internal import ModelIR

/// Options that do not go together, or not with the model.
extension Converter {
  func requireSensibleOptions() throws {
    if options.target != .compressedTensors {
      let defaults = ConversionOptions()
      let given = [
        ("--as-reference", options.asReference),
        ("--ignore", options.ignoredModules != defaults.ignoredModules),
        ("--target", options.targets != defaults.targets),
        ("--library-version", options.libraryVersion != defaults.libraryVersion),
      ]
      if let option = given.first(where: \.1)?.0 {
        throw OptionFault("\(option) is for --to compressed-tensors")
      }
    }
    if options.asReference && options.verify {
      throw OptionFault("--as-reference may leave values out, so there is nothing to --verify")
    }
    if options.selectsRows, target == .onnx || target == .compressedTensors || options.type != nil {
      throw OptionFault(
        "--rows cuts tensors as they are stored",
        expected: "safetensors or GGUF as the output, without --type"
      )
    }
    try requireOptionsForGGUF()
    try requireOptionsForONNX()
    guard options.repairsConfig else { return }
    if !isVerbatim {
      throw OptionFault("--repair-config changes nothing else", expected: "repair, then convert")
    }
    guard case .folder = opened.origin else {
      throw OptionFault("--repair-config takes a model folder, or a config.json", expected: "one of both")
    }
  }

  /// Refuses to change a model whose parts could not be put together, where that would lose what they mean.
  func requireResolvedParts() throws {
    guard !isVerbatim else { return }
    if let fault = opened.compression.unresolved,
      opened.compression.config != nil || options.type != nil
    {
      throw fault
    }
    let file = opened.path + "/" + CompressedCheckpoint.configName
    if options.type != nil {
      try opened.compression.refuseForeign("--type cannot dequantize", file: file)
    }
    if options.target == .compressedTensors {
      try opened.compression.refuseForeign("--to compressed-tensors would overwrite", file: file)
    }
  }
}
