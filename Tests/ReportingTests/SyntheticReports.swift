import Inspection
import ModelIR
import SparseCoding

/// Reports on models that are described rather than made: their figures can be those of billions of elements.
enum Synthetic {
  private static let template = Result { try makeTemplate() }

  /// Statistics of a real matrix of two by sixteen, to be overwritten.
  private static func makeTemplate() throws -> TensorStatistics {
    let bytes = [UInt8](repeating: 1, count: 32)
    let source = MemorySource(bytes, named: "memory")
    let tensor = tensor("t", .uint8, [2, 16])
    let file = ModelFile(
      source: source,
      name: "memory",
      skeleton: Region(file: 0, offset: 0, byteCount: 0),
      metadata: Metadata(),
      declaresMetadata: false
    )
    let model = Model(container: .safetensors, files: [file], tensors: [tensor])
    let inspector = Inspector(pool: ChunkPool(threads: 1), chunkBytes: 65_536, progress: WorkProgress())
    guard let statistics = try inspector.inspect(model).first?.statistics else { throw Missing.statistics }
    return statistics
  }

  private enum Missing: Error {
    case statistics
    case shape
  }

  static func tensor(
    _ name: String,
    _ type: ElementType = .bfloat16,
    _ extents: [UInt64],
    layout: Layout = .dense
  ) -> Tensor {
    let shape = Shape(extents) ?? .vector(0)
    let bytes = shape.byteCount(of: type) ?? 0
    /// A region of so many bytes.
    func region(_ bytes: UInt64) -> Region { Region(file: 0, offset: 0, byteCount: bytes) }
    let storage: Storage =
      switch layout {
      case .dense: .dense(region(bytes))
      case .bitmask: .bitmask(mask: region(shape.elementCount / 8), values: region(bytes / 2))
      case .csr:
        .csr(
          rowOffsets: region(4),
          offsetWidth: .bits32,
          columnIndices: region(bytes / 4),
          columnWidth: .bits16,
          values: region(bytes / 4)
        )
      case .nm(let pattern):
        .nm(pattern, values: region(bytes / 2), indices: region(shape.elementCount / 8))
      }
    return Tensor(name: TensorName(name), elementType: type, shape: shape, storage: storage)
  }

  /// A tensor with this share of zeros that follows `pattern` and what it implies.
  static func report(
    _ name: String,
    _ type: ElementType = .bfloat16,
    _ extents: [UInt64],
    zeros share: Double? = nil,
    pattern: NMPattern? = nil,
    layout: Layout = .dense
  ) throws -> TensorReport {
    var report = TensorReport(tensor: tensor(name, type, extents, layout: layout))
    guard let share else { return report }
    let shape = report.tensor.shape
    var statistics = try template.get()
    statistics.elements = shape.elementCount
    statistics.nonzeros = shape.elementCount - UInt64(Double(shape.elementCount) * share)
    statistics.stored = statistics.nonzeros
    statistics.rows = shape.rows
    statistics.columns = shape.columns
    for index in statistics.patterns.indices {
      let tried = statistics.patterns[index].pattern
      let holds = pattern.map {
        tried.group % $0.group == 0 && tried.kept * $0.group >= $0.kept * tried.group
      }
      var count = PatternCount()
      count.groups = shape.elementCount / UInt64(tried.group)
      count.violations = holds == true ? 0 : count.groups / 3 + 1
      count.storedViolations = count.violations
      statistics.patterns[index].count = count
    }
    if shape.rank < 2 { statistics.patterns = [] }
    let holding = statistics.patterns.filter { $0.count.violations == 0 }.map(\.pattern)
    statistics.best =
      LayoutChoice.smallest(
        LayoutChoice.candidates(
          elementType: type,
          shape: shape,
          nnz: statistics.stored,
          stored: holding
        )
      ) ?? statistics.best
    report.statistics = statistics
    return report
  }

  static func model(
    _ tensors: [TensorReport],
    path: String = "./models/Llama-8B-pruned-2of4",
    files: Int = 4,
    readValues: Bool = true,
    warnings: [Diagnosis] = []
  ) -> ModelReport {
    var report = ModelReport(
      path: path,
      container: .safetensors,
      fileCount: files,
      fileByteCount: tensors.reduce(35_720) { $0 + $1.tensor.storage.byteCount },
      readValues: readValues,
      tensors: tensors,
      warnings: warnings
    )
    report.experts = ExpertLayer.find(in: tensors, ArchitectureFacts())
    report.advice = Advice.on(tensors)
    return report
  }

