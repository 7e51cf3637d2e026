import Inspection
import ModelIR
import Reporting
import Testing

@Suite("Inspections in Markdown")
struct MarkdownInspectionTests {
  private func lines(_ report: ModelReport, _ options: InspectionOptions = InspectionOptions()) throws
    -> [String]
  {
    let collector = Collector()
    try MarkdownReport.inspect(report, options: options, to: collector.take)
    return collector.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("give the share of zeros twice, a row for each group, and what needs a look")
  func llama() throws {
    let lines = try lines(Synthetic.llama())
    #expect(lines[0] == "### Sparsity of `Llama-8B-pruned-2of4`")
    #expect(lines.contains { $0.hasPrefix("| zeros in weight matrices | ") })
    #expect(lines.contains { $0.hasPrefix("| zeros in all parameters | ") })
    #expect(lines.contains("| shared pattern | 2:4 in 223 of 224 weight matrices |"))
    #expect(
      lines.contains {
        $0.contains("`model.layers.*.mlp.gate_proj.weight` | 32 |") && $0.contains("2:4 in 31 of 32")
      }
    )
    #expect(
      lines.contains { $0.hasPrefix("- `model.layers.17.mlp.gate_proj.weight`: 0.0% zeros, not 2:4: ") }
    )
  }

  @Test("of headers alone have no zeros")
  func headers() throws {
    let lines = try lines(Synthetic.llama(readValues: false))
    #expect(!lines.contains { $0.contains("zeros") })
    #expect(lines.contains("Values were not read."))
  }

  @Test("keep to their limit and say how many rows are left out")
  func limit() throws {
    var options = InspectionOptions(limit: 3)
    let folded = try lines(Synthetic.llama(), options)
    #expect(folded.filter { $0.hasPrefix("| `") }.count == 3)
    #expect(folded.contains("and 9 rows more"))
    options = InspectionOptions(showsEveryTensor: true)
    let all = try lines(Synthetic.llama(), options)
    #expect(all.filter { $0.hasPrefix("| `") }.count == 100)
    #expect(all.contains("and 191 tensors more"))
  }

  @Test("leave hostile names no way out of their cells", arguments: Hostile.names)
  func hostile(_ name: String) throws {
    let report = Synthetic.model([try Synthetic.report(name, .float32, [4, 4], zeros: 0.5)], path: name)
    for line in try lines(report) {
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E || $0.value == 0x2028 })
      // Rows have as many cells as their heads, whatever stands in them.
      if line.hasPrefix("| `") {
        #expect(line.replacing("\\|", with: "").filter { $0 == "|" }.count == 9)
      }
    }
  }
}
