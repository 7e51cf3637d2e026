import GGUF
import ModelIR
import TestSupport
import Testing

@Suite("Splitting and merging")
struct SplitPlanTests {
  /// The shards of a file, written.
  func split(_ source: MemorySource, _ limit: SplitPlan.Limit) throws -> [[UInt8]] {
    let reader = try GGUFReader(source: source, name: "whole")
    let parts = reader.header.tensors.map(GGUFPlan.Part.init)
    let data = try reader.data()
    let items = try reader.header.items(inFile: 0, of: source)
    return try SplitPlan(file: "out", items: items, parts: parts, limit: limit).shards.map { shard in
      let plan = try GGUFPlan(file: "out", items: shard.items, parts: Array(parts[shard.parts]))
      return try plan.fileBytes([source], data: Array(data[shard.parts]))
    }
  }

  /// Shards put together again.
  func merge(_ shards: [[UInt8]]) throws -> [UInt8] {
    let readers = try shards.enumerated().map { number, bytes in
      try GGUFReader(source: MemorySource(bytes, named: "shard \(number)"), name: "\(number)")
    }
    let plan = try GGUFPlan(
      file: "out",
      items: SplitPlan.merged(readers[0].header.items(inFile: 0, of: readers[0].source)),
      parts: readers.flatMap { $0.header.tensors.map(GGUFPlan.Part.init) }
    )
    return try plan.fileBytes(readers.map(\.source), data: readers.flatMap { try $0.data() })
  }

  @Test("The shards have the bytes that llama-gguf-split gives them")
  func golden() throws {
    let source = MemorySource(try Fixture.bytes("gguf/split/tiny_unsplit.gguf"), named: "whole")
    let shards = try split(source, .tensors(6))
    #expect(shards.count == 2)
    for (shard, name) in zip(shards, SplitTests.names) {
      #expect(try shard == Fixture.bytes("gguf/split/\(name)"))
    }
  }

  static let limits: [SplitPlan.Limit] = [
    .bytes(1), .bytes(5_000), .bytes(50_000), .bytes(.max), .tensors(1), .tensors(3), .tensors(1000),
  ]

  @Test("Split and merged again, a file has its bytes again", arguments: limits)
  func roundTrip(limit: SplitPlan.Limit) throws {
    for name in ["split/tiny_unsplit", "convert/llama/out-q8_0", "meta/all_types_v3", "meta/align1"] {
      let source = MemorySource(try Fixture.bytes("gguf/\(name).gguf"), named: name)
      let shards = try split(source, limit)
      #expect(try merge(shards) == source.bytes(0..<source.byteCount), "\(name)")
    }
  }

  @Test("Each shard takes tensors up to the limit and no more", arguments: [0, 1, 31, 32, 96, 128, 1000])
  func bytes(limit: UInt64) throws {
    try withSeed { generator in
      let parts = (0..<40).map { number in
        GGUFPlanTests.part(TensorName("\(number)"), .i8, [UInt64.random(in: 0...200, using: &generator)])
      }
      let plan = try SplitPlan(file: "out", items: [], parts: parts, limit: .bytes(limit))
      var next = 0
      for (index, shard) in plan.shards.enumerated() {
        try #require(shard.parts.lowerBound == next)
        next = shard.parts.upperBound
        let size = parts[shard.parts].reduce(UInt64(0)) { $0 + ($1.dims[0] + 31) / 32 * 32 }
        try #require(size <= limit || shard.parts.count == 1)
        try #require(!shard.parts.isEmpty)
        try #require(shard.items.map(\.key) == SplitModel.keys)
        try #require(shard.items[0].value == .unsigned(UInt64(index), bits: 16))
        try #require(shard.items[1].value == .signed(40, bits: 32))
        try #require(shard.items[2].value == .unsigned(UInt64(plan.shards.count), bits: 16))
        if index + 1 < plan.shards.count {
          try #require(size + (parts[next].dims[0] + 31) / 32 * 32 > limit)
        }
      }
      try #require(next == 40)
    }
  }

  @Test("Parts of a group stay together, within the limit or alone", arguments: [1, 64, 200, 1000])
  func groups(limit: UInt64) throws {
    try withSeed { generator in
      var groups: [Range<Int>] = []
      for _ in 0..<20 {
        let start = groups.last?.upperBound ?? 0
        groups.append(start..<start + Int.random(in: 1...3, using: &generator))
      }
      let parts = (0..<(groups.last?.upperBound ?? 0)).map { number in
        GGUFPlanTests.part(TensorName("\(number)"), .i8, [UInt64.random(in: 0...100, using: &generator)])
      }
      let plan = try SplitPlan(file: "out", items: [], parts: parts, groups: groups, limit: .bytes(limit))
      var next = 0
      for shard in plan.shards {
        try #require(shard.parts.lowerBound == next)
        next = shard.parts.upperBound
        let own = groups.filter { $0.overlaps(shard.parts) }
        try #require(own.first?.lowerBound == shard.parts.lowerBound)
        try #require(own.last?.upperBound == shard.parts.upperBound)
        let size = parts[shard.parts].reduce(UInt64(0)) { $0 + ($1.dims[0] + 31) / 32 * 32 }
        try #require(size <= limit || own.count == 1)
      }
      try #require(next == parts.count)
    }
  }

  @Test("A model that was split is split anew, its old keys dropped")
  func again() throws {
    let source = MemorySource(try Fixture.bytes("gguf/split/\(SplitTests.names[0])"), named: "shard")
    let shards = try split(source, .tensors(2))
    let header = try read(shards[0])
    #expect(header.entries.filter { $0.key.hasPrefix("split.") }.map(\.key) == SplitModel.keys)
    #expect(header.entry(forKey: "split.count")?.value == .unsigned(UInt64(shards.count), bits: 16))
  }

  @Test("A model without tensors is one shard")
  func empty() throws {
    let plan = try SplitPlan(file: "out", items: [], parts: [], limit: .bytes(10))
    #expect(plan.shards.map(\.parts) == [0..<0])
  }

  @Test("More shards than can be counted are refused")
  func tooMany() throws {
    let parts = (0..<65_536).map { GGUFPlanTests.part(TensorName("\($0)")) }
    #expect(throws: GGUFPlanFault(file: "out", rule: .tooManyShards(65_536))) {
      try SplitPlan(file: "out", items: [], parts: parts, limit: .tensors(1))
    }
    #expect(
      try SplitPlan(file: "out", items: [], parts: Array(parts.dropLast()), limit: .tensors(1)).shards.count
        == 65_535
    )
  }
}
