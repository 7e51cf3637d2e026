/// All figures as JSON. A writer of its own, as Foundation would make the process, and with it the peaks that
/// are measured, several times as large.
indirect enum JSONResult {
  case text(String)
  case number(Double)
  case whole(Int)
  case flag(Bool)
  case null
  case list([JSONResult])
  case object([(String, JSONResult)])

  /// The document.
  static func text(_ rows: [Row], _ setting: Setting) -> String {
    let machine = setting.machine
    var output = ""
    JSONResult.object([
      (
        "machine",
        .object([
          ("processor", .text(machine.processor)), ("cores", .whole(machine.cores)),
          ("memoryBytes", .whole(machine.memoryBytes)), ("system", .text(machine.system)),
          ("kernelSet", .text(machine.kernelSet)), ("loadBefore", .number(machine.load)),
        ])
      ),
      ("dataBytes", .whole(setting.dataBytes)),
      ("bufferBytes", .whole(setting.bufferBytes)),
      ("quick", .flag(setting.isQuick)),
      ("rows", .list(rows.map(row))),
    ]).write(to: &output, indent: 0)
    return output + "\n"
  }

  private static func row(_ row: Row) -> JSONResult {
    let baseline: JSONResult =
      row.baseline.map {
        .object([("name", .text($0.name)), ("value", .number($0.value)), ("ratio", .number($0.ratio))])
      } ?? .null
    let bar: JSONResult =
      switch row.bar {
      case nil: .null
      case .ratioAtLeast(let limit): .object([("ratioAtLeast", .number(limit))])
      case .ratioAtMost(let limit): .object([("ratioAtMost", .number(limit))])
      case .valueAtLeast(let limit): .object([("valueAtLeast", .number(limit))])
      case .valueAtMost(let limit): .object([("valueAtMost", .number(limit))])
      }
    return .object([
      ("group", .text(row.group.rawValue)), ("name", .text(row.name)), ("unit", .text(row.unit.rawValue)),
      ("value", .number(row.value)), ("baseline", baseline), ("bar", bar),
      ("met", row.isMet.map(JSONResult.flag) ?? .null),
      ("peakBytes", row.peakBytes.map(JSONResult.whole) ?? .null),
      ("seconds", .list(row.seconds.map(JSONResult.number))),
    ])
  }

  private func write(to output: inout String, indent: Int) {
    switch self {
    case .text(let text): output += Self.quoted(text)
    case .number(let number): output += number.isFinite ? "\(number)" : "null"
    case .whole(let number): output += "\(number)"
    case .flag(let flag): output += "\(flag)"
    case .null: output += "null"
    case .list(let items):
      Self.write(items.map { (nil, $0) }, between: ("[", "]"), to: &output, indent: indent)
    case .object(let members):
      Self.write(members.map { ($0.0, $0.1) }, between: ("{", "}"), to: &output, indent: indent)
    }
  }

  private static func write(
    _ items: [(key: String?, value: JSONResult)],
    between marks: (String, String),
    to output: inout String,
    indent: Int
  ) {
    output += marks.0
    for (place, item) in items.enumerated() {
      output += (place == 0 ? "\n" : ",\n") + String(repeating: " ", count: indent + 2)
      if let key = item.key { output += quoted(key) + ": " }
      item.value.write(to: &output, indent: indent + 2)
    }
    if !items.isEmpty { output += "\n" + String(repeating: " ", count: indent) }
    output += marks.1
  }

  private static func quoted(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "\"") { result, scalar in
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    } + "\""
  }
}
