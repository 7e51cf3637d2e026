internal import CompressedTensors
internal import ModelIR

/// What becomes of a folder's config.json.
struct ConfigPlan {
  /// Its new text; nil if it stays as it is.
  private(set) var text: [UInt8]?
  /// What was changed, in words.
  private(set) var note: String?
  /// What should be known.
  private(set) var warnings: [Diagnosis] = []

  /// No change.
  init() {}

  /// What the weights that are written need.
  /// - Throws: ``ConfigFault``.
  init(
    _ opened: OpenedModel,
    _ options: ConversionOptions,
    _ work: Converter.Work,
    output: String,
    isFolder: Bool,
    isVerbatim: Bool
  ) throws {
    let file = CompressedCheckpoint.configName
    let compression = opened.compression
    if options.repairsConfig {
      text = try ConfigText.repaired(
        compression.configText ?? Array("{}".utf8),
        file: opened.path + "/" + file
      )
      note = "config.json: the sparse part that stopped loaders was cut"
      return
    }
    if isVerbatim { return }
    let forms = Set(work.decisions.compactMap { $0.form?.format })
    if let format = forms.contains(.sparse24Bitmask) ? .sparse24Bitmask : forms.first {
      try requireOneVersion(work.model, options.libraryVersion)
      let sparsity = sparsity(format, options, work)
      // What is said of quantized weights has to fit them as they go out.
      let base = try compression.configText.map { text in
        guard let config = compression.config else { return text }
        return try ConfigText.restored(
          text,
          config,
          facts: compression.facts,
          removesQuantization: options.type != nil
        ) ?? text
      }
      let sparse = try ConfigText.sparse(base, sparsity, file: file)
      if isFolder {
        text = sparse
        note = "config.json: says that weights are \(format.rawValue)"
      } else {
        warnings.append(
          Diagnosis(
            .badData,
            file: output,
            "a config.json beside it has to say that its weights are \(format.rawValue)",
            expected: "a folder as output gets one"
          )
        )
      }
      return
    }
    guard isFolder else { return }
    if compression.config == nil && !compression.isForeign {
      // Codes without a configuration mean nothing to any loader.
      let weights = ConfigText.QuantizedWeights(work.model.tensors)
      guard !weights.isEmpty else { return }
      text = try ConfigText.quantized(compression.configText, weights, file: file)
      note = "config.json: says how weights are quantized"
      return
    }
    guard let config = compression.config, let before = compression.configText else { return }
    let after = try ConfigText.restored(
      before,
      config,
      facts: compression.facts,
      removesQuantization: options.type != nil
    )
    guard let after, after != before else { return }
    text = after
    note =
      options.type != nil
        || (!config.saysMoreThanSparsity && !compression.facts.hasQuantizedWeights)
      ? "config.json: the compression was cut, as weights are plain numbers now"
      : config.sparsity == nil
        ? "config.json: completed for today's loaders"
        : "config.json: the sparse part was cut, the quantization kept"
  }

  /// A configuration names one version. What codes mean that are read by it must not change with the one that
  /// sparse parts need.
  private func requireOneVersion(_ model: Model, _ version: String) throws {
    for tensor in model.tensors {
      guard let quantization = tensor.quantization else { continue }
      if quantization.packing == PackingName.words.rawValue && 32 % quantization.bits != 0 {
        throw OptionFault(
          "\(tensor.name.text) is packed as versions from 0.18 on do it, and those have no sparse forms",
          expected: "--to safetensors, or --type bf16"
        )
      }
      if quantization.scheme == CompressionFormat.mxfp4PackQuantized.rawValue,
        LibraryVersion(version).map({ $0 < .rightExponents }) ?? false
      {
        throw OptionFault(
          "compressed-tensors \(version) takes the exponents of \(tensor.name.text) for others",
          expected: "0.14 or later"
        )
      }
    }
  }

  private func sparsity(
    _ format: CompressionFormat,
    _ options: ConversionOptions,
    _ work: Converter.Work
  ) -> ConfigText.Sparsity {
    var (elements, zeros) = (UInt64(0), UInt64(0))
    for (tensor, decision) in zip(work.model.tensors, work.decisions)
    where decision.nonzeros != nil && tensor.quantization?.packing == nil {
      elements &+= tensor.shape.elementCount
      zeros &+= tensor.shape.elementCount &- (decision.nonzeros ?? 0)
    }
    return ConfigText.Sparsity(
      format: format,
      elements: elements,
      zeros: zeros,
      targets: options.targets,
      ignore: options.ignoredModules,
      version: options.libraryVersion
    )
  }

  /// Whether a file that would be carried over is replaced.
  func replaces(_ file: SideFiles.File) -> Bool {
    text != nil && file.components == [CompressedCheckpoint.configName]
  }
}
