/// The table, printed row by row as it comes; 100 columns wide.
struct ResultTable {
  private static let nameWidth = 42
  private static let widths = [10, 10, 6, 9, 5, 6]

  /// Prints what was measured, and where.
  init(_ setting: Setting) {
    let machine = setting.machine
    print(
      "\(machine.processor), \(machine.cores) cores, \(machine.memoryBytes >> 30) GiB, kernels \(machine.kernelSet)"
    )
    print("\(setting.dataBytes / 1_000_000) MB of dense data, scratch \(setting.scratch.path)")
    print("load \(Decimal.text(machine.load, places: 1)) before the run; the bars are for an idle machine")
  }

  /// Prints a group's heading.
  func begin(_ group: Group) {
    print("\n\(group.heading)")
    line("", ["measured", "baseline", "ratio", "bar", "", "peak"])
  }

  /// Prints a row.
  func add(_ row: Row) {
    let unit = row.unit.rawValue
    line(
      row.name,
      [
        "\(Self.figure(row.value, row.unit)) \(unit)",
        row.baseline.map { "\(Self.figure($0.value, row.unit)) \(unit)" } ?? "",
        row.baseline.map { Decimal.text($0.ratio, places: 2) } ?? "",
        row.bar?.text(row.unit) ?? "",
        row.isMet.map { $0 ? "ok" : "BELOW" } ?? "",
        row.peakBytes.map { "\(Decimal.text(Double($0) / 1e6, places: 0)) MB" } ?? "",
      ]
    )
  }

  /// Shares are told apart by their fourth digit.
  private static func figure(_ value: Double, _ unit: Unit) -> String {
    unit == .share ? Decimal.text(value, places: 4) : Decimal.figure(value)
  }

  /// Prints how many bars were met, group by group.
  func finish(_ rows: [Row]) {
    print("\nbars met")
    for group in Group.allCases {
      let judged = rows.filter { $0.group == group }.compactMap(\.isMet)
      if !judged.isEmpty {
        line("  \(group.rawValue)", ["\(judged.filter(\.self).count) of \(judged.count)"])
      }
    }
    let judged = rows.compactMap(\.isMet)
    line("  all", ["\(judged.filter(\.self).count) of \(judged.count)"])
  }

  private func line(_ name: String, _ columns: [String]) {
    var text = name + String(repeating: " ", count: max(0, Self.nameWidth - name.count))
    for (column, width) in zip(columns, Self.widths) {
      text += "  " + String(repeating: " ", count: max(0, width - column.count)) + column
    }
    print(text.trimmingSuffix(" "))
  }
}

extension String {
  /// The text without these characters at its end.
  fileprivate func trimmingSuffix(_ character: Character) -> Substring {
    var end = endIndex
    while end > startIndex, self[index(before: end)] == character { end = index(before: end) }
    return self[..<end]
  }
}
