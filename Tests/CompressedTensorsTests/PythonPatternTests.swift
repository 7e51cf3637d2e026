import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("Python's patterns")
struct PythonPatternTests {
  /// What the matcher makes of a row, in the words of the table.
  private func outcome(_ pattern: String, _ text: String) -> (word: String, fault: PatternFault?) {
    do throws(PatternFault) {
      let pattern = try PythonPattern(pattern)
      return (try pattern.matchesPrefix(of: text) ? "1" : "0", nil)
    } catch {
      if case .unsupported = error.rule { return ("unsupported", error) }
      return ("error", error)
    }
  }

  /// A field as it was before `make-patterns.py` escaped it.
  private func unescaped(_ field: String) throws -> String {
    var text = String.UnicodeScalarView()
    var rest = field.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "\\" else {
        text.append(scalar)
        continue
      }
      switch rest.popFirst() {
      case "\\": text.append("\\")
      case "t": text.append("\t")
      case "n": text.append("\n")
      default:
        let digits = rest.dropFirst().prefix { $0 != "}" }
        rest = rest.dropFirst(digits.count + 2)
        text.append(try #require(UInt32(String(digits), radix: 16).flatMap(Unicode.Scalar.init), "\(field)"))
      }
    }
    return String(text)
  }

  @Test("Every answer and every refusal is Python's")
  func answersAsPython() throws {
    let rows = try Fixture.table("patterns/python-re.tsv")
    #expect(rows.count > 600)
    for row in rows {
      try #require(row.count == 5, "\(row)")
      let found = outcome(try unescaped(row[0]), try unescaped(row[1]))
      #expect(found.word == row[2], "\(row), found \(found)")
      if let position = Int(row[3]) {
        #expect(found.fault?.offset == position, "\(row), found \(found)")
        #expect(found.fault?.rule.words == (try unescaped(row[4])), "\(row), found \(found)")
      }
    }
  }

  @Test(
    "A pattern that makes Python search forever is answered within a second",
    arguments: [
      "(a+)+b", "(a|a)*b", "(.*)*x", "(a*)*b", "(a|aa)+$b", "(?:(?=a*b)a)*b", "(?:(?!a*b)a)*b",
      "(?:a(?<!baa))*b",
      "(?:(?=(?=(?=a*c)*a*b|a)a)a)*b", "(.*)(.*)(.*)(.*)(.*)b", "(?:a?){50}a{50}b", "(\\w|a|.)*\\d",
    ]
  )
  func answersInTime(pattern: String) throws {
    let text = String(repeating: "a", count: 10_000)
    let clock = ContinuousClock()
    let start = clock.now
    #expect(!(try PythonPattern(pattern).matchesPrefix(of: text)))
    #expect(clock.now - start < .seconds(1))
  }

  /// A pattern and a text at a limit, and the same a step over it.
  struct AtLimit: Sendable, CustomTestStringConvertible {
    var limit: PatternLimit
    var within: (pattern: String, text: String)
    var over: (pattern: String, text: String)
    var testDescription: String { "\(limit)" }

    static func nested(_ open: String, _ count: Int) -> String {
      String(repeating: open, count: count) + "a" + String(repeating: ")", count: count)
    }

    static func letters(_ count: Int) -> String { String(repeating: "a", count: count) }
  }

