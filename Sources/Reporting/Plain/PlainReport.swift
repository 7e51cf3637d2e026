public import Inspection
internal import ModelIR

/// Reports for line-wise tools: fields separated by tabs, a header line first, then a line for each thing.
///
/// Names are escaped, so that none holds a tab or a line break; numbers are raw; what is not known is empty.
public enum PlainReport {
  /// Takes text, in pieces of whole lines.
  public typealias Sink = (String) throws -> Void

  private static let style = TerminalStyle()

  /// Writes a header and lines of fields.
  static func write<Item>(
    _ header: [String],
    _ items: some Sequence<Item>,
    to sink: @escaping Sink,
    fields: (Item) -> [String]
  ) throws {
    var writer = LineWriter(style, to: sink)
    try writer.line(header.joined(separator: "\t"))
    for item in items { try writer.line(fields(item).joined(separator: "\t")) }
    try writer.finish()
  }

  /// A number or nothing.
  private static func field(_ value: (some CustomStringConvertible)?) -> String {
    value.map { "\($0)" } ?? ""
  }

  /// The extents joined by commas; nothing for a scalar.
  private static func field(_ shape: Shape) -> String {
    shape.extents.map(String.init).joined(separator: ",")
  }

  /// Writes a line for each entry of a model's metadata.
  /// - Throws: what `sink` throws.
  public static func metadata(_ report: MetadataReport, to sink: @escaping Sink) throws {
    try write(["key", "type", "count", "value"], report.entries ?? [], to: sink) { entry in
      [
        SafeText.escape(entry.key), SafeText.escape(entry.type), field(entry.count),
        SafeText.escape(entry.shownValue),
      ]
    }
  }

  /// Writes a line for each tensor of a model, in the order and up to the number that the options say.
  /// - Throws: what `sink` throws.
  public static func inspect(
    _ report: ModelReport,
    options: InspectionOptions = InspectionOptions(),
    to sink: @escaping Sink
  ) throws {
    let header = [
      "name", "dtype", "shape", "elements", "bytes", "layout", "quantization", "nnz", "zeros",
      "negative_zeros", "nan", "inf", "patterns", "best_layout", "best_bytes", "digest", "axis", "consumers",
    ]
    let groups = GroupedTensors(separate: report.tensors).groups
    let order = options.order(groups)
    try write(header, order.prefix(options.limit ?? .max), to: sink) { place in
      let tensor = report.tensors[place].tensor
      let statistics = report.tensors[place].statistics
      return [
        SafeText.escape(tensor.name.text), tensor.elementType.name, field(tensor.shape),
        "\(tensor.shape.elementCount)", "\(tensor.storedByteCount)", "\(tensor.layout)",
        SafeText.escape(tensor.quantization?.scheme ?? ""), field(statistics?.nonzeros),
        field(statistics?.zeros), field(statistics?.negativeZeros), field(statistics?.nan),
        field(statistics?.infinite),
        statistics?.compliant.map(\.description).joined(separator: ",") ?? "",
        field(statistics?.best.layout), field(statistics?.best.byteCount), report.tensors[place].digest ?? "",
        report.tensors[place].axis?.axes.map(String.init).joined(separator: ",") ?? "",
        SafeText.escape(tensor.uses?.consumers ?? ""),
      ]
    }
  }

  /// Writes a line for each tensor of a model.
  /// - Throws: what `sink` throws.
  public static func validate(_ report: ValidationReport, to sink: @escaping Sink) throws {
    let header = [
      "name", "status", "dtype", "shape", "axis", "groups", "ragged_groups", "violating_groups", "reason",
      "consumers", "pattern", "eligible", "compliant",
    ]
    try write(header, report.tensors, to: sink) { result in
      let isChecked = result.status != .skipped
      return [
        SafeText.escape(result.tensor.name.text), result.status.rawValue, result.tensor.typeName,
        field(result.tensor.logicalShape), field(result.axis?.axes.first),
        isChecked ? "\(result.groups)" : "",
        isChecked ? "\(result.raggedGroups)" : "", isChecked ? "\(result.violatingGroups)" : "",
        SafeText.escape(result.reason ?? ""), SafeText.escape(result.tensor.uses?.consumers ?? ""),
        isChecked ? "\(report.pattern(of: result))" : "", field(result.eligibility?.isEligible),
        isChecked ? "\(result.patternHolds)" : "",
      ]
    }
  }

  /// Writes a line for each tensor of a conversion.
  /// - Throws: what `sink` throws.
  public static func convert(_ report: ConversionReport, to sink: @escaping Sink) throws {
    let header = ["name", "dtype", "shape", "from", "to", "bytes_before", "bytes_after", "reason"]
    try write(header, report.tensors, to: sink) { result in
      [
        SafeText.escape(result.name.text), result.elementType.name, field(result.shape), "\(result.from)",
        "\(result.to)", "\(result.bytesBefore)", "\(result.bytesAfter)", SafeText.escape(result.reason ?? ""),
      ]
    }
  }

  /// Writes a line for each tensor that differs.
  /// - Throws: what `sink` throws.
  public static func diff(_ report: DifferenceReport, to sink: @escaping Sink) throws {
    try write(["name", "difference", "first", "second"], report.differences, to: sink) { result in
      let values: [String] =
        switch result.difference {
        case .onlyInFirst, .onlyInSecond: ["", ""]
        case .elementType(let first, let second): [first.name, second.name]
        case .blockType(let first, let second): [first, second]
        case .shape(let first, let second): [field(first), field(second)]
        case .values(let values): ["\(values.elements) elements", "first at \(values.first)"]
        }
      return [SafeText.escape(result.name.text), result.difference.name] + values
    }
  }

  /// Writes a line for each check.
  /// - Throws: what `sink` throws.
  public static func verify(_ report: IntegrityReport, to sink: @escaping Sink) throws {
    try write(["check", "outcome", "findings", "summary"], report.checks, to: sink) { check in
      [
        SafeText.escape(check.name), check.outcome.rawValue, "\(check.findings.count)",
        SafeText.escape(check.summary),
      ]
    }
  }
}
