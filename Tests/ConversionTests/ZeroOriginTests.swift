import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Where the zeros of quantized weights come from")
struct ZeroOriginTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  private static let types: [GGMLType] = [.q8_0, .q4_0, .q5_0, .mxfp4]

  private func put(_ entries: [SafetensorsBuilder.Entry], _ config: String) throws {
    try bench.temporary.createFolder("in")
    try bench.temporary.write(SafetensorsBuilder(entries).bytes, to: "in/model.safetensors")
    try bench.temporary.write(config, to: "in/config.json")
  }

  @Test("of codes with a scale each is told by half a step, in blocks and in parts", arguments: types)
  func symmetric(_ type: GGMLType) throws {
    try withSeed { generator in
      let (rows, columns) = (3, 192)
      var weight = NaiveWeight(type, rows: rows, columns: columns, &generator)
      // Normal halves of either sign, and exponents whose numbers are normal.
      weight.scales = weight.scales.map { _ in
        type == .mxfp4
          ? .random(in: 100...150, using: &generator)
          : .random(in: 0x0400...0x4000, using: &generator) | (generator.next() & 0x8000)
      }
      let fates = weight.codes.map { _ in Fate.random(&generator) }
      var originals: [Float] = []
      for (index, fate) in fates.enumerated() {
        let bits = weight.scales[index / weight.group]
        let step =
          type == .mxfp4
          ? Float(sign: .plus, exponent: Int(bits) - 128, significand: 1)
          : Float(Float16(bitPattern: UInt16(bits))).magnitude
        originals.append(fate.original(step, &generator))
        // Floats have a zero of either sign.
        let zero = type == .mxfp4 && generator.next() % 2 == 0 ? 8 : 0
        weight.codes[index] = fate.isZero ? zero : Int.random(in: 1...7, using: &generator)
      }
      let shape = [UInt64(rows), UInt64(columns)]
      try bench.put(originals, shape, named: "fc.weight", as: "dense.safetensors")
      var file = GGUFBuilder.simple()
      file.append(
        tensor: "fc.weight",
        dims: shape.reversed(),
        type: type.rawValue,
        weight.blocks
      )
      try bench.temporary.write(file.bytes, to: "blocks.gguf")
      try put(weight.parts(of: "fc"), NaiveWeight.config(type, group: NaiveWeight.reach(type)))
      let blocks = try bench.origins(of: "blocks.gguf", against: "dense.safetensors")
      try #require(blocks.origins == ["fc.weight": ZeroOrigins(fates)])
      try #require(blocks.report.omissions.isEmpty && blocks.report.unknownSteps.isEmpty)
      let parts = try bench.origins(of: "in", against: "dense.safetensors")
      let name = type == .q8_0 ? "fc.weight" : "fc.weight_packed"
      try #require(parts.origins == [name: ZeroOrigins(fates)])
      try #require(parts.report.omissions.isEmpty, "scales are no weights")
      // The quantized one as the reference of the dense one, and of itself.
      let back = try bench.origins(of: "dense.safetensors", against: "in")
      try #require(back.origins["fc.weight"]?.before == ZeroOrigins(fates).before)
      try #require(back.origins["fc.weight"]?.zeros == ZeroOrigins(fates).referenceZeros)
      let same = try bench.origins(of: "in", against: "blocks.gguf").origins[name]
      try #require(same?.before == ZeroOrigins(fates).zeros && same?.zeros == same?.before)
    }
  }

  @Test("zero points are the codes of zero")
  func asymmetric() throws {
    try withSeed { generator in
      let (columns, group) = (64, 32)
      let groups = columns / group
      // One word of zero points for the eight rows of each group.
      let points = (0..<8 * groups).map { _ in Int.random(in: -8...7, using: &generator) }
      let scales = points.map { _ in UInt64.random(in: 0x3C00...0x4100, using: &generator) }
      let fates = (0..<8 * columns).map { _ in Fate.random(&generator) }
      var originals: [Float] = []
      var words = [UInt64](repeating: 0, count: 8 * columns / 8)
      for (index, fate) in fates.enumerated() {
        let place = index / columns * groups + index % columns / group
        let step = Float(bitPattern: UInt32(scales[place]) << 16)
        originals.append(fate.original(step, &generator))
        var code = points[place]
        while !fate.isZero && code == points[place] { code = Int.random(in: -8...7, using: &generator) }
        words[index / 8] |= UInt64(code + 8) << UInt64(4 * (index % 8))
      }
      let packedPoints = (0..<groups).map { group in
        (0..<8).reduce(UInt64(0)) { $0 | UInt64(points[$1 * groups + group] + 8) << UInt64(4 * $1) }
      }
      try put(
        [
          .init("fc.weight_packed", "I32", [8, UInt64(columns / 8)], elements: words),
          .init("fc.weight_scale", "BF16", [8, UInt64(groups)], elements: scales),
          .init("fc.weight_shape", "I64", [2], elements: [8, UInt64(columns)]),
          .init("fc.weight_zero_point", "I32", [1, UInt64(groups)], elements: packedPoints),
        ],
        NaiveWeight.config(.q4_0, group: group, more: ", \"symmetric\": false")
      )
      try bench.put(originals, [8, UInt64(columns)], named: "fc.weight", as: "dense.safetensors")
      let found = try bench.origins(of: "in", against: "dense.safetensors")
      try #require(found.origins == ["fc.weight_packed": ZeroOrigins(fates)])
    }
  }

  @Test("the step of floats of eight bits is their smallest subnormal times the scale")
  func floats() throws {
    try withSeed { generator in
      let fates = (0..<16 * 32).map { _ in Fate.random(&generator) }
      let scale = Float.random(in: 0.01...10, using: &generator)
      let originals = fates.map { $0.original(scale * 0x1p-9, &generator) }
      let codes = fates.map { fate in
        UInt8(generator.next() & 0x80)
          | (fate.isZero ? 0 : UInt8.random(in: 1...126, using: &generator))
      }
      try put(
        [
          .init("fc.weight", "F8_E4M3", [16, 32], codes),
          .init("fc.weight_scale", "F32", [1], elements: [UInt64(scale.bitPattern)]),
        ],
        NaiveWeight.config(.q8_0, group: 32)
          .replacing("int-quantized", with: "float-quantized").replacing("\"int\"", with: "\"float\"")
          .replacing("\"strategy\": \"group\", \"group_size\": 32", with: "\"strategy\": \"tensor\"")
      )
      try bench.put(originals, [16, 32], named: "fc.weight", as: "dense.safetensors")
      let found = try bench.origins(of: "in", against: "dense.safetensors")
      try #require(found.origins == ["fc.weight": ZeroOrigins(fates)])
    }
  }

  /// How far a scale of a graph reaches: nowhere, along an axis, or in blocks of an axis.
  enum Reach: Int, CaseIterable { case all, axis0, axis1, axis2, blocks0, blocks1, blocks2 }

  @Test("a graph's scales reach along any axis", arguments: Reach.allCases)
  func graph(_ reach: Reach) throws {
    try withSeed { generator in
      let extents = (0..<3).map { _ in Int.random(in: 1...9, using: &generator) }
      let block = Int.random(in: 1...6, using: &generator)
      let axis = max(0, (reach.rawValue - 1) % 3)
      let isBlocked = reach.rawValue > 3
      var scaleExtents = extents
      if isBlocked { scaleExtents[axis] = (extents[axis] + block - 1) / block }
      if reach == .all { scaleExtents = [] } else if !isBlocked { scaleExtents = [extents[axis]] }
      let count = extents.reduce(1, *)
      let scaleCount = scaleExtents.reduce(1, *)
      let scales = (0..<scaleCount).map { _ in Float.random(in: 0.1...2, using: &generator) }
      let points = (0..<scaleCount).map { _ in Int.random(in: 0...255, using: &generator) }
      let fates = (0..<count).map { _ in Fate.random(&generator) }
      var (codes, originals): ([Int], [Float]) = ([], [])
      for (element, fate) in fates.enumerated() {
        var places = [Int](repeating: 0, count: 3)
        var rest = element
        for axis in (0..<3).reversed() {
          places[axis] = rest % extents[axis]
          rest /= extents[axis]
        }
        if isBlocked { places[axis] /= block }
        let scale =
          reach == .all
          ? 0 : isBlocked ? zip(places, scaleExtents).reduce(0) { $0 * $1.1 + $1.0 } : places[axis]
        originals.append(fate.original(scales[scale], &generator))
        codes.append(fate.isZero ? points[scale] : (points[scale] + 1) % 256)
      }
      var graph = QuantizedGraph()
      graph.add(
        .init(
          name: "w",
          type: QuantizedGraph.Number.uint8,
          extents: extents,
          data: QuantizedGraph.packed(codes, bits: 8)
        ),
        scale: .init(
          name: "s",
          type: QuantizedGraph.Number.float,
          extents: scaleExtents,
          data: QuantizedGraph.bytes(scales.map { UInt64($0.bitPattern) }, width: 4)
        ),
        zeroPoint: .init(
          name: "z",
          type: QuantizedGraph.Number.uint8,
          extents: scaleExtents,
          data: QuantizedGraph.packed(points, bits: 8)
        ),
        axis: reach == .all ? 1 : axis,
        block: isBlocked ? block : 0
      )
      try bench.temporary.write(graph.bytes, to: "in.onnx")
      try bench.put(originals, extents.map(UInt64.init), named: "w", as: "dense.safetensors")
      let found = try bench.origins(of: "in.onnx", against: "dense.safetensors")
      try #require(found.origins["w"] == ZeroOrigins(fates), "\(found.report.omissions)")
    }
  }

  /// A type, the exponent of its smallest subnormal, and the bits of -0.
  private static let castTypes: [(type: String, exponent: Int, negativeZero: UInt64)] = [
    ("F16", -24, 0x8000), ("BF16", -133, 0x8000), ("F8_E4M3", -9, 0x80), ("F8_E5M2", -16, 0x80),
    ("F32", -149, 0x8000_0000),
  ]

  @Test("a cast makes zeros of numbers up to half the smallest subnormal", arguments: castTypes.indices)
  func casts(_ index: Int) throws {
    let cast = Self.castTypes[index]
    let half = Double(sign: .plus, exponent: cast.exponent - 1, significand: 1)
    let originals: [Double] = [
      0, -0.0, half, -half, half.nextDown, half.nextUp, -half.nextUp, .leastNonzeroMagnitude, 1, .infinity,
      .nan, 0, 1,
    ]
    let elements: [UInt64] = originals.indices.map { index in
      index == 11 || index == 12 ? 1 : (index % 2 == 0 ? 0 : cast.negativeZero)
    }
    let shape = [UInt64(originals.count)]
    try bench.temporary.write(
      SafetensorsBuilder([.init("w", "F64", shape, elements: originals.map(\.bitPattern))]).bytes,
      to: "dense"
    )
    try bench.temporary.write(
      SafetensorsBuilder([.init("w", cast.type, shape, elements: elements)]).bytes,
      to: "cast"
    )
    let found = try #require(try bench.origins(of: "cast", against: "dense").origins["w"])
    #expect(found.before == 2)
    #expect(found.rounded == 4)
    #expect(found.neither == 5, "what is NaN or infinite has become zero too")
    #expect(found.regrown == 1)
    #expect(found.elements == 13 && found.unexplained == 0)
    // Of the widest type nothing is rounded to zero, be it as small as can be.
    let same = try #require(try bench.origins(of: "dense", against: "dense").origins["w"])
    #expect(same.before == 3 && same.zeros == 3 && same.regrown == 0)
  }

  @Test(
    "what the references' own quantizers make of dense weights is rounding alone",
    arguments: GoldenFolder.of([7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20])
  )
  func goldenFolders(_ folder: GoldenFolder) throws {
    try folder.put(in: bench)
    try bench.temporary.write(folder.bytes("input.safetensors"), to: "dense.safetensors")
    let found = try bench.origins(of: "in", against: "dense.safetensors")
    #expect(!found.origins.isEmpty && found.report.omissions.isEmpty)
    for (name, origins) in found.origins {
      #expect(origins.neither == 0 && origins.unexplained == 0 && origins.regrown == 0, "\(name)")
    }
  }

  @Test("codes of -128, which the library's 2:4 compressor takes for the smallest, were not rounded away")
  func lostExtremes() throws {
    let folder = try #require(GoldenFolder.of([6]).first)
    try folder.put(in: bench)
    try bench.temporary.write(folder.bytes("input.safetensors"), to: "dense.safetensors")
    let found = try bench.origins(of: "in", against: "dense.safetensors").origins
    #expect(found["fc1.weight"]?.neither == 11)
    #expect(found["fc2.weight"]?.neither == 3)
    // Half of each group of four, as in the reference.
    #expect(found["fc1.weight"]?.before == 32 * 64 / 2)
  }

  private static let blockTypes = GGMLType.allCases.filter { type in
    type.elementType == nil && (try? Fixture.bytes("gguf/types/\(type.fixture).gguf")) != nil
  }

  @Test("llama.cpp's blocks of weights that were not pruned", arguments: blockTypes)
  func goldenBlocks(_ type: GGMLType) throws {
    var source = try #require(try StoredTensors(Fixture.bytes("gguf/types/_source.safetensors"))["x"])
    source.name = "w.weight"
    try bench.temporary.write(SafetensorsBuilder([source]).bytes, to: "dense.safetensors")
    try bench.temporary.write(Fixture.bytes("gguf/types/\(type.fixture).gguf"), to: "in.gguf")
    let (origins, report) = try bench.origins(of: "in.gguf", against: "dense.safetensors")
    let found = try #require(origins["w.weight"], "\(report.omissions)")
    let zeros = source.elements.count { $0 << 1 & 0xFFFF_FFFF == 0 }
    #expect(found.referenceZeros == zeros)
    #expect(found.neither == 0, "a scale that was rounded to zero is rounding too")
    if type.holdsZero {
      #expect(found.before == zeros && found.unexplained == 0 && report.unknownSteps.isEmpty)
    } else {
      #expect(found.rounded == 0)
      #expect(report.unknownSteps.count == (found.unexplained > 0 ? 1 : 0))
      #expect(report.unknownSteps.allSatisfy { $0.hasPrefix(type.name) })
    }
  }

  @Test(
    "of random weights rounding explains every zero, and of the pruned ones none",
    arguments: [GGMLType.q8_0, .q4_0, .q5_0, .mxfp4, .q6_K, .tq2_0]
  )
  func pruning(_ type: GGMLType) throws {
    try withSeed { generator in
      let shape: [UInt64] = [6, 512]
      let weights = (0..<6 * 512).map { _ in Float.random(in: -1...1, using: &generator) }
      let limit = weights.map(\.magnitude).sorted()[weights.count * 9 / 10]
      let pruned = weights.map { $0.magnitude >= limit ? 0 : $0 }
      try bench.put(weights, shape, named: "w", as: "dense.safetensors")
      try bench.put(pruned, shape, named: "w", as: "pruned.safetensors")
      var options = ConversionBench.options()
      options.type = .blocks(type)
      try bench.convert("dense.safetensors", "dense.gguf", options)
      try bench.convert("pruned.safetensors", "pruned.gguf", options)
      /// The counts of one against the other.
      func count(_ file: String, _ reference: String) throws -> ZeroOrigins {
        try #require(try bench.origins(of: file, against: reference).origins["w"])
      }
      let gone = UInt64(pruned.count { $0 == 0 })
      let dense = try count("dense.gguf", "dense.safetensors")
      try #require(dense.neither == 0 && dense.before == 0 && dense.regrown == 0)
      let both = try count("pruned.gguf", "dense.safetensors")
      try #require(both.neither == gone && both.before == 0)
      let late = try count("pruned.gguf", "pruned.safetensors")
      try #require(late.neither == 0 && late.before == gone)
      try #require(late.rounded == both.rounded)
    }
  }
}

extension GGMLType {
  /// The name of its golden file.
  fileprivate var fixture: String {
    let imatrix: [GGMLType] = [.iq1_S, .iq2_XS, .iq2_XXS]
    return "\(self)".lowercasedPrefix + (imatrix.contains(self) ? "-imat" : "")
  }
}

extension String {
  /// The name of a case as the golden files spell it: `q4_K`, `iq2_xxs`.
  fileprivate var lowercasedPrefix: String { hasPrefix("i") ? lowercased() : self }
}