  /// Llama 3 8B, pruned to 2:4 but for one matrix.
  static func llama(readValues: Bool = true, layers: Int = 32) throws -> ModelReport {
    let pattern = NMPattern(kept: 2, group: 4)
    let none: Double? = readValues ? 0 : nil
    var tensors = [
      try report("lm_head.weight", .bfloat16, [128_256, 4096], zeros: none),
      try report("model.embed_tokens.weight", .bfloat16, [128_256, 4096], zeros: none),
    ]
    let matrices: [(String, [UInt64])] = [
      ("mlp.down_proj", [4096, 14_336]), ("mlp.gate_proj", [14_336, 4096]), ("mlp.up_proj", [14_336, 4096]),
      ("self_attn.k_proj", [1024, 4096]), ("self_attn.o_proj", [4096, 4096]),
      ("self_attn.q_proj", [4096, 4096]), ("self_attn.v_proj", [1024, 4096]),
    ]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)."
      for norm in ["input_layernorm", "post_attention_layernorm"] {
        tensors.append(try report(prefix + norm + ".weight", .bfloat16, [4096], zeros: none))
      }
      for (name, extents) in matrices {
        let isDense = layer == 17 && name == "mlp.gate_proj"
        tensors.append(
          try report(
            prefix + name + ".weight",
            .bfloat16,
            extents,
            zeros: readValues ? (isDense ? 0 : 0.5) : nil,
            pattern: isDense ? nil : pattern
          )
        )
      }
    }
    tensors.append(try report("model.norm.weight", .bfloat16, [4096], zeros: none))
    return model(tensors, readValues: readValues)
  }

  /// BERT base, unstructured at 90 %, with its integer buffer.
  static func bert() throws -> ModelReport {
    var tensors = [
      try report("bert.embeddings.position_ids", .int64, [1, 512], zeros: 1.0 / 512),
      try report("bert.embeddings.word_embeddings.weight", .float32, [30_522, 768], zeros: 0.000_02),
      try report("bert.embeddings.position_embeddings.weight", .float32, [512, 768], zeros: 0),
      try report("bert.embeddings.token_type_embeddings.weight", .float32, [2, 768], zeros: 0),
      try report("bert.embeddings.LayerNorm.weight", .float32, [768], zeros: 0),
      try report("bert.embeddings.LayerNorm.bias", .float32, [768], zeros: 0),
    ]
    let matrices: [(String, [UInt64])] = [
      ("attention.self.query", [768, 768]), ("attention.self.key", [768, 768]),
      ("attention.self.value", [768, 768]), ("attention.output.dense", [768, 768]),
      ("intermediate.dense", [3072, 768]), ("output.dense", [768, 3072]),
    ]
    for layer in 0..<12 {
      for (name, extents) in matrices {
        let prefix = "bert.encoder.layer.\(layer).\(name)."
        tensors.append(
          try report(prefix + "weight", .float32, extents, zeros: 0.88 + 0.005 * Double(layer % 5))
        )
        tensors.append(try report(prefix + "bias", .float32, [extents[0]], zeros: 0))
      }
      for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
        for end in [".weight", ".bias"] {
          tensors.append(
            try report("bert.encoder.layer.\(layer).\(norm)\(end)", .float32, [768], zeros: 0)
          )
        }
      }
    }
    tensors.append(try report("bert.pooler.dense.weight", .float32, [768, 768], zeros: 0))
    tensors.append(try report("bert.pooler.dense.bias", .float32, [768], zeros: 0))
    tensors.append(try report("qa_outputs.weight", .float32, [2, 768], zeros: 0))
    tensors.append(try report("qa_outputs.bias", .float32, [2], zeros: 0))
    tensors[7].statistics?.nan = 3
    tensors[6].statistics?.stored += 1204
    return model(
      tensors,
      path: "bert-base-squad-90.safetensors",
      files: 1,
      warnings: [
        Diagnosis(
          .badData,
          file: "bert-base-squad-90.safetensors",
          tensor: "bert.embeddings.position_ids",
          "is a buffer that current versions of transformers do not save",
          expected: "it can be left out"
        )
      ]
    )
  }

  /// A check of the Llama for 2:4: one matrix fails, embeddings, head and norms are skipped.
  static func validation(failing: Set<String> = ["model.layers.17.mlp.gate_proj.weight"]) throws
    -> ValidationReport
  {
    guard let pattern = NMPattern(kept: 2, group: 4) else { throw Missing.shape }
    let results = try llama().tensors.map { report in
      let name = report.tensor.name.text
      if let reason = report.kind.reasonToSkip {
        return ValidationReport.TensorResult(tensor: report.tensor, status: .skipped, reason: reason)
      }
      let fails = failing.contains(name)
      var result = ValidationReport.TensorResult(
        tensor: report.tensor,
        status: fails ? .violating : .compliant,
        axis: report.axis
      )
      result.groups = report.tensor.shape.elementCount / 4
      result.histogram =
        fails ? [0, 3, 31, 12_044, result.groups - 12_078] : [0, 12, result.groups - 12, 0, 0]
      if fails {
        result.violatingGroups = result.groups - 34
        result.firstViolations = [
          .init(
            row: 0,
            group: 0,
            firstIndex: 0,
            nonzeros: 4,
            values: ["0.0134", "-0.0071", "0.0219", "0.0042"]
          ),
          .init(row: 0, group: 1, firstIndex: 4, nonzeros: 3, values: ["nan", "-0.0", "inf", "1e-05"]),
        ]
      }
      return result
    }
    return ValidationReport(
      path: "./models/Llama-8B-pruned-2of4",
      pattern: pattern,
      tail: .error,
      tensors: results,
      warnings: []
    )
  }

  static func conversion(isDryRun: Bool) throws -> ConversionReport {
    let results = try llama().tensors.map { report in
      let tensor = report.tensor
      let isMatrix = tensor.shape.rank == 2
      let holds = report.statistics?.compliant.contains { $0.group == 4 && $0.kept == 2 } == true
      let reason: String? =
        holds
        ? nil
        : isMatrix
          ? "\(tensor.shape.elementCount / 4) groups have more than 2 stored elements" : "its rank is below 2"
      return ConversionReport.TensorResult(
        name: tensor.name,
        elementType: tensor.elementType,
        shape: tensor.shape,
        from: .dense,
        to: holds ? Layout("nm:2:4") ?? .dense : .dense,
        bytesBefore: tensor.denseByteCount,
        bytesAfter: holds ? tensor.denseByteCount / 16 * 9 : tensor.denseByteCount,
        reason: reason
      )
    }
    let files = (1...4).map {
      ConversionReport.OutputFile(
        name: "model-0000\($0)-of-00004.lacuna.safetensors",
        byteCount: 2_500_118_272
      )
    }
    return ConversionReport(
      input: "./models/Llama-8B-pruned-2of4",
      output: "./out",
      isDryRun: isDryRun,
      isUnchanged: false,
      files: files + [.init(name: "model.lacuna.safetensors.index.json", byteCount: 48_112)],
      carriedFiles: [
        .init(name: "config.json", byteCount: 654), .init(name: "tokenizer.json", byteCount: 9_085_698),
      ],
      tensors: results,
      inputByteCount: 16_060_556_376,
      plannedMemory: 33_554_432,
      wasVerified: false,
      seconds: isDryRun ? 0.2 : 11.4,
      warnings: [Diagnosis(.badData, file: "./out", "no current runtime loads this layout")]
    )
  }

  /// 40 % of zeros became 55 %.
  static var pruning: ValueDifference {
    var numbers = NumberDifference()
    numbers.elements = 1_000_000
    numbers.changed = 250_000
    numbers.largest = 0.01234
    numbers.largestPlace = 77_001
    numbers.sum = 1234.5
    (numbers.kept, numbers.pruned, numbers.regrown) = (400_000, 200_000, 50_000)
    return ValueDifference(elements: 250_004, first: 255, numbers: numbers)
  }

  static func difference() -> DifferenceReport {
    var report = DifferenceReport(
      first: "./a/model.safetensors",
      second: "./b/model.safetensors",
      equalTensors: 288,
      equalByteCount: 15_943_090_176,
      differences: [
        .init(name: "model.layers.3.mlp.up_proj.weight", difference: .values(pruning)),
        .init(name: "lm_head.weight", difference: .elementType(.bfloat16, .float16)),
        .init(name: "model.norm.weight", difference: .shape(.vector(4096), .vector(8192))),
        .init(name: "model.rotary.inv_freq", difference: .onlyInFirst),
        .init(name: "evil\u{202E}name\n\tx", difference: .onlyInSecond),
      ],
      warnings: []
    )
    let text = MetadataReport.Entry(key: "format", type: "str", value: .string("pt\u{202E}"), count: 5)
    let number = MetadataReport.Entry(key: "steps", type: "u32", value: .unsigned(7, bits: 32))
    report.metadata = [
      MetadataDifference(first: text, second: nil), MetadataDifference(first: nil, second: number),
      MetadataDifference(first: number, second: text),
    ]
    return report
  }

  static func integrity() -> IntegrityReport {
    IntegrityReport(
      path: "./models/Llama-8B",
      checks: [
        .init(
          name: "structure",
          outcome: .passed,
          summary: "4 of 4 files, offsets exact, no gap, no overlap, no trailing byte"
        ),
        .init(
          name: "index",
          outcome: .failed,
          summary: "2 of 291 tensors are not where the index says",
          findings: [
            Diagnosis(
              .badData,
              file: "model.safetensors.index.json",
              tensor: "lm_head.weight",
              "is in model-00004-of-00004.safetensors",
              expected: "the index says model-00003-of-00004.safetensors",
              offset: 1234
            ),
            Diagnosis(
              .badData,
              file: "model.safetensors.index.json",
              "total_size is 5",
              expected: "16060522496"
            ),
          ]
        ),
        .init(name: "hash", outcome: .skipped, summary: "no file is named by its SHA-256"),
      ],
      warnings: []
    )
  }
}
