import CompressedTensors
import Conversion
import ModelIR
import TestSupport
import Testing

@Suite("Quantized weights of a graph as the numbers that DequantizeLinear makes")
struct ONNXDequantizingTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// A type of codes: ONNX's number, its bits, and whether it has a sign.
  struct Codes: CustomTestStringConvertible, Sendable {
    let name: String
    let number: Int64
    let bits: Int
    let isSigned: Bool
    var testDescription: String { name }
    var range: ClosedRange<Int> {
      isSigned ? -(1 << (bits - 1))...(1 << (bits - 1)) - 1 : 0...(1 << bits) - 1
    }
  }

  static let types = [
    Codes(name: "int8", number: 3, bits: 8, isSigned: true),
    Codes(name: "uint8", number: 2, bits: 8, isSigned: false),
    Codes(name: "int4", number: 22, bits: 4, isSigned: true),
    Codes(name: "uint4", number: 21, bits: 4, isSigned: false),
    Codes(name: "int2", number: 26, bits: 2, isSigned: true),
    Codes(name: "uint2", number: 25, bits: 2, isSigned: false),
  ]

  /// How far a scale reaches: nowhere, along an axis, or in blocks of an axis.
  enum Reach: Int, CaseIterable { case all, axis0, axis1, axis2, blocks0, blocks1, blocks2 }

  /// For each code its scale among the scales, by ONNX's rule: the index along the axis, divided for blocks.
  private static func scaleIndices(_ reach: Reach, _ extents: [Int], block: Int) -> (
    extents: [Int], indices: [Int]
  ) {
    let count = extents.reduce(1, *)
    if reach == .all { return ([], [Int](repeating: 0, count: count)) }
    let axis = (reach.rawValue - 1) % 3
    let isBlocked = reach.rawValue > 3
    var scaleExtents = extents
    if isBlocked { scaleExtents[axis] = (extents[axis] + block - 1) / block }
    let indices = (0..<count).map { element in
      var places = [Int](repeating: 0, count: extents.count)
      var rest = element
      for axis in extents.indices.reversed() {
        places[axis] = rest % extents[axis]
        rest /= extents[axis]
      }
      if !isBlocked { return places[axis] }
      places[axis] /= block
      return zip(places, scaleExtents).reduce(0) { $0 * $1.1 + $1.0 }
    }
    return (isBlocked ? scaleExtents : [extents[axis]], indices)
  }

  @Test("every number is (code - zero point) * scale, in the scale's type", arguments: types, Reach.allCases)
  func numbers(_ codes: Codes, _ reach: Reach) throws {
    try withSeed { generator in
      let extents = (0..<3).map { _ in Int.random(in: 1...9, using: &generator) }
      let block = Int.random(in: 1...6, using: &generator)
      let (scaleExtents, indices) = Self.scaleIndices(reach, extents, block: block)
      let scaleCount = scaleExtents.reduce(1, *)
      let numbers = indices.map { _ in Int.random(in: codes.range, using: &generator) }
      let scales = (0..<scaleCount).map { _ in Float.random(in: -2...2, using: &generator) }
      let points: [Int]? =
        Bool.random(using: &generator)
        ? (0..<scaleCount).map { _ in Int.random(in: codes.range, using: &generator) } : nil
      var graph = QuantizedGraph()
      graph.add(
        .init(
          name: "w",
          type: codes.number,
          extents: extents,
          data: QuantizedGraph.packed(numbers, bits: codes.bits)
        ),
        scale: .init(
          name: "w_scale",
          type: QuantizedGraph.Number.float,
          extents: scaleExtents,
          data: QuantizedGraph.bytes(scales.map { UInt64($0.bitPattern) }, width: 4)
        ),
        zeroPoint: points.map {
          .init(
            name: "w_point",
            type: codes.number,
            extents: scaleExtents,
            data: QuantizedGraph.packed($0, bits: codes.bits)
          )
        },
        axis: reach == .all ? 1 : (reach.rawValue - 1) % 3,
        block: reach.rawValue > 3 ? block : 0
      )
      try bench.temporary.write(graph.bytes, to: "in.onnx")
      var options = ConversionBench.options()
      options.type = .plain(.float32)
      options.verify = true
      try bench.convert("in.onnx", "out.safetensors", options)
      let made = try StoredTensors(bench.temporary.read("out.safetensors"))
      try #require(made.names == ["w"], "the scales go with the codes")
      let expected = zip(numbers, indices).map { number, index in
        UInt64((Float(number - (points?[index] ?? 0)) * scales[index]).bitPattern)
      }
      try #require(made["w"]?.elements == expected)
      try #require(made["w"]?.shape == extents.map(UInt64.init))
    }
  }

  @Test("half precision scales give the nearest halves", arguments: [true, false])
  func halves(_ isByColumn: Bool) throws {
    try withSeed { generator in
      let numbers = (0..<48).map { _ in Int.random(in: -128...127, using: &generator) }
      let scales = (0..<8).map { _ in Float16.random(in: -2...2, using: &generator) }
      var graph = QuantizedGraph()
      graph.add(
        .init(
          name: "w",
          type: QuantizedGraph.Number.int8,
          extents: isByColumn ? [6, 8] : [8, 6],
          data: QuantizedGraph.packed(numbers, bits: 8)
        ),
        scale: .init(
          name: "s",
          type: QuantizedGraph.Number.half,
          extents: [8],
          data: QuantizedGraph.bytes(scales.map { UInt64($0.bitPattern) }, width: 2)
        ),
        axis: isByColumn ? 1 : 0
      )
      try bench.temporary.write(graph.bytes, to: "in.onnx")
      var options = ConversionBench.options()
      options.type = .plain(.float16)
      try bench.convert("in.onnx", "out.safetensors", options)
      let made = try StoredTensors(bench.temporary.read("out.safetensors"))
      let expected = numbers.enumerated().map { place, number in
        // The product of 8 and 11 bits is exact in single precision.
        UInt64(Float16(Float(number) * Float(scales[isByColumn ? place % 8 : place / 6])).bitPattern)
      }
      try #require(made["w"]?.elements == expected)
    }
  }

  @Test("floats of four bits keep the sign of zero", arguments: [true, false])
  func fourBitFloats(_ isMicroscaled: Bool) throws {
    let values: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    try withSeed { generator in
      let numbers = (0..<5 * 33).map { _ in Int.random(in: 0...15, using: &generator) }
      let exponents = (0..<10).map { _ in Int.random(in: 110...140, using: &generator) }
      var graph = QuantizedGraph()
      graph.add(
        .init(
          name: "w",
          type: QuantizedGraph.Number.e2m1,
          extents: [5, 33],
          data: QuantizedGraph.packed(numbers, bits: 4)
        ),
        scale: .init(
          name: "s",
          type: isMicroscaled ? QuantizedGraph.Number.e8m0 : QuantizedGraph.Number.float,
          extents: [5, 2],
          data: isMicroscaled
            ? exponents.map(UInt8.init) : QuantizedGraph.bytes(exponents.map { UInt64($0) << 23 }, width: 4)
        ),
        block: 32
      )
      try bench.temporary.write(graph.bytes, to: "in.onnx")
      var options = ConversionBench.options()
      options.type = .plain(.float32)
      try bench.convert("in.onnx", "out.safetensors", options)
      let made = try StoredTensors(bench.temporary.read("out.safetensors"))
      let expected = numbers.enumerated().map { place, number in
        let scale = Float(bitPattern: UInt32(exponents[place / 33 * 2 + place % 33 / 32]) << 23)
        return UInt64(((number > 7 ? -values[number - 8] : values[number]) * scale).bitPattern)
      }
      try #require(made["w"]?.elements == expected)
    }
  }

  @Test("a bias of 32 bits is its codes times its scales, and becomes a float with the weight")
  func bias() throws {
    try withSeed { generator in
      let codes = (0..<6).map { _ in Int32.random(in: .min ... .max, using: &generator) }
      let scales = (0..<6).map { _ in Float.random(in: 0...1, using: &generator) }
      var graph = QuantizedGraph()
      graph.add(
        .init(
          name: "b",
          type: QuantizedGraph.Number.int32,
          extents: [6],
          data: QuantizedGraph.bytes(codes.map { UInt64(UInt32(bitPattern: $0)) }, width: 4)
        ),
        scale: .init(
          name: "b_scale",
          type: QuantizedGraph.Number.float,
          extents: [6],
          data: QuantizedGraph.bytes(scales.map { UInt64($0.bitPattern) }, width: 4)
        ),
        axis: 0
      )
      try bench.temporary.write(graph.bytes, to: "in.onnx")
      var options = ConversionBench.options()
      options.type = .plain(.float32)
      try bench.convert("in.onnx", "out.safetensors", options)
      let made = try StoredTensors(bench.temporary.read("out.safetensors"))
      try #require(made.names == ["b"])
      try #require(made["b"]?.elements == zip(codes, scales).map { UInt64((Float($0) * $1).bitPattern) })
    }
  }
}
