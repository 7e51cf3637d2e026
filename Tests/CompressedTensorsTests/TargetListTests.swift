import CompressedTensors
import ModelIR
import Testing

@Suite("Lists of targets")
struct TargetListTests {
  /// A list, a module, and what is found: the entry's place and how it means the module.
  struct Row: Sendable {
    var entries: [String]
    var module: String
    var found: (index: Int, kind: TargetList.Match.Kind)?

    init(_ entries: [String], _ module: String, _ found: (Int, TargetList.Match.Kind)? = nil) {
      (self.entries, self.module) = (entries, module)
      self.found = found.map { (index: $0.0, kind: $0.1) }
    }
  }

  static let rows: [Row] = [
    // Paths: equal, not alike.
    Row(["lm_head"], "lm_head", (0, .path)),
    Row(["lm_head"], "model.lm_head"),
    Row(["lm_head"], "lm_head.0"),
    Row(["lm_head"], "LM_head"),
    Row(["b", "a", "a"], "a", (1, .path)),
    Row(["model.*"], "model.x"),
    Row([""], "", (0, .path)),
    Row([], "a"),
    // Bytes, not canonical equivalence.
    Row(["caf\u{E9}"], "cafe\u{301}"),
    Row(["cafe\u{301}", "caf\u{E9}"], "caf\u{E9}", (1, .path)),
    // Patterns: from the start on, but not to the end.
    Row(["re:.*lm_head"], "model.lm_head.weight", (0, .pattern)),
    Row(["re:lm_head"], "model.lm_head"),
    Row(["re:"], "anything", (0, .pattern)),
    Row(["re:.*mlp.gate$"], "model.layers.3.mlp.gate", (0, .pattern)),
    Row(["re:.*mlp.gate$"], "model.layers.3.mlp.gate_proj"),
    Row(["re:^(?!.*experts).*$"], "model.layers.0.mlp.experts.3.up_proj"),
    Row(["re:^(?!.*experts).*$"], "model.layers.0.mlp.up_proj", (0, .pattern)),
    Row(["re:.*self_attn.(q|k|v)_proj$"], "model.layers.0.self_attn.k_proj", (0, .pattern)),
    Row(["re:.*self_attn.(q|k|v)_proj$"], "model.layers.0.self_attn.o_proj"),
    Row([#"re:model\.layers\.(\d|1\d)\.mlp.*"#], "model.layers.17.mlp.up_proj", (0, .pattern)),
    Row([#"re:model\.layers\.(\d|1\d)\.mlp.*"#], "model.layers.27.mlp.up_proj"),
    Row(["re:x", "re:a", "re:ab"], "abc", (1, .pattern)),
    Row([" re:a"], "a"),
    Row(["RE:a"], "a"),
    // The mark makes one character of the colon and itself.
    Row(["re:\u{301}a"], "\u{301}a", (0, .pattern)),
    // Classes.
    Row(["Linear"], "model.layers.0.mlp.up_proj", (0, .moduleClass)),
    Row(["LinearBase"], "model.layers.0.mlp.up_proj", (0, .moduleClass)),
    Row(["Embedding", "LinearBase", "Linear"], "a", (1, .moduleClass)),
    Row(["Linear"], "", (0, .moduleClass)),
    Row(["linear"], "a"),
    Row(["Embedding", "LlamaAttention", "Conv2d"], "model.embed_tokens"),
    Row(["Embedding"], "Embedding", (0, .path)),
    // The library's rule for what is no linear module.
    Row(["Linear"], "model.norm"),
    Row(["Linear"], "model.layers.0.input_layernorm"),
    Row(["Linear"], "norm"),
    Row(["Linear"], "model.q\u{301}norm"),
    Row(["Linear"], "model.norm.proj", (0, .moduleClass)),
    Row(["Linear"], "model.norm1", (0, .moduleClass)),
    Row(["Linear"], "model.LayerNorm", (0, .moduleClass)),
    Row(["Linear"], "model.orm", (0, .moduleClass)),
    Row(["model.norm", "Linear"], "model.norm", (0, .path)),
    Row(["Linear", "re:.*norm"], "model.norm", (1, .pattern)),
    // Closeness goes before order.
    Row(["Linear", "re:.*", "a.b"], "a.b", (2, .path)),
    Row(["Linear", "re:.*", "a.b"], "a.c", (1, .pattern)),
    Row(["Linear", "re:a.*", "a.b"], "b", (0, .moduleClass)),
    Row(["Linear"], "Linear", (0, .path)),
  ]

  @Test("The closest entry is found: path, pattern, class, and the first of a kind", arguments: rows.indices)
  func findsClosest(index: Int) throws {
    let row = Self.rows[index]
    let match = try TargetList(row.entries).matches(module: row.module)
    #expect(match?.index == row.found?.index, "\(row)")
    #expect(match?.kind == row.found?.kind, "\(row)")
    #expect(match?.entry == row.found.map { row.entries[$0.index] }, "\(row)")
  }

  @Test("Of several lists, the closest is chosen, and the first of equally close ones")
  func choosesList() throws {
    let lists = [
      try TargetList(["Linear"]), try TargetList(["re:.*up_proj", "re:.*down_proj"]),
      try TargetList(["Linear"]),
      try TargetList(["a.down_proj", "re:.*"]), try TargetList([]),
    ]
    let cases: [(module: String, list: Int, kind: TargetList.Match.Kind)] = [
      ("a.up_proj", 1, .pattern), ("a.down_proj", 3, .path), ("a.norm", 3, .pattern),
    ]
    for expected in cases {
      let found = try TargetList.closest(of: lists, module: expected.module)
      #expect(found?.list == expected.list, "\(expected)")
      #expect(found?.match.kind == expected.kind, "\(expected)")
    }
    #expect(try TargetList.closest(of: Array(lists[..<3]), module: "a")?.list == 0)
    #expect(try TargetList.closest(of: Array(lists[..<3]), module: "a.norm") == nil)
    #expect(try TargetList.closest(of: [], module: "a") == nil)
  }

  @Test("A pattern that cannot be used is refused with its entry and its place without the prefix")
  func refusesEntry() {
    let fault = #expect(throws: PatternFault.self) { _ = try TargetList(["(", "re:a", "re:b)", "re:("]) }
    #expect(fault == PatternFault(pattern: "b)", .unbalancedParenthesis, offset: 1, entry: 2))
    #expect(
      fault?.diagnosis.problem == "entry 2: pattern \"b)\": unbalanced parenthesis at position 1"
    )
  }

  @Test("A path that is too long for a pattern is refused, and is fine where no pattern is asked")
  func refusesLongPath() throws {
    let path = String(repeating: "a", count: PatternLimit.textLength.maximum + 1)
    let list = try TargetList(["b", "re:a"])
    let fault = #expect(throws: PatternFault.self) { _ = try list.matches(module: path) }
    #expect(fault == PatternFault(pattern: "a", .exceeds(.textLength), offset: 0, entry: 1))
    #expect(try TargetList([path, "re:b"]).matches(module: path)?.kind == .path)
    #expect(try TargetList(["Linear"]).matches(module: path)?.kind == .moduleClass)
  }
}
