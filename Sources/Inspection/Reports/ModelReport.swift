public import ModelIR

/// What an inspection finds about a model.
public struct ModelReport: Sendable {
  /// What the user called it.
  public var path: String
  /// The container format.
  public var container: Container
  /// The number of weight files, and their bytes.
  public var fileCount: Int
  /// See ``fileCount``.
  public var fileByteCount: UInt64
  /// Whether the values were read.
  public var readValues: Bool
  /// The tensors, in the order of the model.
  public var tensors: [TensorReport]
  /// What its metadata say.
  public var metadata: MetadataReport
  /// What a compressed export would take; nil where that was not asked for, or it is one.
  public var forecast: CompressedForecast?
  /// What another library's compression of it is.
  public var compression: CompressionReport?
  /// What the zeros were compared with; nil where there is no reference.
  public var reference: ReferenceReport?
  /// What should be known.
  public var warnings: [Diagnosis]
  /// What config.json or the metadata say of its architecture.
  public var architecture = ArchitectureFacts()
  /// Its layers with experts, in the order of the model.
  public var experts: [ExpertLayer] = []
  /// What deserves a look in how it was pruned.
  public var advice: [Advice] = []

  /// A report of these parts.
  public init(
    path: String,
    container: Container,
    fileCount: Int,
    fileByteCount: UInt64,
    readValues: Bool,
    tensors: [TensorReport],
    metadata: MetadataReport = MetadataReport(),
    compression: CompressionReport? = nil,
    warnings: [Diagnosis]
  ) {
    self.path = path
    self.container = container
    self.fileCount = fileCount
    self.fileByteCount = fileByteCount
    self.readValues = readValues
    self.tensors = tensors
    self.metadata = metadata
    self.compression = compression
    self.warnings = warnings
  }

  /// The elements of all tensors that are weights of some kind; saturates.
  public var parameterCount: UInt64 {
    tensors.lazy.filter { WeightKind.isParameter($0.tensor) }.reduce(0) { total, report in
      let (sum, overflow) = total.addingReportingOverflow(report.tensor.logicalShape.elementCount)
      return overflow ? .max : sum
    }
  }

  /// The bytes that all tensors take as they are stored.
  public var storedByteCount: UInt64 { tensors.reduce(0) { $0 &+ $1.tensor.storedByteCount } }

  /// Elements and zeros of the tensors of some kinds, as far as they were counted.
  public func zeros(of kinds: Set<WeightKind>) -> (elements: UInt64, zeros: UInt64) {
    tensors.reduce(into: (0, 0)) { sums, report in
      guard kinds.contains(report.kind), let statistics = report.statistics else { return }
      sums.elements &+= statistics.elements
      sums.zeros &+= statistics.zeros
    }
  }

  /// The share of zeros in matrix weights, 0 to 1: the figure that papers give; nil if none was counted.
  public var weightSparsity: Double? {
    let (elements, zeros) = zeros(of: [.matrix])
    return elements == 0 ? nil : Double(zeros) / Double(elements)
  }

  /// The pattern that all matrix weights with zeros share, the strictest that does; nil if there is none.
  public var sharedPattern: NMPattern? {
    let sparse = tensors.filter { $0.kind == .matrix && ($0.statistics?.sparsity ?? 0) > 0.1 }
    guard !sparse.isEmpty else { return nil }
    return NMPattern.common.filter { pattern in
      sparse.allSatisfy { $0.statistics?.compliant.contains(pattern) == true }
    }.min { Double($0.kept) / Double($0.group) < Double($1.kept) / Double($1.group) }
  }

  /// The bytes that the tensors would take, each in its smallest layout.
  public var bestByteCount: UInt64 {
    tensors.reduce(0) { $0 &+ ($1.statistics?.best.byteCount ?? $1.tensor.storedByteCount) }
  }
}
