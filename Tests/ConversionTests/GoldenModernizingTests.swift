import Conversion
import Foundation
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Forms that no loader reads any more")
struct GoldenModernizingTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// The signed codes of a row of 32-bit words: one stream of bits, or whole codes in each word.
  static func codes(_ words: ArraySlice<UInt64>, bits: Int, count: Int, isPadded: Bool) -> [Int] {
    let words = Array(words)
    return (0..<count).map { column in
      let perWord = 32 / bits
      let start = isPadded ? column / perWord * 32 + column % perWord * bits : column * bits
      var code = 0
      for bit in 0..<bits {
        let place = start + bit
        code |= Int(words[place / 32] >> UInt64(place % 32) & 1) << bit
      }
      return code - (1 << (bits - 1))
    }
  }

  /// The codes of all rows of a tensor of words.
  static func codes(
    _ packed: SafetensorsBuilder.Entry?,
    bits: Int,
    columns: Int,
    isPadded: Bool = false
  ) throws -> [Int] {
    let packed = try #require(packed)
    try #require(packed.type == "I32" && packed.shape.count == 2)
    let width = Int(packed.shape[1])
    let words = packed.elements
    return stride(from: 0, to: words.count, by: width).flatMap {
      codes(words[$0..<($0 + width)], bits: bits, count: columns, isPadded: isPadded)
    }
  }

  /// The members of a folder's `quantization_config`.
  static func compression(_ text: [UInt8]?) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(try #require(text))) as? [String: Any]
    return try #require(object?["quantization_config"] as? [String: Any])
  }

  @Test(
    "marlin-24 weights become pack-quantized ones of the same integers and scales",
    arguments: [(8, 4, 512), (9, 8, 256)]
  )
  func marlin(_ number: Int, _ bits: Int, _ columns: Int) throws {
    let folder = GoldenFolder.of([number])[0]
    try folder.put(in: bench)
    var options = ConversionBench.restoring()
    options.verify = true
    let report = try bench.convert("in", "out", options)
    let (found, stored) = (try bench.tensors(in: "out"), try folder.tensors("model"))
    #expect(
      found.names == [
        "fc1.bias", "fc1.weight_packed", "fc1.weight_scale", "fc1.weight_shape", "head.weight",
      ]
    )
    let integers = try #require(try folder.tensors("decompressed")["fc1.weight_int"])
    let codes = try Self.codes(found["fc1.weight_packed"], bits: bits, columns: columns)
    #expect(codes == integers.data.map { Int(Int8(bitPattern: $0)) })
    #expect(found["fc1.weight_packed"]?.shape == [64, UInt64(columns * bits / 32)])
    try requireSame(found["fc1.weight_scale"], try folder.tensors("input")["fc1.weight_scale"], "scale")
    #expect(found["fc1.weight_shape"]?.type == "I64")
    #expect(found["fc1.weight_shape"]?.elements == [64, UInt64(columns)])
    for name in ["fc1.bias", "head.weight"] { try requireSame(found[name], stored[name], name) }
    #expect(report.notes.contains { $0.contains("marlin-24") })

    var expected = try Self.compression(folder.config)
    expected["sparsity_config"] = nil
    expected["format"] = "pack-quantized"
    expected["quantization_status"] = "compressed"
    expected["version"] = "0.20.0"
    var groups = try #require(expected["config_groups"] as? [String: [String: Any]])
    groups["group_0"]?["format"] = "pack-quantized"
    expected["config_groups"] = groups
    let config = try Self.compression(bench.temporary.read("out/config.json"))
    #expect(NSDictionary(dictionary: config) == NSDictionary(dictionary: expected))
  }

  @Test("marlin-24 weights are integers times scales, rounded to the type of the scales", arguments: [8, 9])
  func marlinNumbers(_ number: Int) throws {
    let folder = GoldenFolder.of([number])[0]
    try folder.put(in: bench)
    try bench.convert("in", "out", ConversionBench.restoring(to: .float16))
    let found = try bench.tensors(in: "out")
    let integers = try #require(try folder.tensors("decompressed")["fc1.weight_int"])
    let scales = try #require(try folder.tensors("input")["fc1.weight_scale"])
    let (columns, groups) = (Int(integers.shape[1]), Int(scales.shape[1]))
    let expected = integers.data.enumerated().map { index, code in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      let scale = scales.elements[row * groups + column / (columns / groups)]
      // Eleven bits times eight fit a Double, so only the last step rounds.
      let product = Double(Int8(bitPattern: code)) * NaiveHalf.value(UInt16(scale))
      return UInt64(NaiveHalf.bits(product))
    }
    let weight = try #require(found["fc1.weight"])
    #expect(weight.type == "F16")
    #expect(weight.shape == integers.shape)
    #expect(weight.elements == expected)
  }

  @Test("codes in padded words are packed anew, those that are in whole words stay, and the version tells")
  func padded() throws {
    let folder = GoldenFolder.of([10])[0]
    try folder.put(in: bench)
    var options = ConversionBench.restoring()
    options.verify = true
    let report = try bench.convert("in", "out", options)
    let (found, stored) = (try bench.tensors(in: "out"), try folder.tensors("model"))
    #expect(found.names == stored.names)
    for name in stored.names where name != "fc2.weight_packed" {
      try requireSame(found[name], stored[name], name)
    }
    let before = try Self.codes(stored["fc2.weight_packed"], bits: 3, columns: 70, isPadded: true)
    #expect(try Self.codes(found["fc2.weight_packed"], bits: 3, columns: 70) == before)
    #expect(found["fc2.weight_packed"]?.data != stored["fc2.weight_packed"]?.data)
    #expect(report.warnings.contains { $0.tensor == "fc2.weight_packed" && $0.problem.contains("0.14.0.1") })

    var expected = try Self.compression(folder.config)
    expected["sparsity_config"] = nil
    expected["version"] = "0.20.0"
    let config = try Self.compression(bench.temporary.read("out/config.json"))
    #expect(NSDictionary(dictionary: config) == NSDictionary(dictionary: expected))
    // What came out is read as it is meant, although the number of words fits both layouts.
    let again = try bench.convert("out", "again", ConversionBench.restoring())
    #expect(again.isUnchanged)
    #expect(
      try bench.temporary.read("again/model.safetensors") == bench.temporary.read("out/model.safetensors")
    )
  }
}

/// F16 without the kernels: by the definition of its bits.
enum NaiveHalf {
  static func value(_ bits: UInt16) -> Double {
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
    let magnitude =
      exponent == 0
      ? fraction * 0x1p-24 : (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
    return bits >> 15 == 1 ? -magnitude : magnitude
  }

  /// The nearest, ties to even; of finite numbers that do not overflow.
  static func bits(_ value: Double) -> UInt16 {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    let magnitude = abs(value)
    if magnitude == 0 { return sign }
    let exponent = max(Int(magnitude.exponent), -14)
    let steps = (magnitude * Double(sign: .plus, exponent: 10 - exponent, significand: 1)).rounded(
      .toNearestOrEven
    )
    return sign | (UInt16(steps) &+ UInt16(exponent + 14) << 10)
  }
}
