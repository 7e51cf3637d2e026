import TestSupport
import Testing

@Suite("compress and decompress on the command line")
struct ExportCommandTests {
  let temporary: TemporaryFolder
  let source: [UInt8]

  init() throws {
    temporary = try TemporaryFolder()
    source = try Fixture.bytes("real/minilm-l0-attention-dense-bf16.safetensors")
    try temporary.write(source, to: "m.safetensors")
  }

  private func run(_ arguments: String...) throws -> LacunaProcess.Result {
    try LacunaProcess.run(arguments, in: temporary.path)
  }

  @Test("names are those of the source and back, and nothing is replaced unless it is forced")
  func names() throws {
    #expect(try run("compress", "m.safetensors", "--dry-run").code == 0)
    #expect(try temporary.entries() == ["m.safetensors"])
    let done = try run("compress", "m.safetensors", "--json")
    #expect(done.code == 0)
    #expect(done.output.contains("\"schema\": \"lacuna.compress/1\""))
    #expect(try temporary.entries() == ["m.safetensors", "m.safetensors.zst.safetensors"])
    let export = "m.safetensors.zst.safetensors"
    #expect(try run("compress", "m.safetensors").code == 73)
    #expect(try run("decompress", export).code == 73)
    #expect(try run("decompress", export, "-o", export, "--force").code == 73)
    #expect(try run("compress", "m.safetensors", "-o", "m.safetensors", "--force").code == 73)
    #expect(try run("convert", export, export, "--force").code == 73)
    #expect(try run("compress", export).code == 64)
    try temporary.remove("m.safetensors")
    let back = try run("decompress", export, "--verify", "--json")
    #expect(back.code == 0)
    #expect(back.output.contains("\"schema\": \"lacuna.decompress/1\""))
    #expect(try temporary.read("m.safetensors") == source)
    #expect(try run("decompress", "m.safetensors", "-o", "x").code == 65)
    #expect(try run("decompress", "missing").code == 66)
    #expect(try run("diff", "m.safetensors", export).code == 0)
    let shown = try run("inspect", "--headers-only", export)
    #expect(shown.output.contains("compressed export of safetensors"))
  }

  @Test("a folder becomes a folder beside it, and back")
  func folders() throws {
    try temporary.createFolder("model")
    try temporary.write(source, to: "model/model.safetensors")
    try temporary.write("{}", to: "model/config.json")
    #expect(try run("compress", "model").code == 0)
    #expect(try temporary.entries(of: "model.zst") == ["config.json", "model.safetensors.zst.safetensors"])
    #expect(try run("verify", "model.zst").code == 0)
    #expect(try run("convert", "model.zst", "dense").code == 0)
    #expect(try temporary.read("dense/model.safetensors") == source)
    #expect(try run("decompress", "model.zst").code == 73)
    #expect(try run("decompress", "model.zst", "-o", "again").code == 0)
    #expect(try temporary.entries(of: "again") == ["config.json", "model.safetensors"])
    #expect(try temporary.read("again/model.safetensors") == source)
  }

  @Test("damage is told: 1 by verify and by a salvage, 65 by what needs the bytes, and others read on")
  func damage() throws {
    try temporary.write(source, to: "m.safetensors")
    #expect(try run("compress", "m.safetensors", "-o", "e").code == 0)
    var bytes = try temporary.read("e")
    bytes[bytes.count - 50_000] ^= 4
    try temporary.write(bytes, to: "e")
    let found = try run("verify", "e")
    #expect(found.code == 1)
    #expect(found.output.contains("rows"), "\(found.output)")
    #expect(try run("decompress", "e", "-o", "back").code == 65)
    #expect(try run("convert", "e", "back").code == 65)
    let salvaged = try run("decompress", "e", "-o", "back", "--salvage")
    #expect(salvaged.code == 1)
    #expect(salvaged.output.contains("NOT the source"))
    let back = try temporary.read("back")
    #expect(back.count == source.count)
    #expect(zip(back, source).count { $0 != $1 } > 0)
    // The first tensor is another one than the damaged.
    #expect(back[..<10_000] == source[..<10_000])
  }

  @Test("some rows are cut out of dense tensors and blocks; what cannot be cut is refused by name")
  func rows() throws {
    let name = "encoder.layer.0.attention.self.key.weight"
    #expect(
      try run("convert", "m.safetensors", "part", "--tensors", "*self.key.weight", "--rows", "3:5").code == 0
    )
    let part = try #require(StoredTensors(temporary.read("part"))[name])
    let whole = try #require(StoredTensors(source)[name])
    #expect(part.shape == [2, 384])
    #expect(part.data == Array(whole.data[(3 * 768)..<(5 * 768)]))
    let beyond = try run("convert", "m.safetensors", "x", "--tensors", "*self.key.weight", "--rows", "3:385")
    #expect(beyond.code == 64)
    #expect(beyond.errors.contains(name))
    for rows in ["5:3", "3", "a:b", "3:3", "-1:2", "0:99999999999999999999"] {
      #expect(try run("convert", "m.safetensors", "x", "--rows", rows).code == 64, "\(rows)")
    }
    let blocks = Fixture.path("gguf/types/q4_K.gguf")
    let cut = try run("convert", blocks, "cut.gguf", "--rows", "0:1")
    #expect(cut.code == 0 || cut.errors.contains("row"), "\(cut.errors)")
    #expect(try run("convert", "m.safetensors", "s", "--layout", "bitmask").code == 0)
    let sparse = try run("convert", "s", "x", "--tensors", "*self.key.weight", "--rows", "0:2")
    #expect(sparse.code == 64)
    #expect(sparse.errors.contains("bitmask"), "\(sparse.errors)")
  }

  @Test("each hostile file is compressed and comes back, or is refused in one line")
  func hostile() throws {
    for folder in ["gguf", "safetensors", "onnx"] {
      for file in try Fixture.names(in: "hostile/\(folder)")
      where !file.hasSuffix(".tsv") && !file.hasSuffix(".py") {
        let path = Fixture.path("hostile/\(folder)/\(file)")
        let made = try run("compress", path, "-o", "e", "--lenient", "--quiet")
        #expect([0, 65, 66].contains(made.code), "\(file): \(made.errors)")
        #expect(made.seconds < 10, "\(file)")
        guard made.code == 0 else {
          #expect(try !temporary.entries().contains("e"), "\(file)")
          continue
        }
        #expect(try run("decompress", "e", "-o", "back", "--quiet").code == 0, "\(file)")
        if let again = try? temporary.read("back") {
          #expect(try again == Fixture.bytes("hostile/\(folder)/\(file)"), "\(file)")
        }
        for name in ["e", "back"] { try temporary.remove(name) }
      }
    }
  }
}
