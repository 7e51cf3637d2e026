import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("A model beside the one that it was made of")
struct ReferenceComparisonTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  @Test("layouts, chunks and threads change no count", arguments: ["dense", "bitmask", "csr", "nm:2:4"])
  func layouts(_ layout: String) throws {
    try withSeed { generator in
      var (own, reference): ([SafetensorsBuilder.Entry], [SafetensorsBuilder.Entry]) = ([], [])
      var expected: [String: ZeroOrigins] = [:]
      for (number, shape)
        in ([[], [7], [3, 5], [2, 64], [4, 1, 130], [0, 4], [1, 20_000]] as [[UInt64]])
        .enumerated()
      {
        let name = "\(number).weight"
        let count = Int(shape.reduce(1, *))
        var (halves, doubles): ([UInt64], [UInt64]) = ([], [])
        var counts = ZeroOrigins()
        for element in 0..<count {
          // Two of four, so that every layout holds it.
          let isZero = element % 4 > 1 || generator.next() % 2 == 0
          let wasZero = generator.next() % 3 == 0
          let isSmall = generator.next() % 2 == 0
          halves.append(isZero ? generator.next() & 0x8000 : generator.next() & 0x7FFF | 1)
          doubles.append(wasZero ? 0 : (isSmall ? 0x1p-26 : 3.0).bitPattern)
          counts.elements += 1
          if isZero && wasZero { counts.before += 1 }
          if isZero && !wasZero && isSmall { counts.rounded += 1 }
          if isZero && !wasZero && !isSmall { counts.neither += 1 }
          if !isZero && wasZero { counts.regrown += 1 }
        }
        own.append(.init(name, "F16", shape, elements: halves))
        reference.append(.init(name, "F64", shape, elements: doubles))
        expected[name] = counts
      }
      // -0 is stored by every layout, so that it would not be 2:4.
      if layout == "nm:2:4" {
        own = own.map { entry in
          .init(entry.name, "F16", entry.shape, elements: entry.elements.map { $0 == 0x8000 ? 0 : $0 })
        }
      }
      try bench.temporary.write(SafetensorsBuilder(own).bytes, to: "own")
      try bench.temporary.write(SafetensorsBuilder(reference).bytes, to: "reference")
      try bench.convert("own", "own.safetensors", layout)
      try bench.convert("reference", "reference.safetensors", "csr")
      for reference in ["reference", "reference.safetensors"] {
        for (threads, chunkBytes) in [(1, 1 << 20), (2, 1), (3, 5000)] {
          let found = try bench.origins(
            of: "own.safetensors",
            against: reference,
            threads: threads,
            chunkBytes: chunkBytes
          )
          try #require(found.origins == expected)
          try #require(found.report.omissions.isEmpty)
        }
      }
    }
  }

  @Test("what cannot be compared is named with the reason, and the others are compared")
  func omissions() throws {
    /// A tensor of ones.
    func ones(_ name: String, _ type: String, _ shape: [UInt64]) -> SafetensorsBuilder.Entry {
      .init(name, type, shape, elements: [UInt64](repeating: 1, count: Int(shape.reduce(1, *))))
    }
    let own = [
      ones("same", "F16", [2, 3]), ones("shape", "F16", [2, 3]), ones("rank", "F16", [6]),
      ones("alone", "F16", [2, 3]), .init("pair", "C64", [1, 2], [UInt8](repeating: 1, count: 16)),
      ones("unsigned", "F8_E4M3FNUZ", [4, 4]),
      ones("coded.weight", "F8_E4M3", [2, 2]), ones("coded.weight_scale_inv", "F32", [1, 1]),
      ones("whole", "I8", [2, 2]), ones("step", "I64", [2]),
    ]
    let reference = [
      ones("same", "F32", [2, 3]), ones("shape", "F32", [3, 2]), ones("rank", "F32", [2, 3]),
      ones("pair", "F32", [1, 2]), ones("unsigned", "F32", [4, 4]), ones("coded.weight", "F32", [2, 2]),
      ones("more", "F32", [1]), ones("whole", "F32", [2, 2]), ones("step", "F32", [2]),
    ]
    try bench.temporary.write(SafetensorsBuilder(own).bytes, to: "own")
    try bench.temporary.write(SafetensorsBuilder(reference).bytes, to: "reference")
    let (origins, report) = try bench.origins(of: "own", against: "reference")
    #expect(Set(origins.keys) == ["same", "whole"])
    let reasons = Dictionary(
      uniqueKeysWithValues: report.omissions.map { ($0.name.text, $0.reason) }
    )
    #expect(
      Set(reasons.keys) == ["shape", "rank", "alone", "pair", "unsigned", "coded.weight", "more", "step"]
    )
    #expect(reasons["shape"] == "its shape is [2, 3], that of the reference [3, 2]")
    #expect(reasons["alone"]?.contains("the reference has no alone") == true)
    #expect(reasons["pair"]?.contains("C64") == true)
    #expect(reasons["step"]?.contains("only in the reference") == true)
    #expect(reasons["unsigned"]?.contains("F8_E4M3FNUZ") == true)
    #expect(reasons["coded.weight"]?.contains("no scheme") == true)
    #expect(reasons["more"] == "only the reference has it")
    // Codes without their scale are no reference either.
    let (backwards, other) = try bench.origins(of: "reference", against: "own")
    #expect(Set(backwards.keys) == ["same", "whole"])
    for name in ["coded.weight", "step", "pair"] as [TensorName] {
      #expect(other.omissions.contains { $0.name == name && $0.reason.contains("in the reference") })
    }
  }

  @Test("zeros of integers without a scale are not explained, and it is said why once")
  func integers() throws {
    let names = ["a", "b"]
    try bench.temporary.write(
      SafetensorsBuilder(names.map { .init($0, "I8", [2, 2], [0, 0, 1, 1]) }).bytes,
      to: "own"
    )
    let ones: [UInt64] = [0, 0x3F80, 0, 0x3F80]
    try bench.temporary.write(
      SafetensorsBuilder(names.map { .init($0, "BF16", [2, 2], elements: ones) }).bytes,
      to: "reference"
    )
    let (origins, report) = try bench.origins(of: "own", against: "reference")
    for name in names {
      #expect(origins[name]?.before == 1 && origins[name]?.unexplained == 1 && origins[name]?.regrown == 1)
    }
    #expect(report.unknownSteps == ["I8 without a scale"])
  }

  @Test("only what the patterns select is told, on either side")
  func selection() throws {
    for (file, names) in [("own", ["a.x", "b.x"]), ("reference", ["a.x", "b.x", "a.y", "b.y"])] {
      let entries = names.map { SafetensorsBuilder.Entry($0, "F16", [1, 1], [0, 0]) }
      try bench.temporary.write(SafetensorsBuilder(entries).bytes, to: file)
    }
    let filter = TensorFilter(including: ["a.*"])
    var opened = try OpenedModel(bench.path("own"))
    try opened.select(filter)
    let found = try bench.origins(of: "own", against: "reference", telling: filter)
    #expect(found.report.omissions.map(\.name.text) == ["a.y"])
    #expect(opened.model.tensors.count == 1)
  }

  @Test("models whose types and shapes have nothing in common are compared or refused, tensor by tensor")
  func strangers() throws {
    try withSeed { generator in
      let own = SampleModel(zeros: 50, everyType: true, &generator).entries
      var reference = SampleModel(zeros: 50, everyType: true, &generator).entries
      let names = reference.map(\.name).shuffled(using: &generator)
      for (index, name) in names.enumerated() { reference[index].name = name }
      try bench.temporary.write(SafetensorsBuilder(own).bytes, to: "own")
      try bench.temporary.write(SafetensorsBuilder(reference).bytes, to: "reference")
      let (origins, report) = try bench.origins(of: "own", against: "reference")
      let byName = Dictionary(uniqueKeysWithValues: own.map { ($0.name, $0) })
      for (name, found) in origins {
        let other = try #require(reference.first { $0.name == name })
        try #require(found.elements == byName[name]?.shape.reduce(1, *))
        try #require(byName[name]?.shape == other.shape)
        try #require(found.zeros + found.regrown <= found.elements)
      }
      try #require(origins.count + report.omissions.count <= own.count + reference.count)
    }
  }
}
