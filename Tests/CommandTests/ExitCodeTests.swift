import TestSupport
import Testing

@Suite("Exit codes")
struct ExitCodeTests {
  let temporary: TemporaryFolder

  /// `m` is a model, `s` the same with `w` sparse, `other` another one, `bad` is broken.
  init() throws {
    temporary = try TemporaryFolder()
    let ones: [UInt8] = [1, 0, 1, 0, 0, 1, 0, 1]
    try temporary.write(
      SafetensorsBuilder([.init("w", "U8", [2, 4], ones), .init("ids", "I64", [1], ones)]).bytes,
      to: "m"
    )
    try temporary.write(
      SafetensorsBuilder([.init("w", "U8", [2, 4], [UInt8](repeating: 1, count: 8))]).bytes,
      to: "other"
    )
    try temporary.write(SafetensorsBuilder(header: "{", data: []).bytes, to: "bad")
    try temporary.write("x", to: "taken")
    try temporary.createFolder("folder")
    try temporary.link("link", to: temporary.path("m"))
  }

  @Test(
    "each way to end has its code, and every error is one line that starts with the name",
    arguments: [
      (0, "inspect m"), (0, "inspect --headers-only m"), (0, "validate --pattern 2:4 m"),
      (1, "validate --pattern 1:4 m"),
      (1, "validate --pattern 2:4 --tensors nothing* --exclude w other"), (0, "verify m"), (0, "diff m m"),
      (1, "diff m other"), (0, "convert m new"), (0, "convert m new --dry-run"), (0, "--version"),
      (0, "--help"),
      (64, "frobnicate"), (64, "convert m"), (64, "validate m"), (64, "validate --pattern 4:2 m"),
      (64, "validate --pattern 1:64 m"), (64, "convert m new --layout coo"), (64, "inspect --threads 0 m"),
      (64, "inspect --json --plain m"), (64, "inspect --headers-only --histogram m"),
      (0, "inspect --histogram m"), (64, "inspect --tensors nothing m"), (65, "inspect bad"),
      (65, "verify bad"),
      (65, "convert bad new"), (65, "diff m bad"), (65, "inspect /dev/null"), (66, "inspect nothing"),
      (66, "inspect folder"),
      (66, "convert nothing new"), (73, "convert m taken"), (73, "convert m m --force"),
      (73, "convert m ./m --force"),
      (73, "convert m link --force"), (73, "convert m folder/none/new"), (73, "convert m folder --force"),
      (0, "convert m taken --force"), (65, "convert m new --layout bitmask --strict"),
    ] as [(Int32, String)]
  )
  func code(_ code: Int32, _ line: String) throws {
    var code = code
    // A selection without any tensor is a mistake of the caller's.
    if line.contains("nothing*") { code = 64 }
    let result = try LacunaProcess.run(line.split(separator: " ").map(String.init), in: temporary.path)
    #expect(result.code == code, "\(result.errors)")
    if code >= 65 {
      #expect(result.errors.hasPrefix("lacuna: "))
      #expect(result.errors.filter { $0 == "\n" }.count == 1, "\(result.errors)")
      #expect(try !temporary.entries().contains("new"))
    }
    if code <= 1 { #expect(result.errors.isEmpty, "\(result.errors)") }
    #expect(try temporary.entries().allSatisfy { !$0.hasPrefix(".") })
  }

  @Test(
    "what becomes of standard output decides too",
    arguments: [
      ("$L inspect m > /dev/full", 74), ("$L inspect m >&-", 74), ("$L --help > /dev/full", 74),
      ("$L inspect m | true; exit ${PIPESTATUS[0]}", 0), ("$L inspect m < /dev/null 2>&-", 0),
    ] as [(String, Int32)]
  )
  func streams(_ line: String, _ code: Int32) throws {
    #expect(try LacunaProcess.run(shell: line, in: temporary.path).code == code)
  }

  @Test("an output is written in full though standard output was closed from the start")
  func closedStandardOutput() throws {
    let result = try LacunaProcess.run(shell: "$L convert m new >&-", in: temporary.path)
    #expect(result.code == 74)
    #expect(try temporary.read("new") == temporary.read("m"))
  }

  @Test(
    "a name from a file never steers the terminal",
    arguments: ["inspect", "inspect --plain", "verify", "validate --pattern 2:4"]
  )
  func escaping(_ command: String) throws {
    let name = #"a\u001b]8;;http:\u0007x\u202e\u200b\nb"#
    let hostile = SafetensorsBuilder(
      header: "{\"\(name)\":{\"dtype\":\"U8\",\"shape\":[1,1],\"data_offsets\":[0,1]}}",
      data: [1]
    )
    try temporary.write(hostile.bytes, to: "hostile")
    let result = try LacunaProcess.run(
      command.split(separator: " ").map(String.init) + ["hostile"],
      in: temporary.path
    )
    let bad = result.output.unicodeScalars.filter {
      ($0.value < 0x20 && $0 != "\n" && $0 != "\t") || $0.value == 0x202E || $0.value == 0x200B
        || $0.value == 0x1B
    }
    #expect(bad.isEmpty)
    if command != "verify" { #expect(result.output.contains("u{1B}")) }
  }

  @Test("kernels can be forced, all of them write the same bytes, and an unknown set is refused")
  func kernels() throws {
    for set in ["scalar", "avx2", "avx512"] {
      let result = try LacunaProcess.run(
        ["convert", "m", "\(set).out", "--layout", "bitmask"],
        in: temporary.path,
        environment: ["LACUNA_KERNELS": set]
      )
      // Usage: the machine lacks the set.
      if result.code == 64 { continue }
      #expect(result.code == 0)
      #expect(try temporary.read("\(set).out") == temporary.read("scalar.out"))
    }
    let unknown = try LacunaProcess.run(
      ["inspect", "m"],
      in: temporary.path,
      environment: ["LACUNA_KERNELS": "x"]
    )
    #expect(unknown.code == 64)
  }

  @Test("colour and cursor movement stay out of a pipe")
  func plainPipes() throws {
    let result = try LacunaProcess.run(["inspect", "m"], in: temporary.path)
    #expect(!result.output.contains("\u{1B}"))
    #expect(try LacunaProcess.run(["inspect", "--color", "always", "m"], in: temporary.path).code == 0)
  }
}
