public import Inspection
internal import ModelIR
internal import StrictJSON

extension JSONReport {
  /// Writes a `lacuna.validate/1` document on one model or several that were checked alike.
  /// - Precondition: there is a report, and all have the same pattern.
  /// - Throws: what `sink` throws.
  public static func validate(_ reports: [ValidationReport], to sink: @escaping Sink) throws {
    guard let first = reports.first, reports.allSatisfy({ $0.pattern == first.pattern }) else {
      preconditionFailure("reports on one pattern")
    }
    try document("lacuna.validate/1", to: sink) { writer in
      try writer.member("pattern", first.pattern.description)
      try writer.member("profile", first.profile?.name.rawValue)
      try writer.member("tail", first.tail.rawValue)
      try writer.member("compliant", reports.allSatisfy(\.isCompliant))
      try writer.member("models", of: reports) { report, writer in
        try writer.object { writer in
          try writer.member("path", report.path)
          try writer.member("compliant", report.isCompliant)
          try writer.member("compliant_tensors", report.count(.compliant))
          try writer.member("violating_tensors", report.count(.violating))
          try writer.member("ineligible_tensors", report.count(.ineligible))
          try writer.member("skipped_tensors", report.count(.skipped))
          try writer.member("warnings", report.warnings)
        }
      }
      writer.key("tensors")
      try writer.array { writer in
        for (index, report) in reports.enumerated() {
          for result in report.tensors {
            try writer.object { try write(result, report.pattern(of: result), model: index, to: &$0) }
          }
        }
      }
    }
  }

  private static func write(
    _ result: ValidationReport.TensorResult,
    _ pattern: NMPattern,
    model: Int,
    to writer: inout JSONWriter
  ) throws {
    let isChecked = result.status != .skipped
    try writer.member("model", model)
    try writer.member("name", result.tensor.name.text)
    try writer.member("status", result.status.rawValue)
    try writer.member("reason", result.reason)
    try writer.member("pattern", pattern.description)
    try write(result.eligibility, to: &writer)
    let sharesUnits = result.tensor.quantization?.packing != nil
    try writer.member("dtype", (sharesUnits ? result.tensor.counted : result.tensor).elementType.name)
    try writer.member("code_type", sharesUnits ? result.tensor.typeName : nil)
    try writer.member("shape", result.tensor.logicalShape)
    try writer.member(axis: result.axis)
    try writer.member(uses: result.tensor.uses)
    try writer.member("groups", isChecked ? result.groups : nil)
    try writer.member("ragged_groups", isChecked ? result.raggedGroups : nil)
    try writer.member("violating_groups", isChecked ? result.violatingGroups : nil)
    writer.key("histogram")
    if isChecked {
      try writer.array { writer in
        for count in result.histogram { try writer.value(count) }
      }
    } else {
      try writer.null()
    }
    try writer.member("first_violations", of: result.firstViolations) { violation, writer in
      try writer.object { writer in
        try writer.member("row", violation.row)
        try writer.member("group", violation.group)
        try writer.member("first_index", violation.firstIndex)
        try writer.member("place", of: result.place(of: violation)) { try $1.value($0) }
        try writer.member("nonzeros", violation.nonzeros)
        try writer.member("values", of: violation.values) { try write(value: $0, to: &$1) }
      }
    }
    try writeDetails(of: result, to: &writer)
  }

  /// Writes what a runtime says of a tensor.
  private static func write(_ eligibility: Eligibility?, to writer: inout JSONWriter) throws {
    writer.key("eligible")
    guard let eligibility else {
      try writer.null()
      return
    }
    try writer.value(eligibility.isEligible)
    try writer.member("obstacles", of: eligibility.obstacles) { obstacle, writer in
      try writer.object { writer in
        try writer.member("rule", obstacle.rule.rawValue)
        try writer.member("problem", obstacle.problem)
        try writer.member("remedy", obstacle.remedy)
      }
    }
  }

  /// Writes what was found out about a tensor besides its groups.
  private static func writeDetails(
    of result: ValidationReport.TensorResult,
    to writer: inout JSONWriter
  ) throws {
    writer.key("removed")
    if let removed = result.removed {
      try writer.object { writer in
        try writer.member("l1", removed.first)
        try writer.member("l2", removed.second)
      }
    } else {
      try writer.null()
    }
    try writer.member("other_axes", of: result.otherAxes) { other, writer in
      try writer.object { writer in
        try writer.member("axes", of: other.axes) { try $1.value($0) }
        try writer.member("groups", other.groups)
        try writer.member("violating_groups", other.violatingGroups)
        try writer.member("compliant", other.holds)
      }
    }
    try write(result.columnOrder, to: &writer)
    try writer.member("remarks", of: result.remarks) { try $1.value($0) }
    writer.key("location")
    guard let location = result.location else { return try writer.null() }
    try writer.object { writer in
      try writer.member("file", location.file)
      try writer.member("offset", location.offset)
      try writer.member("bytes", location.byteCount)
    }
  }

  /// Writes what a search for an order found.
  private static func write(_ order: ColumnOrder?, to writer: inout JSONWriter) throws {
    writer.key("order")
    guard let order else { return try writer.null() }
    try writer.object { writer in
      switch order {
      case .found(let groups):
        try writer.member("outcome", "found")
        try writer.member("groups", of: groups) { group, writer in
          try writer.array { writer in
            for place in group { try writer.value(place) }
          }
        }
      case .impossible(let row, let nonzeros, let most):
        try writer.member("outcome", "impossible")
        try writer.member("row", row)
        try writer.member("nonzeros", nonzeros)
        try writer.member("most", most)
      case .notFound: try writer.member("outcome", "not found")
      case .skipped(let reason):
        try writer.member("outcome", "skipped")
        try writer.member("reason", reason)
      }
    }
  }

  /// Writes a number where double precision gives its digits back, else its text.
  private static func write(value text: String, to writer: inout JSONWriter) throws {
    guard let number = Double(text), number.isFinite, abs(number) <= 0x1p53 else {
      return try writer.value(text)
    }
    try writer.value(number)
  }
}
