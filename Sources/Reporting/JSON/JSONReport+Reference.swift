internal import Inspection
internal import ModelIR
internal import StrictJSON

extension JSONReport {
  /// Writes where a tensor's zeros come from.
  static func write(_ origins: ZeroOrigins, to writer: inout JSONWriter) throws {
    try writer.object { try members(of: origins, to: &$0) }
  }

  /// Writes what a model was compared with: sums over its weight matrices, and what was not compared.
  static func write(_ reference: ReferenceReport, of report: ModelReport, to writer: inout JSONWriter) throws
  {
    let matrices = report.matrixOrigins
    try writer.object { writer in
      try writer.member("path", reference.path)
      try writer.member("matrices") { writer in
        try writer.member("tensors", matrices.tensors)
        try members(of: matrices.origins, to: &writer)
      }
      try writer.member("unknown_steps", of: reference.unknownSteps) { try $1.value($0) }
      try writer.member("not_compared", of: reference.omissions) { omission, writer in
        try writer.object { writer in
          try writer.member("name", omission.name.text)
          try writer.member("reason", omission.reason)
        }
      }
    }
  }

  private static func members(of origins: ZeroOrigins, to writer: inout JSONWriter) throws {
    try writer.member("elements", origins.elements)
    try writer.member("zeros", origins.zeros)
    try writer.member("reference_zeros", origins.referenceZeros)
    try writer.member("zero_before", origins.before)
    try writer.member("by_rounding", origins.rounded)
    try writer.member("neither", origins.neither)
    try writer.member("unexplained", origins.unexplained)
    try writer.member("regrown", origins.regrown)
  }
}
