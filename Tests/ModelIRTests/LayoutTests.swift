import ModelIR
import Testing

@Suite("Layout")
struct LayoutTests {
  static let named: [(layout: Layout?, name: String)] = [
    (.dense, "dense"), (.bitmask, "bitmask"), (.csr, "csr"),
    (NMPattern(kept: 2, group: 4).map(Layout.nm), "nm:2:4"),
    (NMPattern(kept: 31, group: 32).map(Layout.nm), "nm:31:32"),
  ]

  @Test("A layout reads what it writes", arguments: named)
  func description(layout: Layout?, name: String) throws {
    #expect(try #require(layout).description == name)
    #expect(Layout(name) == layout)
  }

  @Test(
    "Other names are refused",
    arguments: [
      "", "Dense", "dense ", "coo", "nm", "nm:", "nm:2", "nm:4:2", "nm:2:4:", "nm:nm:2:4", "2:4", "NM:2:4",
      "nm:2:64",
    ]
  )
  func badName(name: String) {
    #expect(Layout(name) == nil)
  }
}
