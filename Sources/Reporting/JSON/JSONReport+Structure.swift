internal import Inspection
internal import ModelIR
internal import SparseCoding
internal import StrictJSON

/// What an inspection says beyond single tensors: groups of repeated layers, experts, heads, advice.
extension JSONReport {
  /// Writes what is known of the architecture, the experts, and what deserves a look.
  static func writeStructure(of report: ModelReport, to writer: inout JSONWriter) throws {
    let facts = report.architecture
    try writer.member("architecture") { writer in
      try writer.member("name", facts.name)
      try writer.member("hidden_size", facts.hiddenSize)
      try writer.member("heads", facts.headCount)
      try writer.member("key_value_heads", facts.keyValueHeadCount)
      try writer.member("head_dimension", facts.headExtent)
      try writer.member("experts", facts.expertCount)
    }
    try writer.member("experts", of: report.experts) { layer, writer in
      try writer.object { writer in
        try writer.member("layer", layer.name)
        try writer.member("present", layer.present)
        try writer.member("empty", layer.empty)
        try writer.member("routed", layer.routed)
        try writer.member("expected", layer.expected)
      }
    }
    try writer.member("advice", of: report.advice) { advice, writer in
      try writer.object { writer in
        try writer.member("rule", advice.rule.rawValue)
        try writer.member("subject", advice.subject)
        try writer.member("words", advice.words)
        try writer.member("sparsity", advice.sparsity)
        try writer.member("usual_sparsity", advice.usual)
        try writer.member("pattern", advice.pattern?.description)
        try writer.member("groups", advice.violations?.groups)
        try writer.member("violating_groups", advice.violations?.violating)
        try writer.member("axes", of: advice.axes) { try $1.value($0) }
        try writer.member("tensors", of: advice.tensors) { try $1.value($0.text) }
      }
    }
  }

  /// Writes repeated layers together.
  static func writeGroups(of report: ModelReport, to writer: inout JSONWriter) throws {
    let groups = GroupedTensors(folding: report.tensors).groups
    try writer.member("groups", of: groups) { group, writer in
      try writer.object { writer in
        try writer.member("name", FoldedName.text(group.name))
        try writer.member("dtype", group.typeName)
        try writer.member("tensors", group.count)
        try writer.member("bytes", group.storedBytes)
        let isCounted = group.counted > 0
        try writer.member("elements", isCounted ? group.elements : nil)
        try writer.member("zeros", isCounted ? group.zeros : nil)
        try writer.member("sparsity", isCounted ? group.sparsity : nil)
        try writer.member("best_bytes", group.counted == group.count ? group.bestBytes : nil)
        writer.key("compliant")
        try writer.object { writer in
          for (pattern, count) in zip(NMPattern.common, group.compliant) {
            try writer.member(pattern.description, count)
          }
        }
      }
    }
  }

  /// Writes how the nonzeros of a weight are spread over heads, or null where that is not told.
  static func write(_ found: HeadDensities?, to writer: inout JSONWriter) throws {
    guard let found else { return try writer.null() }
    try writer.object { writer in
      try writer.member("axis", found.heads.axis)
      try writer.member("dimension", found.heads.extent)
      try writer.member("count", found.heads.count)
      try writer.member("expected", found.heads.expected)
      try writer.member("elements", found.elements)
      try writer.member("fewest", found.fewest)
      try writer.member("most", found.most)
      try writer.member("empty", of: found.empty) { try $1.value($0) }
    }
  }
}
