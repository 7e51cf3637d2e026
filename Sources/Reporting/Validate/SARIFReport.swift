public import Inspection
internal import ModelIR
internal import StrictJSON

/// Reports for code-scanning pages: SARIF 2.1.0 (OASIS, 27 March 2020).
///
/// One result for each tensor that violates its pattern, one for each that holds it and is not eligible, and one for
/// each model without an eligible weight. Names are escaped as for people, and as messages of SARIF need it.
public enum SARIFReport {
  /// Takes the text, in pieces of some 64 KiB.
  public typealias Sink = (borrowing [UInt8]) throws -> Void

  /// The rules that results name, in the order of their places in the document.
  private enum Rule: String, CaseIterable {
    case pattern = "nm-pattern"
    case shortGroups = "short-groups"
    case storage = "not-eligible-storage"
    case layer = "not-eligible-layer"
    case rank = "not-eligible-rank"
    case type = "not-eligible-type"
    case axis = "not-eligible-axis"
    case size = "not-eligible-size"
    case nothingEligible = "nothing-eligible"
    case unchecked = "unchecked"

    init(_ rule: Eligibility.Rule) {
      switch rule {
      case .storage: self = .storage
      case .layer: self = .layer
      case .rank: self = .rank
      case .type: self = .type
      case .axis: self = .axis
      case .size: self = .size
      }
    }

    var description: String {
      switch self {
      case .pattern: "A weight does not follow its N:M pattern"
      case .shortGroups: "An axis is no multiple of the pattern's group"
      case .storage: "A weight is stored in a form that the runtime does not read"
      case .layer: "A weight belongs to a layer that the runtime does not make sparse"
      case .rank: "A weight has more or fewer axes than the runtime takes"
      case .type: "A weight has elements of a type that the runtime does not take"
      case .axis: "A weight is summed over along another axis than the runtime makes sparse"
      case .size: "A weight has extents that the runtime does not take"
      case .unchecked: "A weight's values cannot be counted, so that nothing is known of its pattern"
      case .nothingEligible: "No weight of the model can be checked for the pattern, or is eligible"
      }
    }

    var level: String {
      switch self {
      case .pattern, .shortGroups, .nothingEligible: "error"
      case .storage, .layer, .rank, .type, .axis, .size, .unchecked: "warning"
      }
    }
  }

  /// One finding.
  private struct Finding {
    var rule: Rule
    var text: String
    var tensor: TensorName?
    var path: String
    var region: ValidationReport.Location?
    var axis: Int?
  }

  /// Writes the findings of some reports as one run.
  /// - Parameter version: the command's version.
  /// - Throws: what `sink` throws.
  public static func validate(
    _ reports: [ValidationReport],
    version: String,
    to sink: @escaping Sink
  ) throws {
    var writer = JSONWriter(indent: 2) { try sink(VisibleJSON.escaping($0)) }
    try writer.object { writer in
      try writer.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
      try writer.member("version", "2.1.0")
      try writer.member("runs", of: CollectionOfOne(reports)) { reports, writer in
        try writer.object { writer in
          try writer.member("tool") { try $0.member("driver") { try writeDriver(version, to: &$0) } }
          try writer.member("results", of: reports.flatMap(findings)) { finding, writer in
            try writer.object { try write(finding, to: &$0) }
          }
        }
      }
    }
    _ = try writer.finish()
  }

  private static func writeDriver(_ version: String, to writer: inout JSONWriter) throws {
    try writer.member("name", "lacuna")
    try writer.member("semanticVersion", version)
    try writer.member("rules", of: Rule.allCases) { rule, writer in
      try writer.object { writer in
        try writer.member("id", rule.rawValue)
        try writer.member("shortDescription") { try $0.member("text", rule.description) }
        try writer.member("defaultConfiguration") { try $0.member("level", rule.level) }
      }
    }
  }

  /// What there is to say on a model.
  private static func findings(_ report: ValidationReport) -> [Finding] {
    var found: [Finding] = []
    for result in report.tensors {
      let words = FindingWords(result, report.pattern(of: result))
      let rule: Rule
      switch result.status {
      case .violating: rule = result.violatingGroups > 0 ? .pattern : .shortGroups
      case .ineligible:
        guard result.patternHolds, let first = result.eligibility?.obstacles.first else { continue }
        rule = Rule(first.rule)
      case .skipped where result.isUnchecked: rule = .unchecked
      case .compliant, .skipped: continue
      }
      let axis = result.axis?.axes.first
      let name = SafeText.name(result.tensor.name)
      let along = result.runsThroughMemory ? "in memory" : axis.map { "along axis \($0)" } ?? ""
      let intro =
        switch result.status {
        case .ineligible: "\(name) holds \(report.pattern(of: result)) \(along), but is not eligible"
        case .skipped: "\(name) cannot be checked"
        case .compliant, .violating: "\(name) is not \(report.pattern(of: result)) \(along)"
        }
      found.append(
        Finding(
          rule: rule,
          text: "\(intro): \(SafeText.escape(words.sentence))",
          tensor: result.tensor.name,
          path: result.location?.file ?? report.path,
          region: result.location,
          axis: axis
        )
      )
    }
    if report.count(.compliant) + report.count(.violating) == 0 {
      found.append(Finding(rule: .nothingEligible, text: report.verdictWords, path: report.path))
    }
    return found
  }

  private static func write(_ finding: Finding, to writer: inout JSONWriter) throws {
    try writer.member("ruleId", finding.rule.rawValue)
    try writer.member("ruleIndex", Rule.allCases.firstIndex(of: finding.rule))
    try writer.member("level", finding.rule.level)
    try writer.member("message") { try $0.member("text", message(finding.text)) }
    try writer.member("locations", of: CollectionOfOne(finding)) { finding, writer in
      try writer.object { writer in
        try writer.member("physicalLocation") { writer in
          try writer.member("artifactLocation") { try $0.member("uri", uri(finding.path)) }
          try writer.member("region") { writer in
            // Pages that show results leave out those without a line.
            try writer.member("startLine", 1)
            if let region = finding.region {
              try writer.member("byteOffset", region.offset)
              try writer.member("byteLength", region.byteCount)
            }
          }
        }
        guard let tensor = finding.tensor else { return }
        try writer.member("logicalLocations", of: CollectionOfOne(tensor)) { tensor, writer in
          try writer.object { writer in
            try writer.member("fullyQualifiedName", tensor.text)
            try writer.member("kind", "resource")
          }
        }
      }
    }
    let place = [finding.rule.rawValue, finding.axis.map { "\($0)" } ?? "", finding.tensor?.text ?? ""]
    try writer.member("partialFingerprints") { writer in
      try writer.member("tensor/v1", place.joined(separator: ":"))
    }
  }

  /// Text as a message has it: braces are placeholders there and brackets links (SARIF 3.11.5, 3.11.6).
  static func message(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "{": result += "{{"
      case "}": result += "}}"
      case "[", "]", "\\":
        result += "\\"
        result.unicodeScalars.append(character)
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// A path as a reference of RFC 3986: relative ones stay relative, and none looks like a scheme.
  static func uri(_ path: String) -> String {
    let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    let hexadecimal = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = Array((relative.hasPrefix("/") ? "file://" : "").utf8)
    for byte in relative.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "/"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
