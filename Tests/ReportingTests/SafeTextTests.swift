import ModelIR
import Reporting
import Testing

@Suite("Strings from files")
struct SafeTextTests {
  @Test(
    "What steers, hides or reorders is spelled out",
    arguments: [
      ("model.layers.0.weight", "model.layers.0.weight"),
      ("", ""),
      ("a b", "a b"),
      (" a ", "\\u{20}a\\u{20}"),
      ("a\nb\tc\r", "a\\u{A}b\\u{9}c\\u{D}"),
      ("\u{1B}[31mred", "\\u{1B}[31mred"),
      ("a\u{9B}31m", "a\\u{9B}31m"),
      ("\u{7F}\u{0}", "\\u{7F}\\u{0}"),
      ("a\u{202E}b\u{2066}c\u{200F}d\u{61C}", "a\\u{202E}b\\u{2066}c\\u{200F}d\\u{61C}"),
      ("a\u{200B}b\u{200D}c\u{FEFF}d\u{2060}", "a\\u{200B}b\\u{200D}c\\u{FEFF}d\\u{2060}"),
      ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
      ("\u{E000}\u{10FFFF}\u{FFFE}\u{378}", "\\u{E000}\\u{10FFFF}\\u{FFFE}\\u{378}"),
      ("a\u{A0}b\u{3000}c\u{AD}", "a\\u{A0}b\\u{3000}c\\u{AD}"),
      ("\\u{A}", "\\\\u{A}"),
      ("é 重み ß", "é 重み ß"),
      ("e\u{301}", "e\u{301}"),
      ("\u{301}e", "\\u{301}e"),
      ("e\u{301}\u{301}\u{301}\u{301}", "e\u{301}\u{301}\u{301}\\u{301}"),
      ("\u{E0041}\u{FE0F}", "\\u{E0041}\\u{FE0F}"),
    ]
  )
  func escapes(text: String, shown: String) {
    #expect(Array(SafeText.escape(text).unicodeScalars) == Array(shown.unicodeScalars))
  }

  @Test("No two names are spelled alike")
  func spellsApart() {
    let names = Hostile.names + ["", "\\u{}", "\\", "\\\\", "\n", "\\n", "\\u{A}", "\u{20}", "\\u{20}"]
    // As tensor names they are compared by bytes, not by canonical equivalence.
    let shown = names.map { TensorName(SafeText.name(TensorName($0))) }
    #expect(Set(shown).count == Set(names.map { TensorName($0) }).count)
  }

  @Test("Everything beyond ASCII is spelled out where only ASCII may be used")
  func staysASCII() {
    for name in Hostile.names {
      #expect(SafeText.escape(name, asciiOnly: true).utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }
  }

  @Test(
    "A long text is cut in its middle",
    arguments: [
      (20, "model.layers.7.wei", "model.layers.7.wei"), (11, "model.very.long.weight", "model…eight"),
      (2, "abcdef", "a…"), (1, "abcdef", "…"), (0, "abcdef", ""), (7, "\n\n\n\n", "\\u{A}…"),
      (11, "重み重み重み重み重み", "重み重…重み"),
    ]
  )
  func cutsTheMiddle(cells: Int, text: String, shown: String) {
    #expect(SafeText.escape(text, cells: cells) == shown)
  }

  @Test("A cut text never takes more cells than it has", arguments: 0...90)
  func fits(cells: Int) {
    for name in Hostile.names {
      for asciiOnly in [false, true] {
        let shown = SafeText.escape(name, cells: cells, asciiOnly: asciiOnly)
        #expect(DisplayWidth.cells(of: shown) <= cells, "\(SafeText.escape(name)) in \(cells)")
        #expect(!shown.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
      }
    }
  }

  @Test("A diagnosis is one line whatever its strings are")
  func oneLine() {
    for name in Hostile.names {
      let diagnosis = Diagnosis(
        .badData,
        file: name,
        tensor: TensorName(name),
        name,
        expected: name,
        offset: 7
      )
      #expect(!diagnosis.line.unicodeScalars.contains { $0.value < 0x20 })
      #expect(diagnosis.line.hasSuffix("[byte 7]"))
    }
  }

  @Test("A diagnosis says where, what, what would be right, and the byte")
  func diagnosisForm() {
    let diagnosis = Diagnosis(
      .badData,
      file: "a.safetensors",
      tensor: "w",
      "is short",
      expected: "8 bytes",
      offset: 12
    )
    #expect(diagnosis.line == "a.safetensors: w: is short (8 bytes) [byte 12]")
  }
}

@Suite("Display width")
struct DisplayWidthTests {
  @Test(
    "Cells are counted, not characters",
    arguments: [
      ("abc", 3), ("", 0), ("é", 1), ("e\u{301}", 1), ("重み", 4), ("한글", 4), ("ｗ", 2), ("😀", 2), ("🇫🇷", 2),
      ("─█▌", 3), ("×·…", 3), ("\u{200B}", 0), ("ｱ", 1), ("\u{1100}\u{1161}", 2),
    ]
  )
  func counts(text: String, cells: Int) {
    #expect(DisplayWidth.cells(of: text) == cells)
  }
}
