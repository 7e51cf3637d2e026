internal import CompressedTensors
public import Inspection

extension OpenedModel {
  /// What another library's compression of the model is, and who reads it; nil if there is none.
  public var compressionReport: CompressionReport? {
    let facts = compression.facts
    let config = compression.config
    guard !facts.modules.isEmpty || facts.cutlassPairs > 0 || config?.sparsity != nil else { return nil }
    let knowledge = LoaderKnowledge(facts, config)
    var formats = facts.modules.map { CompressionReport.Format(name: $0.key.rawValue, modules: $0.value) }
    if facts.cutlassPairs > 0 {
      formats.append(CompressionReport.Format(name: "semi-structured (CUTLASS)", modules: facts.cutlassPairs))
    }
    return CompressionReport(
      library: facts.modules.isEmpty && facts.cutlassPairs > 0 ? "PyTorch" : "compressed-tensors",
      formats: formats.sorted { ($1.modules, $0.name) < ($0.modules, $1.name) },
      version: config?.version?.text,
      era: LoaderKnowledge.era(facts, config),
      loaders: knowledge.verdicts.map { CompressionReport.Loader($0.program, loads: $0.loads, $0.detail) },
      remedy: knowledge.remedy
    )
  }
}
