import TestSupport
import Testing

@Suite("Hostile files on the command line")
struct HostileInputTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  /// The files, with what is expected of them: `accept` or the name of the broken rule.
  static func files() throws -> [(String, String)] {
    try Fixture.table("hostile/safetensors/EXPECTED.tsv").filter { $0.count >= 2 && !$0[0].hasPrefix("#") }
      .map { ($0[0], $0[1]) }
  }

  @Test("each is read, or refused with 65 and one line, by every command and without any output")
  func all() throws {
    let files = try Self.files()
    #expect(files.count > 40)
    for (file, verdict) in files {
      let path = Fixture.path("hostile/safetensors/\(file)")
      for command in [["inspect", path], ["verify", path], ["convert", path, "out", "--layout", "auto"]] {
        let result = try LacunaProcess.run(command, in: temporary.path)
        #expect(result.code == (verdict == "accept" ? 0 : 65), "\(file) \(command[0]): \(result.errors)")
        if verdict != "accept" {
          #expect(result.errors.filter { $0 == "\n" }.count == 1)
          #expect(result.output.isEmpty)
          #expect(try temporary.entries().isEmpty)
        } else if command[0] == "convert" {
          try temporary.remove("out")
        }
      }
    }
  }

  /// A header with this text, and nothing behind it.
  func write(_ header: [UInt8], to name: String) throws {
    try temporary.write(SafetensorsBuilder(header: header).bytes, to: name)
  }

  @Test("a header of blanks as long as the format allows, and a million keys, take little memory")
  func bounded() throws {
    try write(Array("{".utf8) + [UInt8](repeating: 0x20, count: 99_999_998) + Array("}".utf8), to: "blanks")
    var keys = Array("{\"__metadata__\":{\"k\":\"v\"".utf8)
    for number in 0..<1_000_000 { keys += ",\"k\(number)\":\"v\"".utf8 }
    try write(keys + Array("}}".utf8), to: "keys")
    for name in ["blanks", "keys"] {
      // The bound is checked by the kernel: more address space than this cannot be had.
      let result = try LacunaProcess.run(
        shell: "ulimit -v 4000000; $L inspect --headers-only \(name)",
        in: temporary.path
      )
      #expect(result.code == 0, "\(name): \(result.errors)")
    }
  }

  @Test(
    "an index that names shards outside its folder is refused",
    arguments: ["../m", "/etc/passwd", "a/../../b", "x\\\\y", ""]
  )
  func paths(_ name: String) throws {
    try temporary.write("{\"weight_map\":{\"a\":\"\(name)\"}}", to: "model.safetensors.index.json")
    #expect(try LacunaProcess.run(["inspect", "."], in: temporary.path).code == 65)
  }

  @Test("every disagreement of an index with its shards is named, and verify answers no")
  func index() throws {
    try temporary.write(
      SafetensorsBuilder([.init("a", "U8", [1], [1]), .init("x", "U8", [1], [1])]).bytes,
      to: "1.safetensors"
    )
    try temporary.write(
      SafetensorsBuilder([.init("b", "U8", [1], [1]), .init("a", "U8", [1], [1])]).bytes,
      to: "2.safetensors"
    )
    try temporary.write(
      #"{"metadata":{"total_size":9},"weight_map":{"a":"1.safetensors","b":"1.safetensors","c":"2.safetensors","d":"3.safetensors"}}"#,
      to: "model.safetensors.index.json"
    )
    let result = try LacunaProcess.run(["convert", ".", "out"], in: temporary.path)
    #expect(result.code == 65)
    // x unlisted, b in another shard, a in two, c nowhere, shard 3 not there.
    #expect(result.errors.filter { $0 == "\n" }.count == 5, "\(result.errors)")
    #expect(try !temporary.entries().contains("out"))
    #expect(try LacunaProcess.run(["verify", "."], in: temporary.path).code == 1)
  }
}
