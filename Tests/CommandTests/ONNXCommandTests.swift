import TestSupport
import Testing

@Suite("ONNX on the command line")
struct ONNXCommandTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  /// Accepted files that `verify` says no to, and whether their elements cannot be read either.
  static let contradictions = [
    "ext_bad_checksum.onnx": false, "q_block_mismatch.onnx": false, "q_scale_len.onnx": false,
    "sparse_coo_oob.onnx": true, "sparse_coo_unsorted.onnx": true, "sparse_duplicate.onnx": true,
    "sparse_negative.onnx": true, "sparse_oob.onnx": true, "sparse_unsorted.onnx": true,
  ]

  /// More memory for data than this cannot be had, thread stacks and the allocator's reserve included.
  static let limit = "ulimit -d 120000; "

  @Test(
    "each hostile file is read, or refused with 65, in one line that names the place, at once, in little memory"
  )
  func hostile() throws {
    let files = try Fixture.table("hostile/onnx/EXPECTED.tsv").filter { $0.count >= 5 }
    #expect(files.count > 60)
    for row in files {
      let (file, isAccepted, tensor, place) = (row[0], row[1] == "accept", row[2], row[3])
      let path = Fixture.path("hostile/onnx/\(file)")
      for command in ["inspect", "inspect --headers-only", "verify", "validate --pattern 2:4"] {
        let result = try LacunaProcess.run(shell: Self.limit + "$L \(command) '\(path)'", in: temporary.path)
        #expect(result.seconds < 5, "\(file) \(command)")
        if isAccepted {
          let isUnreadable = Self.contradictions[file] == true
          switch command {
          case "verify":
            #expect(result.code == (Self.contradictions[file] == nil ? 0 : 1), "\(file): \(result.errors)")
          case "inspect": #expect(result.code == (isUnreadable ? 65 : 0), "\(file): \(result.errors)")
          case "inspect --headers-only": #expect(result.code == 0, "\(file): \(result.errors)")
          default: #expect(result.code == 1 || result.code == 0 || isUnreadable, "\(file): \(result.errors)")
          }
          continue
        }
        // The file beside it that is not there may come yet.
        let code: Int32 = file == "ext_missing.onnx" ? 66 : 65
        #expect(result.code == code, "\(file) \(command): \(result.errors)")
        #expect(result.errors.utf8.count { $0 == 0x0A } == 1, "\(file) \(command): \(result.errors)")
        #expect(result.errors.contains(file), "\(file): \(result.errors)")
        #expect(result.errors.contains(tensor), "\(file): \(result.errors)")
        // Names from files are escaped on the way.
        #expect(place.contains("\\") || result.errors.contains(place), "\(file): \(result.errors)")
        #expect(result.output.isEmpty, "\(file)")
      }
    }
  }

  private static func varint(_ value: Int) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }

  /// A field that holds bytes.
  private static func field(_ number: Int, _ content: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(content.count) + content
  }

  /// A field that holds an integer.
  private static func field(_ number: Int, _ value: Int) -> [UInt8] { varint(number << 3) + varint(value) }

  /// A model with this graph.
  private static func model(_ graph: [UInt8]) -> [UInt8] {
    field(1, 10) + field(7, graph) + field(8, field(2, 21))
  }

  /// A sparse tensor of one value.
  private static func sparse(_ extents: [Int]) -> [UInt8] {
    let value = field(1, 1) + field(2, 1) + field(8, Array("w".utf8)) + field(9, [0, 0, 0x80, 0x3F])
    let index = field(1, 1) + field(2, 7) + field(9, [5, 0, 0, 0, 0, 0, 0, 0])
    return field(15, field(1, value) + field(2, index) + extents.flatMap { field(3, $0) })
  }

  /// So many initializers without elements, whose names of four bytes differ.
  private static func many(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for number in 0..<count {
      bytes += [0x2A, 10, 0x08, 0, 0x10, 1, 0x42, 4]
      for shift in [0, 5, 10, 15] { bytes.append(UInt8(0x30 + (number >> shift) & 31)) }
    }
    return bytes
  }

  /// Graphs that are small or simple, and ask for much.
  static let greedy: [(name: String, isAccepted: Bool, graph: @Sendable () -> [UInt8])] = [
    (
      "30 KB of graphs in graphs", false,
      {
        (0..<1500).reduce([]) { inner, _ in
          field(
            1,
            field(4, Array("If".utf8)) + field(5, field(1, Array("g".utf8)) + field(20, 5) + field(6, inner))
          )
        }
      }
    ),
    ("10 MB of empty nodes", false, { [0x0A, 0x00].repeated(5_000_000) }),
    ("10 MB of nodes", false, { field(1, field(4, [0x41])).repeated(2_000_000) }),
    (
      "8 MB of initializers", false,
      {
        many(700_000)
      }
    ),
    ("2^40 rows, one value", true, { sparse([1 << 40, 1]) }),
    ("2^29 rows, one value", true, { sparse([1 << 29, 1]) }),
    ("2^31 columns, one value", true, { sparse([1, 1 << 31]) }),
  ]

  @Test("what asks for much takes little time and memory", arguments: greedy.indices)
  func greed(_ index: Int) throws {
    let (name, isAccepted, graph) = Self.greedy[index]
    try temporary.write(Self.model(graph()), to: "x.onnx")
    for command in ["inspect", "verify", "validate --pattern 2:4"] {
      let result = try LacunaProcess.run(shell: Self.limit + "$L \(command) x.onnx", in: temporary.path)
      #expect(result.seconds < 10, "\(name) \(command)")
      let expected: Int32 = !isAccepted ? 65 : command.hasPrefix("validate") ? 1 : 0
      #expect(result.code == expected, "\(name) \(command): \(result.errors)")
      if !isAccepted {
        #expect(result.errors.utf8.count { $0 == 0x0A } == 1)
        #expect(result.errors.contains("x.onnx: graph."), "\(result.errors)")
      }
    }
  }

  @Test("inspect tells who reads each weight along which axis, and with --all the evidence")
  func uses() throws {
    let path = Fixture.path("onnx/tied_embedding.onnx")
    let folded = try LacunaProcess.run(["inspect", path], in: temporary.path)
    #expect(folded.output.contains("w         1  1     Gather; MatMul via Transpose"), "\(folded.output)")
    #expect(folded.output.contains("IR version 8 · opset 17"))
    #expect(folded.output.contains("OUT.safetensors --layout nm:2:4"))
    let all = try LacunaProcess.run(["inspect", "--all", path], in: temporary.path)
    #expect(
      all.output.contains("\n    MatMul (node 2), input 1 via Transpose: K is axis 1\n"),
      "\(all.output)"
    )
    let json = try LacunaProcess.run(["inspect", "--json", path], in: temporary.path)
    #expect(json.output.contains("\"consumers\": \"Gather; MatMul via Transpose\""), "\(json.output)")
    let plain = try LacunaProcess.run(["inspect", "--plain", path], in: temporary.path)
    #expect(plain.output.hasSuffix("\t1\tGather; MatMul via Transpose\n"), "\(plain.output)")
  }

  @Test(
    "elements go to a file of their own where the model would exceed what protobuf allows, and only there",
    arguments: [(1023, false), (1024, true)]
  )
  func twoGiB(columns: Int, isTooLarge: Bool) throws {
    try temporary.write(Self.model(Self.sparse([1 << 19, columns])), to: "in.onnx")
    let command = ["convert", "in.onnx", "out.onnx", "--layout", "dense", "--allow-expand", "--dry-run"]
    let automatic = try LacunaProcess.run(command, in: temporary.path)
    #expect(automatic.code == 0, "\(automatic.errors)")
    #expect(automatic.output.contains("out.onnx.data") == isTooLarge, "\(automatic.output)")
    let never = try LacunaProcess.run(command + ["--external-data", "never"], in: temporary.path)
    #expect((never.code == 0) == !isTooLarge)
    #expect(never.errors.contains("protobuf allows 2147483647") == isTooLarge, "\(never.errors)")
  }

  @Test("inspect tells what of the file is no tensor of the model, with and without its values")
  func leftOut() throws {
    let path = Fixture.path("onnx/constant_all_forms.onnx")
    for options in [[], ["--headers-only"], ["--json"]] {
      let result = try LacunaProcess.run(["inspect"] + options + [path], in: temporary.path)
      #expect(result.code == 0)
      let words = result.output.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
      #expect(words.contains("is left out: its elements are strings"), "\(result.output)")
    }
  }

  @Test("validate tells the place of the group that violates, and why it runs along that axis")
  func violation() throws {
    let path = Fixture.path("onnx/nm24_matmul_one_violation.onnx")
    let result = try LacunaProcess.run(["validate", "--pattern", "2:4", path], in: temporary.path)
    #expect(result.code == 1)
    #expect(result.output.contains("MatMul (node 0), input 1: K is axis 0"), "\(result.output)")
    #expect(result.output.contains("rows 0-3, column 5, group 0:"), "\(result.output)")
    let codes = try LacunaProcess.run(
      ["validate", "--pattern", "1:4", Fixture.path("onnx/qdq_uint8_zp128_matmul_24.onnx")],
      in: temporary.path
    )
    #expect(codes.output.contains("U8 32 × 8"), "\(codes.output)")
    let packed = try LacunaProcess.run(
      ["validate", "--pattern", "2:4", Fixture.path("onnx/matmulnbits_int4.onnx")],
      in: temporary.path
    )
    #expect(packed.output.contains("int4 6 × 64"), "\(packed.output)")
    #expect(packed.output.contains("row 0, columns 0-3, group 0:"), "\(packed.output)")
  }
}

extension Array {
  /// The elements so many times.
  fileprivate func repeated(_ count: Int) -> [Element] { Array(repeatElement(self, count: count).joined()) }
}
