import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("GGUF files whose manifest or parts are wrong")
struct GGUFManifestTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  typealias Listed = (name: String, dims: [UInt64], type: UInt32, bytes: [UInt8])

  /// A file with these texts of ours and these tensors.
  static func file(_ manifest: String?, version: String? = "1", _ parts: [Listed]) -> GGUFBuilder {
    var file = GGUFBuilder()
    file.add("general.architecture", type: 8, file.form.text("lacuna"))
    if let version { file.add("lacuna.version", type: 8, file.form.text(version)) }
    if let manifest { file.add("lacuna.manifest", type: 8, file.form.text(manifest)) }
    for part in parts { file.append(tensor: part.name, dims: part.dims, type: part.type, part.bytes) }
    return file
  }

  /// An entry `w` of I16 elements.
  static func entry(_ layout: String, _ parts: String, shape: String = "[2,6]") -> String {
    let parts = parts.isEmpty ? "" : #","parts":{\#(parts)}"#
    return #"{"tensors":[{"name":"w","dtype":"I16","shape":\#(shape),"layout":"\#(layout)"\#(parts)}]}"#
  }

  static let bitmask = entry("bitmask", #""bitmask":"m","values":"v""#)
  static let mask: Listed = ("m", [1, 2], 24, [0b11, 0b100000])
  static let values: Listed = ("v", [3], 25, [1, 0, 2, 0, 3, 0])

  /// What every command says of the file, the same each time; none leaves an output.
  private func diagnosis() throws -> Diagnosis? {
    let opening = try? ConversionBench.fault { _ = try OpenedModel(bench.path("in.gguf")) }
    var found: [Diagnosis?] = []
    for (output, layout) in [
      ("out.gguf", "dense"), ("out.gguf", "csr"), ("out.gguf", "auto"), ("out.safetensors", "keep"),
      ("out.gguf", "keep"),
    ] {
      do {
        try bench.convert("in.gguf", output, ConversionBench.options(layout))
        try bench.temporary.remove(output)
        found.append(nil)
      } catch let fault as any Fault {
        found.append(fault.diagnosis)
      }
    }
    #expect(Set(found).count == 1)
    if let opening {
      #expect(opening == found[0])
    } else {
      let check = try IntegrityChecker(
        pool: ChunkPool(threads: 1),
        chunkBytes: 4096,
        progress: WorkProgress()
      ).check(OpenedModel(bench.path("in.gguf")))
      #expect(check.isWhole == (found[0] == nil))
    }
    #expect(try bench.temporary.entries() == ["in.gguf"])
    return found[0]
  }

  @Test("a file like the broken ones, but right, is read")
  func right() throws {
    try bench.temporary.write(Self.file(Self.bitmask, [Self.mask, Self.values]).bytes, to: "in.gguf")
    #expect(try diagnosis() == nil)
  }

  static let broken: [(problem: String, file: GGUFBuilder)] = [
    ("has lacuna.manifest and no lacuna.version", file(bitmask, version: nil, [mask, values])),
    ("lacuna.version is \"2\"", file(bitmask, version: "2", [mask, values])),
    ("has lacuna.version and no lacuna.manifest", file(nil, [mask, values])),
    ("lacuna.manifest: ", file("{", [mask, values])),
    ("lacuna.manifest: ", file("", [mask, values])),
    ("lacuna.manifest: tensors is missing", file("{}", [mask, values])),
    ("its part v is not in the file", file(bitmask, [mask])),
    ("is in the file and not in lacuna.manifest", file(bitmask, [mask, values, ("x", [1], 24, [1])])),
    ("its part m has the shape [2]", file(bitmask, [("m", [2], 24, [3, 32]), values])),
    ("its part m has the shape [1, 2]", file(bitmask, [("m", [2, 1], 24, [3, 32]), values])),
    ("its part m is I16", file(bitmask, [("m", [1, 2], 25, [3, 0, 32, 0]), values])),
    ("its part v is F16", file(bitmask, [mask, ("v", [3], 1, [1, 0, 2, 0, 3, 0])])),
    ("its part v has the shape [1, 3]", file(bitmask, [mask, ("v", [3, 1], 25, [1, 0, 2, 0, 3, 0])])),
    (
      "its part m is quantized",
      file(
        entry("bitmask", #""bitmask":"m","values":"v""#, shape: "[1,272]"),
        [("m", [32], 8, [UInt8](repeating: 0, count: 34)), ("v", [0], 25, [])]
      )
    ),
    (
      "its part m belongs to another tensor too",
      file(entry("bitmask", #""bitmask":"m","values":"m""#), [mask])
    ),
    ("layout \"coo\" is unknown", file(entry("coo", ""), [mask, values])),
    ("parts.values", file(entry("bitmask", #""bitmask":"m""#), [mask, values])),
    (
      "shape",
      file(
        entry("bitmask", #""bitmask":"m","values":"v""#, shape: "[9223372036854775808,2]"),
        [mask, values]
      )
    ),
    (
      "shape: its parts would exceed 64 bits",
      file(
        entry(
          "csr",
          #""crow_indices":"m","col_indices":"v","values":"w""#,
          shape: "[18446744073709551615,0]"
        ),
        [mask, values, ("w", [1], 24, [1])]
      )
    ),
    (
      "alias",
      file(
        #"{"tensors":[{"name":"w","dtype":"I16","shape":[2,6],"layout":"bitmask","alias":"m","parts":{"bitmask":"m","values":"v"}}]}"#,
        [mask, values]
      )
    ),
    (
      "its part lacuna.0 is not in the file",
      file(
        #"{"tensors":[{"name":"m","dtype":"I8","shape":[2,1],"layout":"dense","alias":"lacuna.0"}]}"#,
        [mask]
      )
    ),
    (
      "its part m is I8",
      file(#"{"tensors":[{"name":"m","dtype":"U8","shape":[2,1],"layout":"dense"}]}"#, [mask])
    ),
    (
      "quantization: it is not what the file says of m",
      file(
        #"{"tensors":[{"name":"m","dtype":"U8","shape":[34],"layout":"dense"}]}"#,
        [("m", [32], 8, [UInt8](repeating: 0, count: 34))]
      )
    ),
    (
      "quantization: it is not what the file says of m",
      file(
        #"{"tensors":[{"name":"m","dtype":"U8","shape":[34],"layout":"dense","#
          + #""quantization":{"scheme":"Q4_0","bits":4,"packing":"ggml","logical_shape":[32]}}]}"#,
        [("m", [32], 8, [UInt8](repeating: 0, count: 34))]
      )
    ),
    (
      "quantization: it is not what the file says of m",
      file(
        #"{"tensors":[{"name":"m","dtype":"I8","shape":[2,1],"layout":"dense","#
          + #""quantization":{"scheme":"int","bits":8}}]}"#,
        [mask]
      )
    ),
  ]

  @Test("a manifest that does not fit is one clear error of opening", arguments: broken)
  func manifest(_ problem: String, _ file: GGUFBuilder) throws {
    try bench.temporary.write(file.bytes, to: "in.gguf")
    let diagnosis = try #require(try diagnosis())
    #expect(diagnosis.kind == .badData)
    #expect(diagnosis.problem.contains(problem), "\(diagnosis)")
    #expect(diagnosis.file?.hasSuffix("in.gguf") == true)
    #expect(throws: (any Error).self) { try OpenedModel(bench.path("in.gguf")) }
  }

  @Test("keys of ours that are no text are refused", arguments: ["lacuna.version", "lacuna.manifest"])
  func untyped(_ key: String) throws {
    for isArray in [false, true] {
      var file = GGUFBuilder()
      for other in ["lacuna.version", "lacuna.manifest"] where other != key {
        file.add(other, type: 8, file.form.text(other == "lacuna.version" ? "1" : Self.bitmask))
      }
      if isArray {
        file.add(key, arrayOf: 8, count: 1, file.form.text("1"))
      } else {
        file.add(key, u32: 1)
      }
      for part in [Self.mask, Self.values] {
        file.append(tensor: part.name, dims: part.dims, type: part.type, part.bytes)
      }
      try bench.temporary.write(file.bytes, to: "in.gguf")
      #expect(try diagnosis()?.problem == "\(key) is no text")
    }
  }

  @Test(
    "parts that contradict each other are refused by every command",
    arguments: [
      (bitmask, [mask, ("v", [2], 25, [1, 0, 2, 0])]), (bitmask, [("m", [1, 2], 24, [3, 64]), values]),
      (bitmask, [("m", [1, 2], 24, [0, 0]), values]),
      (
        entry("csr", #""crow_indices":"r","col_indices":"c","values":"v""#),
        [("r", [3], 26, [0, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0]), ("c", [3], 24, [1, 4, 5]), values]
      ),
      (
        entry("csr", #""crow_indices":"r","col_indices":"c","values":"v""#),
        [
          ("r", [3], 26, [0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0]), ("c", [3], 24, [1, 4, 5]), values,
        ]
      ),
      (
        entry("csr", #""crow_indices":"r","col_indices":"c","values":"v""#),
        [("r", [3], 26, [0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]), ("c", [3], 24, [1, 4, 0xFF]), values]
      ),
      (
        entry("nm:1:3", #""nm_values":"v","nm_indices":"i""#, shape: "[1,9]"),
        [("v", [3, 1], 25, [1, 0, 2, 0, 3, 0]), ("i", [1, 1], 24, [0b00_11_01_00])]
      ),
    ] as [(String, [Listed])]
  )
  func parts(_ manifest: String, _ parts: [Listed]) throws {
    try bench.temporary.write(Self.file(manifest, parts).bytes, to: "in.gguf")
    let diagnosis = try #require(try diagnosis())
    #expect(diagnosis.kind == .badData)
    #expect(diagnosis.tensor == "w")
  }

  @Test("parts in two shards are refused")
  func shards() throws {
    for together in [true, false] {
      for shard in 0..<2 {
        var file = GGUFBuilder()
        if shard == 0 {
          file = Self.file(
            String(Self.bitmask.dropLast(2)) + #",{"name":"x","dtype":"I8","shape":[1],"layout":"dense"}]}"#,
            []
          )
        }
        file.add("split.no", type: 2, file.form.word(UInt64(shard), 2))
        file.add("split.tensors.count", type: 5, file.form.word(3, 4))
        file.add("split.count", type: 2, file.form.word(2, 2))
        let extra: Listed = ("x", [1], 24, [1])
        let parts = together ? [[Self.mask, Self.values], [extra]] : [[Self.mask], [Self.values, extra]]
        for part in parts[shard] {
          file.append(tensor: part.name, dims: part.dims, type: part.type, part.bytes)
        }
        try bench.temporary.write(file.bytes, to: "m-0000\(shard + 1)-of-00002.gguf")
      }
      let open = { try OpenedModel(bench.path("m-00001-of-00002.gguf")).model.tensors.map(\.name) }
      if together {
        #expect(try open() == ["w", "x"])
      } else {
        let fault = try ConversionBench.fault { _ = try open() }
        #expect(fault.problem == "its part v is in another shard")
      }
    }
  }

  @Test("no change of a byte, and no cut, stops the reader: it reads or refuses")
  func sweep() throws {
    var dense = GGUFBuilder.simple()
    dense.append(tensor: "w", dims: [9, 3], type: 24, [1] + [UInt8](repeating: 0, count: 25) + [7])
    let name = String(repeating: "n", count: 63)
    dense.append(tensor: name, dims: [8, 1], type: 24, [0, 0, 0, 0, 0, 0, 0, 2])
    try bench.temporary.write(dense.bytes, to: "dense.gguf")
    try withSeed { generator in
      for layout in ["bitmask", "csr", "nm:1:4"] {
        try bench.convert("dense.gguf", "sparse.gguf", GGUFSparseTests.options(layout))
        let bytes = try bench.temporary.read("sparse.gguf")
        var (read, refused) = (0, 0)
        for round in 0..<250 {
          let place = Int.random(in: bytes.indices, using: &generator)
          var changed = bytes
          changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
          if round % 10 == 0 { changed = Array(bytes[..<place]) }
          if round % 10 == 1 { changed[place] = 0xFF }
          try bench.temporary.write(changed, to: "in.gguf")
          do {
            _ = try Converter(
              OpenedModel(bench.path("in.gguf")),
              to: bench.path("out.gguf"),
              options: GGUFSparseTests.options("dense"),
              progress: WorkProgress()
            ).run()
            read += 1
          } catch let fault as any Fault {
            try #require(fault.diagnosis.kind == .badData, "\(fault.diagnosis)")
            refused += 1
          }
        }
        try #require(read > 0 && refused > 0)
      }
    }
  }
}
