import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("MXFP4 exponents of before 0.14")
struct SmallExponentTests {
  typealias Entry = SafetensorsBuilder.Entry

  /// A module of one group for each exponent, 64 codes a row.
  static func module(_ exponents: [UInt8]) -> [Entry] {
    let rows = UInt64(exponents.count / 2)
    return [
      // 0, .5, 1 ... in the low halves, their negatives in the high ones.
      Entry(
        "m.weight_packed",
        "U8",
        [rows, 32],
        (0..<Int(rows) * 32).map { UInt8($0 % 8) | UInt8($0 % 8 + 8) << 4 }
      ),
      Entry("m.weight_scale", "U8", [rows, 2], exponents),
    ]
  }

  static func config(_ version: String?) -> String {
    let version = version.map { "\"version\": \"\($0)\", " } ?? ""
    return """
      {"quantization_config": {\(version)"quant_method": "compressed-tensors", "format": "mxfp4-pack-quantized",
       "quantization_status": "compressed", "config_groups": {"MXFP4": ["Linear"]}}}
      """
  }

  @Test(
    "the version tells, no version means that they are right, and what the user says goes first",
    arguments: [
      ("0.13.0", nil, true), ("0.12.3a2", nil, true), ("0.14.0", nil, false), ("0.20.0", nil, false),
      (nil, nil, false), ("0.13.0", .rightExponents, false), ("0.20.0", .smallExponents, true),
      (nil, .smallExponents, true),
    ] as [(String?, Assumptions.Item?, Bool)]
  )
  func version(_ version: String?, _ assumption: Assumptions.Item?, _ isSmall: Bool) throws {
    let stored: [UInt8] = [0, 1, 100, 125, 126, 127, 128, 252]
    var resolved = try ResolvedModel(
      Self.module(stored),
      config: Self.config(version),
      assuming: assumption.map { [$0] } ?? []
    )
    #expect(resolved.checkpoint.facts.hasSmallExponents == isSmall)
    #expect(try resolved.read("m.weight_scale").data == stored.map { isSmall ? $0 + 2 : $0 })
    #expect(try resolved.read("m.weight_packed").data == Self.module(stored)[0].data)
    // 1.0 is the third code.
    _ = try resolved.dequantize(to: .float32)
    let numbers = try resolved.read("m.weight").elements.map { Float(bitPattern: UInt32($0)) }
    for (group, exponent) in stored.enumerated() where exponent > 0 {
      let expected = Float(sign: .plus, exponent: Int(exponent) + (isSmall ? 2 : 0) - 127, significand: 1)
      #expect(numbers[group * 32 + 4] == expected, "\(exponent)")
      #expect(numbers[group * 32 + 5] == -expected, "\(exponent)")
    }
  }

  @Test("NaN stays, and what would become NaN is refused where it stands, when it is read")
  func limits() throws {
    let stored: [UInt8] = [255, 0, 252, 255]
    let resolved = try ResolvedModel(Self.module(stored), config: Self.config("0.13.0"))
    #expect(try resolved.read("m.weight_scale").data == [255, 2, 254, 255])
    for (place, exponent) in [(0, 253), (3, 254), (4, 253)] as [(Int, UInt8)] {
      var stored: [UInt8] = [1, 2, 3, 4, 5, 6]
      stored[place] = exponent
      let resolved = try ResolvedModel(Self.module(stored), config: Self.config("0.13.0"))
      let fault = #expect(throws: PartFault.self) { try resolved.read("m.weight_scale") }
      #expect(fault?.rule == .badExponent(row: UInt64(place / 2), column: UInt64(place % 2)))
      #expect(fault?.tensor == "m.weight_scale")
      #expect(fault?.file == "model.safetensors")
      // Where exponents are right, these are too.
      let today = try ResolvedModel(Self.module(stored), config: Self.config("0.20.0"))
      #expect(try today.read("m.weight_scale").data == stored)
    }
  }
}
