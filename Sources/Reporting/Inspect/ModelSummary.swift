internal import Inspection
internal import ModelIR
internal import SparseCoding

/// Sums over a model's tensors, taken in one pass.
struct ModelSummary {
  /// Elements and zeros of tensors that were counted.
  struct Zeros {
    var tensors = 0
    var elements: UInt64 = 0
    var zeros: UInt64 = 0

    fileprivate mutating func add(_ statistics: TensorStatistics) {
      tensors += 1
      elements &+= statistics.elements
      zeros &+= statistics.zeros
    }
  }

  /// The elements of all weights.
  var parameters: UInt64 = 0
  var storedBytes: UInt64 = 0
  var bestBytes: UInt64 = 0
  /// For each common pattern how many matrices comply.
  private var compliant = [Int](repeating: 0, count: NMPattern.common.count)
  /// Of matrices, and of all weights.
  var matrices = Zeros()
  var weights = Zeros()
  var nan: UInt64 = 0
  var infinite: UInt64 = 0
  var negativeZeros: UInt64 = 0
  /// Tensors whose values were not counted, and how many of them are matrices where values were read.
  var uncounted = 0
  private var uncountedMatrices = 0
  /// How many tensors there are of each element type, layout and quantization scheme.
  private(set) var types: [ElementType: Int] = [:]
  private(set) var layouts: [Layout: Int] = [:]
  private(set) var schemes: [String: Int] = [:]
  /// How many tensors there are of each type of blocks; these count among ``types`` and ``schemes`` too.
  private(set) var blockTypes: [String: Int] = [:]
  /// How many tensors there are by the names that people know their types by.
  var shownTypes: [String: Int] {
    var shown = blockTypes
    for (type, count) in types {
      let plain = type == .uint8 ? count - blockTypes.values.reduce(0, +) : count
      if plain > 0 { shown[type.name] = plain }
    }
    return shown
  }

  /// Sums up a report.
  init(_ report: ModelReport) {
    var typeCounts = [Int](repeating: 0, count: ElementType.allCases.count)
    var denseCount = 0
    for index in report.tensors.indices {
      let isWeight = WeightKind.isParameter(report.tensors[index].tensor)
      if isWeight {
        let (sum, overflow) = parameters.addingReportingOverflow(
          report.tensors[index].tensor.logicalShape.elementCount
        )
        parameters = overflow ? .max : sum
      }
      typeCounts[Int(report.tensors[index].tensor.elementType.rawValue)] += 1
      let layout = report.tensors[index].tensor.layout
      if layout == .dense { denseCount += 1 } else { layouts[layout, default: 0] += 1 }
      if let quantization = report.tensors[index].tensor.quantization {
        schemes[quantization.scheme, default: 0] += 1
        if quantization.packing == Quantization.blockPacking, report.tensors[index].tensor.blockType != nil {
          blockTypes[quantization.scheme, default: 0] += 1
        }
      }
      let bytes = report.tensors[index].tensor.storedBytes
      storedBytes &+= bytes
      guard let statistics = report.tensors[index].statistics else {
        uncounted += 1
        if report.readValues && report.tensors[index].kind == .matrix { uncountedMatrices += 1 }
        bestBytes &+= bytes
        continue
      }
      bestBytes &+= statistics.best.byteCount
      nan &+= statistics.nan
      infinite &+= statistics.infinite
      negativeZeros &+= statistics.negativeZeros
      if isWeight { weights.add(statistics) }
      // Judging the name takes longer than all else here, so it waits until it is needed.
      if report.tensors[index].kind == .matrix {
        matrices.add(statistics)
        for result in statistics.patterns where result.isCompliant {
          if let place = NMPattern.common.firstIndex(of: result.pattern) { compliant[place] += 1 }
        }
      }
    }
    if denseCount > 0 { layouts[.dense] = denseCount }
    for type in ElementType.allCases where typeCounts[Int(type.rawValue)] > 0 {
      types[type] = typeCounts[Int(type.rawValue)]
    }
  }

  /// What the zeros of all weights are a share of.
  var parametersInWords: String { uncounted > 0 ? "the parameters that were counted" : "all parameters" }

  /// How many matrices follow a pattern: `2:4 in 223 of 224 weight matrices`; nil for none.
  func patternWords(_ pattern: NMPattern?) -> String? {
    guard let pattern, let place = NMPattern.common.firstIndex(of: pattern) else { return nil }
    let all = Figures.things(matrices.tensors + uncountedMatrices, "weight matrix", plural: "weight matrices")
    let open = uncountedMatrices > 0 ? ", \(Figures.grouped(uncountedMatrices)) of them not counted" : ""
    return "\(pattern) in \(Figures.grouped(compliant[place])) of \(all)\(open)"
  }
}
