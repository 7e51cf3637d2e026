/// What today's programs make of a compressed model.
///
/// Sources: compressed-tensors' history (removal of the sparse formats in 0.15.0, 2026-04; packing without
/// padding in 0.18.0; MXFP4 exponents in 0.14.0), vLLM (removal in 0.19.1, refusal of a sparse part from 0.24
/// on), and loading each kind with transformers 5.23 and compressed-tensors 0.20.
public struct LoaderKnowledge: Sendable, Hashable {
  /// What one program makes of it.
  public struct Verdict: Sendable, Hashable {
    /// The program, and which versions of it.
    public let program: String
    /// Whether it loads what is meant.
    public let loads: Bool
    /// What happens, where that is not all.
    public let detail: String?

    init(_ program: String, _ loads: Bool, _ detail: String? = nil) {
      self.program = program
      self.loads = loads
      self.detail = detail
    }
  }

  /// The verdicts, the programs that load it first.
  public private(set) var verdicts: [Verdict] = []
  /// The options of `lacuna convert` that make it loadable; nil if it is.
  public private(set) var remedy: [String]?

  /// What is known of a model of these facts.
  public init(_ facts: CompressionFacts, _ config: CompressionConfig?) {
    let quantized = facts.modules.keys.contains { !$0.isSparse }
    let isMarlin = facts.modules[.marlin24] != nil
    let isSparse = isMarlin || facts.modules.keys.contains(where: \.isSparse)
    if isSparse {
      addSparse(facts, isMarlin: isMarlin, isQuantized: quantized)
      remedy = ["--to", "safetensors", "--layout", "dense"]
    } else if facts.cutlassPairs > 0 {
      verdicts.append(Verdict("PyTorch", false, "writes this form in memory only, and reads no file of it"))
      remedy = ["--to", "safetensors", "--layout", "dense"]
    } else if quantized {
      addQuantized(facts, config)
    }
    if facts.hasGroupIndex {
      verdicts.append(Verdict("compressed-tensors 0.20", false, "refuses activation-order groups"))
      remedy = ["--to", "safetensors", "--type", "bf16"]
    }
    if let sparsity = config?.sparsity, sparsity.format == .dense, !isSparse,
      sparsity.targets?.isEmpty == false
    {
      verdicts.append(
        Verdict("vLLM from 0.24 on", false, "refuses the sparsity_config, though it says dense")
      )
      remedy = remedy ?? ["--repair-config"]
    }
  }

  private mutating func addSparse(_ facts: CompressionFacts, isMarlin: Bool, isQuantized: Bool) {
    if isMarlin {
      verdicts.append(Verdict("vLLM before 0.19.1", true, "compressed-tensors itself never could"))
    } else {
      let first = facts.usesFirstNaming ? "0.3 to 0.8" : "0.9 to 0.14"
      verdicts.append(Verdict("compressed-tensors \(first)", true))
    }
    let outcome = isMarlin || isQuantized ? "an error" : "random weights, and no error"
    verdicts.append(Verdict("compressed-tensors from 0.15 on", false, outcome))
    verdicts.append(Verdict("transformers from June 2026 on", false, outcome))
    verdicts.append(Verdict("vLLM from 0.19.1 on", false, "the format was removed"))
  }

  private mutating func addQuantized(_ facts: CompressionFacts, _ config: CompressionConfig?) {
    let remake = ["--to", "safetensors"]
    if facts.hasPaddedWords {
      verdicts.append(Verdict("compressed-tensors before 0.18", true))
      verdicts.append(
        Verdict("compressed-tensors from 0.18 on", false, "reads padded words as a stream: wrong weights")
      )
      remedy = remake
    }
    if facts.hasSmallExponents {
      verdicts.append(
        Verdict(
          "compressed-tensors from 0.14 on",
          false,
          "takes its exponents as they are: weights 4 times too small"
        )
      )
      remedy = remake
    }
    if facts.hasOldZeroPoints && remedy == nil {
      verdicts.append(Verdict("compressed-tensors from 0.18 on", false, "expects zero points packed"))
      remedy = remake
    }
    if remedy == nil, config.map({ $0.key == .compression || !ConfigText.isComplete($0) }) ?? true {
      verdicts.append(
        Verdict(
          "transformers 5.23",
          false,
          "config.json leaves out what it needs: wrong weights, or an error"
        )
      )
      remedy = remake
    }
    if remedy == nil {
      let isAsymmetric = config?.groups.contains { $0.weights?.isSymmetric == false } ?? false
      let isPacked = facts.modules[.packQuantized] != nil
      verdicts.append(
        Verdict(
          "compressed-tensors 0.20, transformers 5.23, vLLM",
          true,
          isAsymmetric && isPacked ? "transformers only with dequantize=True, as it is asymmetric" : nil
        )
      )
    }
  }

  /// What names and layouts tell of the version that wrote a model.
  public static func era(_ facts: CompressionFacts, _ config: CompressionConfig?) -> String {
    if facts.modules.keys.contains(where: \.isSparse) {
      if facts.modules[.marlin24] != nil { return "0.3 to 0.14" }
      return facts.usesFirstNaming
        ? "0.3 to 0.8, parts named after tensors" : "0.9 to 0.14, parts named after modules"
    }
    if facts.cutlassPairs > 0 { return "PyTorch's semi-structured tensors" }
    if config?.key == .compression { return "before 0.7" }
    if facts.hasPaddedWords { return "before 0.18, padded words" }
    if facts.hasSmallExponents { return "before 0.14" }
    return config?.version == nil && config != nil
      ? "0.7 to 0.10, which left the version out" : "as today's library reads it"
  }
}
