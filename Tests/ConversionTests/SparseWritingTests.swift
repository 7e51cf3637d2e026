import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Writing sparse-bitmask and sparse-24-bitmask")
struct SparseWritingTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static let types = ["F64", "F32", "BF16", "F16", "F8_E5M2", "F8_E4M3", "U8", "I8"]
  /// Ragged, of every rank from 2 to 4, of one column, in several chunks, in a row that one chunk does not hold.
  static func shapes(of type: String) -> [[UInt64]] {
    let long = UInt64(17_000 / (StoredTensors.widths[type] ?? 1))
    return [
      [3, 5], [2, 64], [4, 1, 130], [2, 3, 5, 7], [33, 9], [9, 1], [1, long], [130, long / 100],
    ]
  }

  static func options(_ layout: String, version: String? = nil) -> ConversionOptions {
    var options = ConversionBench.options(layout)
    options.target = .compressedTensors
    options.force = true
    if let version { options.libraryVersion = version }
    return options
  }

  /// Elements of a type: zeros by `zeros` percent, the others any bits, -0.0 and NaN with a payload among them.
  static func elements(_ type: String, _ count: Int, zeros: Int, _ generator: inout SeededGenerator)
    -> [UInt64]
  {
    let bits = UInt64(StoredTensors.widths[type] ?? 1) * 8
    let mask = bits == 64 ? UInt64.max : 1 << bits - 1
    return (0..<count).map { _ in
      if Int(generator.next() % 100) < zeros { return 0 }
      switch generator.next() % 4 {
      case 0: return 1 << (bits - 1)
      // All ones but some of the last: a NaN of floats.
      case 1: return mask & ~(generator.next() % 4)
      default: return generator.next() & mask
      }
    }
  }

  @Test(
    "bitmask keeps every bit: the parts are those of elements that are not all zero, and give the same bytes",
    arguments: types
  )
  func bitmask(_ type: String) throws {
    try withSeed { generator in
      let shapes = Self.shapes(of: type)
      var entries = shapes.enumerated().map { number, shape in
        let count = Int(shape.reduce(1, *))
        let zeros = [0, 70, 100][Int(generator.next() % 3)]
        var elements = Self.elements(type, count, zeros: zeros, &generator)
        // A row without any.
        for column in 0..<Int(shape.last ?? 0) where shape[0] > 1 { elements[column] = 0 }
        return SafetensorsBuilder.Entry("m.\(number).weight", type, shape, elements: elements)
      }
      entries.append(.init("m.bias", type, [5], elements: [0, 1, 0, 0, 2]))
      entries.sort { $0.name < $1.name }
      var source = SafetensorsBuilder(entries, metadata: [("format", "pt")])
      source.header += [UInt8](repeating: 0x20, count: (8 - source.header.count % 8) % 8)
      try bench.temporary.write(source.bytes, to: "in.safetensors")
      for (version, isFirst) in [(nil, false), ("0.8.1", true)] as [(String?, Bool)] {
        var options = Self.options("bitmask", version: version)
        options.verify = version == nil
        try bench.convert("in.safetensors", "sparse.safetensors", options)
        let parts = try StoredTensors(bench.temporary.read("sparse.safetensors"))
        for entry in entries where entry.shape.count > 1 {
          let prefix = isFirst ? entry.name : String(entry.name.dropLast(".weight".count))
          let elements = entry.elements
          let isKept = elements.map { $0 != 0 }
          let mask = try #require(parts[prefix + ".bitmask"])
          try #require(mask.data == NaiveBitmask.mask(isKept, columns: Int(entry.shape.last ?? 1)))
          let kept = try #require(parts[prefix + ".compressed"])
          try #require(kept.type == type && kept.elements == elements.filter { $0 != 0 })
          try #require(parts[prefix + ".shape"]?.elements == entry.shape)
          try #require(parts[prefix + ".shape"]?.shape == [UInt64(entry.shape.count)])
          let offsets = try #require(parts[prefix + ".row_offsets"])
          try #require(offsets.elements == NaiveBitmask.rowOffsets(isKept, shape: entry.shape))
          try #require(offsets.shape == entry.shape.dropLast())
        }
        try #require(parts.names.count == shapes.count * 4 + 1)
        // A file names no version: the naming is told by the names.
        try bench.convert(
          "sparse.safetensors",
          "back.safetensors",
          {
            var options = ConversionBench.restoring()
            options.force = true
            return options
          }()
        )
        try #require(try bench.temporary.read("back.safetensors") == source.bytes)
      }
    }
  }

  /// Two of every four elements at most, of any bits that are not zero.
  static func pattern(_ type: String, _ shape: [UInt64], _ generator: inout SeededGenerator) -> [UInt64] {
    let count = Int(shape.reduce(1, *))
    var elements = [UInt64](repeating: 0, count: count)
    for first in stride(from: 0, to: count, by: 4) {
      for _ in 0..<Int(generator.next() % 3) {
        elements[first + Int(generator.next() % 4)] = Self.elements(type, 1, zeros: 0, &generator)[0]
      }
    }
    return elements
  }

  @Test("two of four keep every bit, with two bits set in every four", arguments: types)
  func twoOfFour(_ type: String) throws {
    try withSeed { generator in
      let shapes: [[UInt64]] = [
        [1, 4], [3, 12], [5, 20], [17, 64], [33, 132],
        [1, UInt64(17_000 / (StoredTensors.widths[type] ?? 1) / 4 * 4)],
      ]
      var entries = shapes.enumerated().map { number, shape in
        SafetensorsBuilder.Entry(
          "m.\(number).weight",
          type,
          shape,
          elements: Self.pattern(type, shape, &generator)
        )
      }
      // What cannot be two of four, or is no matrix, stays dense.
      entries += [
        .init("ragged.weight", type, [2, 6], elements: [UInt64](repeating: 0, count: 12)),
        .init("cube.weight", type, [1, 2, 4], elements: [UInt64](repeating: 0, count: 8)),
        .init("three.weight", type, [1, 4], elements: [1, 0, 2, 3]),
        .init("straddles.weight", type, [2, 4], elements: [0, 0, 1, 2, 3, 4, 0, 0]),
      ]
      entries.sort { $0.name < $1.name }
      var source = SafetensorsBuilder(entries, metadata: [("format", "pt")])
      source.header += [UInt8](repeating: 0x20, count: (8 - source.header.count % 8) % 8)
      try bench.temporary.write(source.bytes, to: "in.safetensors")
      var options = Self.options("nm:2:4")
      options.verify = true
      let report = try bench.convert("in.safetensors", "sparse.safetensors", options)
      let parts = try StoredTensors(bench.temporary.read("sparse.safetensors"))
      let dense = ["cube.weight", "ragged.weight", "three.weight"]
      #expect(parts.names.filter { $0.hasSuffix(".weight") } == dense)
      for name in dense { try #require(report.tensors.contains { $0.name.text == name && $0.reason != nil }) }
      for entry in entries where !dense.contains(entry.name) {
        let prefix = String(entry.name.dropLast(".weight".count))
        let columns = Int(entry.shape[1])
        let mask = try #require(parts[prefix + ".bitmask"])
        let values = try #require(parts[prefix + ".compressed"])
        try #require(values.shape == [entry.shape[0], entry.shape[1] / 2])
        try #require(parts[prefix + ".shape"]?.shape == [2, 1])
        try #require(parts[prefix + ".shape"]?.elements == entry.shape)
        try #require(parts[prefix + ".row_offsets"] == nil)
        let ones = SafetensorsBuilder.Entry("", "U8", [], [UInt8](repeating: 1, count: values.elements.count))
        let bits = NaiveBitmask.expand(mask, ones, shape: entry.shape)
        for first in stride(from: 0, to: bits.count, by: 4) {
          try #require(bits[first..<(first + 4)].reduce(0, +) == 2, "\(entry.name) \(first)")
        }
        let isKept = bits.map { $0 == 1 }
        try #require(mask.data == NaiveBitmask.mask(isKept, columns: columns))
        try #require(NaiveBitmask.expand(mask, values, shape: entry.shape) == entry.elements)
      }
      var back = ConversionBench.restoring()
      back.force = true
      try bench.convert("sparse.safetensors", "back.safetensors", back)
      try #require(try bench.temporary.read("back.safetensors") == source.bytes)
    }
  }

  @Test(
    "strictly, a tensor that cannot take the form is refused by its name",
    arguments: [("ragged", [2, 6]), ("cube", [1, 2, 4])] as [(String, [UInt64])]
  )
  func strict(_ name: String, _ shape: [UInt64]) throws {
    let count = Int(shape.reduce(1, *))
    let entry = SafetensorsBuilder.Entry(
      "\(name).weight",
      "F32",
      shape,
      elements: [UInt64](repeating: 0, count: count)
    )
    try bench.temporary.write(SafetensorsBuilder([entry]).bytes, to: "in.safetensors")
    var options = Self.options("nm:2:4")
    options.strict = true
    let fault = try ConversionBench.fault { try bench.convert("in.safetensors", "out.safetensors", options) }
    #expect(fault.kind == .badData)
    #expect(fault.tensor?.text == entry.name)
    #expect(try bench.temporary.entries() == ["in.safetensors"])
  }

  @Test("the same parts on any number of threads and any chunk size", arguments: ["bitmask", "nm:2:4"])
  func deterministic(_ layout: String) throws {
    try withSeed { generator in
      let shape: [UInt64] = [100, 132]
      let elements = Self.pattern("BF16", shape, &generator)
      let source = SafetensorsBuilder([.init("m.weight", "BF16", shape, elements: elements)])
      try bench.temporary.write(source.bytes, to: "in.safetensors")
      for isReference in [false, true] {
        var outputs: [[UInt8]] = []
        for (threads, memory) in [(1, 1), (3, 1), (2, 64_000_000)] {
          var options = Self.options(layout)
          options.asReference = isReference
          options.resources = WorkResources(threads: threads, memory: UInt64(memory))
          try bench.convert("in.safetensors", "out.safetensors", options)
          outputs.append(try bench.temporary.read("out.safetensors"))
        }
        try #require(outputs.allSatisfy { $0 == outputs[0] })
      }
    }
  }

  @Test("a tensor without elements survives", arguments: [[0, 8], [4, 0], [2, 0, 8]] as [[UInt64]])
  func empty(_ shape: [UInt64]) throws {
    let source = SafetensorsBuilder(
      [
        .init("m.weight", "F32", shape, []),
        .init("n.weight", "F32", [2, 8], elements: [1] + [UInt64](repeating: 0, count: 15)),
      ]
    )
    try bench.temporary.write(source.bytes, to: "in.safetensors")
    for isReference in [false, true] {
      var options = Self.options("bitmask")
      options.asReference = isReference
      try bench.convert("in.safetensors", "sparse.safetensors", options)
      var back = ConversionBench.restoring()
      back.force = true
      try bench.convert("sparse.safetensors", "back.safetensors", back)
      let found = try StoredTensors(bench.temporary.read("back.safetensors"))
      #expect(found["m.weight"]?.shape == shape)
      #expect(found["n.weight"]?.elements.first == 1)
    }
  }
}
