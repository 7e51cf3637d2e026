import TestSupport
import Testing

@Suite("GGUF on the command line")
struct GGUFCommandTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  /// The hostile files, with what the header's reader says of each: `accept` or the name of the broken rule.
  static func files() throws -> [(file: String, isAccepted: Bool)] {
    // Headers that are right by themselves, of a shard without the others and of a shape beyond 64 bits.
    let others = ["g101_split_count.gguf", "g064_zero_then_huge.gguf"]
    return try Fixture.table("hostile/gguf/EXPECTED.tsv").filter { $0.count >= 2 }
      .map { ($0[0], $0[1] == "accept" && !others.contains($0[0])) }
  }

  /// Files whose structure is right and whose blocks are not.
  static let invalidBlocks = ["g100_f16_nan_scale.gguf"]

  @Test("each hostile file is read, or refused with 65, in one line and at once")
  func hostile() throws {
    let files = try Self.files()
    #expect(files.count > 40)
    for (file, isAccepted) in files {
      let path = Fixture.path("hostile/gguf/\(file)")
      for command in ["inspect", "verify", "convert"] {
        let arguments = command == "convert" ? [command, path, "out.gguf"] : [command, path]
        let result = try LacunaProcess.run(arguments, in: temporary.path)
        let isNo = command == "verify" && Self.invalidBlocks.contains(file)
        #expect(result.code == (isNo ? 1 : isAccepted ? 0 : 65), "\(file) \(command): \(result.errors)")
        #expect(result.seconds < 10, "\(file) \(command)")
        #expect(try temporary.entries().isEmpty != (isAccepted && command == "convert"), "\(file)")
        guard !isAccepted else {
          if command == "convert" { try temporary.remove("out.gguf") }
          continue
        }
        #expect(result.errors.filter { $0 == "\n" }.count == 1, "\(file)")
        #expect(result.output.isEmpty, "\(file)")
      }
    }
  }

  @Test("all golden files of metadata list their keys, what cannot be shown escaped")
  func metadata() throws {
    let path = Fixture.path("gguf/meta/all_types_v3.gguf")
    let plain = try LacunaProcess.run(["inspect", "--metadata", "--plain", path], in: temporary.path)
    #expect(plain.code == 0)
    let lines = plain.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    #expect(lines.first == ["key", "type", "count", "value"])
    let types = Set(lines.dropFirst().compactMap { $0.count > 1 ? $0[1] : nil })
    #expect(types.isSuperset(of: ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"]))
    #expect(types.isSuperset(of: ["bool", "str"]))
    let json = try LacunaProcess.run(["inspect", "--metadata", "--json", path], in: temporary.path)
    #expect(json.code == 0)
    #expect(json.output.contains("\"metadata\": ["))
    let without = try LacunaProcess.run(["inspect", "--json", path], in: temporary.path)
    #expect(without.output.contains("\"metadata\": null"))
  }

  @Test("a model is introduced by its architecture, file type and sizes")
  func headline() throws {
    let path = Fixture.path("gguf/convert/llama/out-q8_0.gguf")
    let result = try LacunaProcess.run(["inspect", path], in: temporary.path)
    #expect(result.output.contains("llama · "))
    #expect(result.output.contains("mostly Q8_0"))
  }

  @Test("what inspect suggests for a GGUF model works, and every command reads what it makes")
  func suggestion() throws {
    var dense = GGUFBuilder()
    dense.add("general.architecture", type: 8, dense.form.text("llama"))
    var data = [UInt8](repeating: 0, count: 64 * 64 * 4)
    data[1000] = 1
    dense.append(tensor: "w", dims: [64, 64], type: 0, data)
    try temporary.write(dense.bytes, to: "x.gguf")
    let shown = try LacunaProcess.run(["inspect", "x.gguf"], in: temporary.path)
    #expect(shown.output.contains("convert x.gguf OUT --layout auto"), "\(shown.output)")
    let made = try LacunaProcess.run(["convert", "x.gguf", "OUT", "--layout", "auto"], in: temporary.path)
    #expect(made.code == 0)
    #expect(try Array(temporary.read("OUT").prefix(4)) == Array("GGUF".utf8))
    #expect(try temporary.read("OUT").count < 1000)
    let sparse = try LacunaProcess.run(["inspect", "OUT"], in: temporary.path)
    #expect(sparse.output.contains("lacuna (llama)"), "\(sparse.output)")
    #expect(sparse.output.contains("csr"), "\(sparse.output)")
    for command in [
      ["verify", "OUT"], ["diff", "x.gguf", "OUT"], ["validate", "--pattern", "2:4", "OUT"],
      ["inspect", "--metadata", "--digest", "--json", "OUT"], ["convert", "OUT", "OUT.safetensors"],
      ["diff", "OUT", "OUT.safetensors"], ["convert", "OUT", "back.gguf", "--layout", "dense"],
    ] {
      let result = try LacunaProcess.run(command, in: temporary.path)
      #expect(result.code == 0, "\(command): \(result.errors)")
    }
    #expect(try temporary.read("back.gguf") == temporary.read("x.gguf"))
  }

  @Test("a manifest of another version, or a part that is gone, is one line and 65 for every command")
  func brokenManifest() throws {
    for (version, part) in [("2", "w.v"), ("1", "w.w")] {
      var file = GGUFBuilder()
      let manifest =
        #"{"tensors":[{"name":"w","dtype":"F32","shape":[1,8],"layout":"bitmask","#
        + #""parts":{"bitmask":"w.bm","values":"w.v"}}]}"#
      for (key, text) in [
        ("general.architecture", "lacuna"), ("lacuna.version", version), ("lacuna.manifest", manifest),
      ] {
        file.add(key, type: 8, file.form.text(text))
      }
      file.append(tensor: "w.bm", dims: [1, 1], type: 24, [1])
      file.append(tensor: part, dims: [1], type: 0, [0, 0, 0, 1])
      try temporary.write(file.bytes, to: "x.gguf")
      for command in [
        ["inspect", "x.gguf"], ["inspect", "--headers-only", "x.gguf"], ["verify", "x.gguf"],
        ["diff", "x.gguf", "x.gguf"], ["validate", "--pattern", "2:4", "x.gguf"],
        ["convert", "x.gguf", "y.gguf", "--layout", "dense"], ["convert", "x.gguf", "y.gguf"],
      ] {
        let result = try LacunaProcess.run(command, in: temporary.path)
        #expect(result.code == 65, "\(command): \(result.errors)")
        #expect(result.errors.filter { $0 == "\n" }.count == 1)
        #expect(result.errors.contains(version == "2" ? "version 1" : "w.v"), "\(result.errors)")
        #expect(result.output.isEmpty)
      }
      #expect(try temporary.entries() == ["x.gguf"])
    }
  }

  @Test("a half download is bad data, and a shard that is missing is missing")
  func cut() throws {
    let bytes = try Fixture.bytes("gguf/types/q8_0.gguf")
    try temporary.write(Array(bytes.dropLast(100)), to: "cut.gguf")
    #expect(try LacunaProcess.run(["verify", "cut.gguf"], in: temporary.path).code == 65)
    let shard = "tiny-00001-of-00002.gguf"
    try temporary.write(Fixture.bytes("gguf/split/\(shard)"), to: shard)
    #expect(try LacunaProcess.run(["verify", shard], in: temporary.path).code == 66)
  }
}