  static let atLimit: [AtLimit] = [
    AtLimit(limit: .patternLength, within: (AtLimit.letters(4096), ""), over: (AtLimit.letters(4097), "")),
    // A scalar each, though more bytes.
    AtLimit(
      limit: .patternLength,
      within: (String(repeating: "\u{1F600}", count: 4096), ""),
      over: (String(repeating: "\u{1F600}", count: 4097), "")
    ),
    AtLimit(limit: .programLength, within: ("a{19999}", ""), over: ("a{20000}", "")),
    AtLimit(limit: .programLength, within: ("(?=a{9997})a{10000}", ""), over: ("(?=a{9998})a{10000}", "")),
    AtLimit(
      limit: .programLength,
      within: ("(?:a{20}){20}", ""),
      over: ("((a{1,50}){1,50}){1,50}", AtLimit.letters(10_000))
    ),
    AtLimit(
      limit: .programLength,
      within: ("(?:){4294967294}", ""),
      over: ("((((a{4294967294}){4294967294}){4294967294}){4294967294,}){1,4294967294}", "")
    ),
    AtLimit(limit: .nesting, within: (AtLimit.nested("(", 50), ""), over: (AtLimit.nested("(", 51), "")),
    AtLimit(
      limit: .nesting,
      within: (AtLimit.nested("(?!", 50), "b"),
      over: (AtLimit.nested("(?!", 51), "b")
    ),
    AtLimit(
      limit: .nesting,
      within: (AtLimit.nested("(?:|b*|", 50), ""),
      over: (AtLimit.nested("(?:|b*|", 51), "")
    ),
    AtLimit(
      limit: .textLength,
      within: ("b", AtLimit.letters(65_536)),
      over: ("b", AtLimit.letters(65_537))
    ),
    AtLimit(
      limit: .steps,
      within: ("a{255}", AtLimit.letters(65_535)),
      over: ("a{255}", AtLimit.letters(65_536))
    ),
  ]

  @Test("Every limit holds to the step", arguments: atLimit)
  func limitHolds(at limit: AtLimit) throws {
    _ = try PythonPattern(limit.within.pattern).matchesPrefix(of: limit.within.text)
    let fault = #expect(throws: PatternFault.self) {
      _ = try PythonPattern(limit.over.pattern).matchesPrefix(of: limit.over.text)
    }
    #expect(fault?.rule == .exceeds(limit.limit))
  }

  @Test("Every limit has a case at it")
  func limitsAreTested() {
    #expect(Set(Self.atLimit.map(\.limit)) == Set(PatternLimit.allCases))
  }

  @Test(
    "What Python knows and cannot be bounded is refused by name",
    arguments: [
      (#"(a)\1"#, .backreference), ("(?P<n>a)(?P=n)", .backreference), ("(a)?(?(1)b)", .conditional),
      ("(?>a)", .atomicGroup), ("a*+", .possessiveRepeat), (#"\N{DASH}"#, .characterName),
      ("(?t)a", .templateFlag),
    ] as [(String, PatternFault.Construct)]
  )
  func refusesByName(pattern: String, construct: PatternFault.Construct) {
    let fault = #expect(throws: PatternFault.self) { _ = try PythonPattern(pattern) }
    #expect(fault?.rule == .unsupported(construct))
    #expect(fault?.diagnosis.problem.contains("\(construct.rawValue) are not supported") == true)
  }

  @Test("A fault shows the pattern, the rule and the place, and cuts a long pattern")
  func faultTells() {
    let short = #expect(throws: PatternFault.self) { _ = try PythonPattern("ab**") }
    #expect(short?.diagnosis.problem == "pattern \"ab**\": multiple repeat at position 3")
    #expect(short?.diagnosis.kind == .badData)
    let long = #expect(throws: PatternFault.self) { _ = try PythonPattern(AtLimit.letters(500) + "(") }
    let shown = AtLimit.letters(80) + "..."
    #expect(
      long?.diagnosis.problem
        == "pattern \"\(shown)\": missing ), unterminated subpattern at position 500"
    )
  }

  @Test("No bytes as a pattern trap")
  func anyBytesAsPattern() throws {
    let special = Array("()[]{}*+?|^$\\.,-:=!<>Pimsxa#01dwbBAZuU{(?:)}".utf8)
    try withSeed { generator in
      var counts: [String: Int] = [:]
      for round in 0..<10_000 {
        var bytes = generator.bytes(Int.random(in: 0...24, using: &generator))
        // Every second one of characters that mean something.
        if round.isMultiple(of: 2) { bytes = bytes.map { special[Int($0) % special.count] } }
        let text = String(decoding: generator.bytes(Int.random(in: 0...12, using: &generator)), as: UTF8.self)
        counts[outcome(String(decoding: bytes, as: UTF8.self), text).word, default: 0] += 1
      }
      // Answers and refusals alike, or the bytes do not reach what they should.
      for word in ["0", "1", "error", "unsupported"] {
        try #require(counts[word, default: 0] > 10, "\(counts)")
      }
    }
  }
}
