import ModelIR
import Safetensors
import Testing

@Suite("CheckpointIndex")
struct CheckpointIndexTests {
  func read(_ text: String) throws -> CheckpointIndex {
    try CheckpointIndex(source: MemorySource(Array(text.utf8), named: "index"))
  }

  @Test("An index gives the tensors and shards in its order")
  func reads() throws {
    let index = try read(
      """
      {"metadata": {"total_parameters": 7, "total_size": 28, "note": [1]},
       "weight_map": {"b": "model-00002-of-000163.safetensors", "a": "x.safetensors",
                      "c": "model-00002-of-000163.safetensors"}, "extra": {"k": null}}
      """
    )
    #expect(index.shards == ["model-00002-of-000163.safetensors", "x.safetensors"])
    #expect(index.entries.map(\.name) == ["b", "a", "c"])
    #expect(index.entries.map(\.shard) == [0, 1, 0])
    for expected in 0...3 {
      #expect(index.place(of: "b", expected: expected) == 0)
      #expect(index.place(of: "a", expected: expected) == 1)
      #expect(index.place(of: "c", expected: expected) == 2)
      #expect(index.place(of: "d", expected: expected) == nil)
    }
    #expect(index.totalSize == 28)
    #expect(index.totalParameters == 7)
  }

  @Test("Every tensor of many is found, and a second of its name refused", arguments: [0, 1, 999])
  func many(repeated: Int) throws {
    // Shorter entries than room is made for.
    let entries = (0..<1000).map { "\"\($0)\":\"\($0 % 7).safetensors\"" }
    let index = try read(#"{"weight_map":{\#(entries.joined(separator: ","))}}"#)
    for place in 0..<1000 {
      #expect(index.place(of: TensorName("\(place)"), expected: 500) == place)
      #expect(index.entries[place].shard == place % 7)
    }
    let more = entries + [entries[repeated]]
    #expect(throws: CheckpointIndexFault.self) {
      try read(#"{"weight_map":{\#(more.joined(separator: ","))}}"#)
    }
  }

  static let totals: [(metadata: String, total: UInt64?)] = [
    (#""metadata":{"total_size":5},"#, 5), (#""metadata":{"total_size":1.5e1},"#, 15),
    (#""metadata":{"total_size":18446744073709551615},"#, .max), (#""metadata":{"total_size":-1},"#, nil),
    (#""metadata":{"total_size":0.5},"#, nil), (#""metadata":{"total_size":"5"},"#, nil),
    (#""metadata":{"total_size":null},"#, nil), (#""metadata":{},"#, nil), (#""metadata":null,"#, nil),
    (#""metadata":[5],"#, nil), ("", nil),
  ]

  @Test("The total size is a whole number or none, and never a reason to refuse", arguments: totals)
  func totalSize(metadata: String, total: UInt64?) throws {
    let index = try read("{\(metadata)\"weight_map\":{\"a\":\"x.safetensors\"}}")
    #expect(index.totalSize == total)
  }

  @Test("Names that only normalization makes equal are two tensors")
  func equivalentNames() throws {
    let index = try read(
      "{\"weight_map\":{\"caf\u{E9}\":\"x.safetensors\",\"cafe\u{301}\":\"x.safetensors\"}}"
    )
    #expect(index.entries.map(\.name) == [TensorName("caf\u{E9}"), TensorName("cafe\u{301}")])
  }

  static func map(_ members: String) -> String { "{\"weight_map\":{\(members)}}" }

  static let broken: [(rule: CheckpointIndexFault.Rule, tensor: TensorName?, text: String)] = [
    (.json("the JSON text ends too early"), nil, ""), (.json("the JSON text ends too early"), nil, "{"),
    (.json("an array where an object should be"), nil, "[]"),
    (.json("something follows the JSON value"), nil, map(#""a":"x.safetensors""#) + "{}"),
    (.json("the key \"k\" twice in one object"), nil, #"{"x":{"k":1,"k":2}}"#),
    (.json("nesting deeper than 127"), nil, #"{"x":"# + String(repeating: "[", count: 200)),
    (.duplicateKey("weight_map"), nil, #"{"weight_map":{"a":"x.safetensors"},"weight_map":{}}"#),
    (.duplicateKey("metadata"), nil, #"{"metadata":{},"metadata":{}}"#),
    (.duplicateKey("x"), nil, #"{"x":1,"\u0078":1}"#),
    (.duplicateKey("total_size"), nil, #"{"metadata":{"total_size":1,"total_size":1}}"#),
    (.duplicateTensor, "a", map(#""a":"x.safetensors","a":"x.safetensors""#)),
    (.duplicateTensor, "a", map(#""a":"x.safetensors","\u0061":"y.safetensors""#)),
    (.noMap, nil, "{}"), (.noMap, nil, map("")), (.noMap, nil, #"{"weight_map":[]}"#),
    (.noMap, nil, #"{"weight_map":null}"#), (.noMap, nil, #"{"weight_map":"x.safetensors"}"#),
    (.shardIsNoString, "a", map(#""a":1"#)), (.shardIsNoString, "a", map(#""a":null"#)),
    (.shardIsNoString, "b", map(#""a":"x.safetensors","b":["x.safetensors"]"#)),
  ]

  @Test("A broken rule is named, with the tensor", arguments: broken)
  func rule(rule: CheckpointIndexFault.Rule, tensor: TensorName?, text: String) {
    let fault = #expect(throws: CheckpointIndexFault.self) { try read(text) }
    #expect(fault?.rule == rule)
    #expect(fault?.tensor == tensor)
    #expect(fault?.file == "index")
    #expect(fault?.diagnosis.kind == .badData)
    #expect(fault.map { $0.offset.map { $0 <= UInt64(text.utf8.count) } ?? (rule == .noMap) } == true)
  }

  static let badShards: [(text: String, name: String)] = [
    ("../x.safetensors", "../x.safetensors"), ("/x.safetensors", "/x.safetensors"),
    ("a/../../x.safetensors", "a/../../x.safetensors"), ("below/x.safetensors", "below/x.safetensors"),
    (#"a\\x.safetensors"#, "a\\x.safetensors"), (#"x\u0000.safetensors"#, "x\u{0}.safetensors"), ("", ""),
    ("..", ".."), (".", "."), ("pytorch_model-00001-of-00002.bin", "pytorch_model-00001-of-00002.bin"),
    ("model.safetensors.index.json", "model.safetensors.index.json"), ("x.SAFETENSORS", "x.SAFETENSORS"),
    ("x.safetensors ", "x.safetensors "), ("x.gguf", "x.gguf"),
  ]

  @Test("A shard is a safetensors file in the same folder", arguments: badShards)
  func badShardName(text: String, name: String) {
    let fault = #expect(throws: CheckpointIndexFault.self) {
      try read(Self.map("\"good\":\"x.safetensors\",\"a\":\"\(text)\""))
    }
    #expect(fault?.rule == .badShardName(name))
    #expect(fault?.tensor == "a")
  }

  @Test("An index over 100 MB is refused before it is read")
  func tooLarge() {
    struct Unread: ByteSource {
      struct WasRead: Error {}
      let byteCount: UInt64
      let displayName = "index"
      func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
        throw WasRead()
      }
      func rest() {}
    }
    let fault = #expect(throws: CheckpointIndexFault.self) {
      try CheckpointIndex(source: Unread(byteCount: 100_000_001))
    }
    #expect(fault?.rule == .tooLarge(100_000_001))
    #expect(throws: Unread.WasRead.self) { try CheckpointIndex(source: Unread(byteCount: 100_000_000)) }
  }

  @Test("An index may name 100,000 shards and no more", arguments: [0, 1])
  func tooManyShards(excess: Int) throws {
    let members = (0..<(100_000 + excess)).map { "\"\($0)\":\"\($0).safetensors\"" }.joined(separator: ",")
    if excess == 0 {
      #expect(try read(Self.map(members)).shards.count == 100_000)
    } else {
      let fault = #expect(throws: CheckpointIndexFault.self) { try read(Self.map(members)) }
      #expect(fault?.rule == .tooManyShards)
    }
  }

  @Test("The text of an index is what huggingface_hub writes")
  func text() throws {
    let shards: [(name: TensorName, shard: String)] = [
      ("b.weight", "model-00002-of-00002.safetensors"), ("a.9", "model-00001-of-00002.safetensors"),
      ("a.10", "model-00001-of-00002.safetensors"),
    ]
    // json.dumps(index, indent=2, sort_keys=True) + "\n"
    let expected = """
      {
        "metadata": {
          "total_size": 28
        },
        "weight_map": {
          "a.10": "model-00001-of-00002.safetensors",
          "a.9": "model-00001-of-00002.safetensors",
          "b.weight": "model-00002-of-00002.safetensors"
        }
      }

      """
    let text = try CheckpointIndex.text(totalSize: 28, totalParameters: nil, shardOfTensor: shards)
    #expect(String(decoding: text, as: UTF8.self) == expected)
    let index = try CheckpointIndex(source: MemorySource(text, named: "index"))
    #expect(index.totalSize == 28)
    #expect(index.entries.map(\.name) == ["a.10", "a.9", "b.weight"])
  }

  @Test("The number of parameters is written where it is known", arguments: [nil, 7] as [UInt64?])
  func totalParameters(count: UInt64?) throws {
    let text = try CheckpointIndex.text(
      totalSize: 28,
      totalParameters: count,
      shardOfTensor: [("a", "x.safetensors")]
    )
    #expect(try CheckpointIndex(source: MemorySource(text, named: "index")).totalParameters == count)
  }
}
