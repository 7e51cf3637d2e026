import ModelIR
import ONNX
import Testing

/// A graph whose quantization does not fit, and what is found.
struct FindingCase: Sendable, CustomTestStringConvertible {
  let graph: GraphCase
  let problem: KnowledgeFinding.Problem
  let text: String
  var testDescription: String { graph.testDescription }

  init(
    _ name: String,
    _ problem: KnowledgeFinding.Problem,
    _ text: String,
    _ build: (inout GraphBuilder) -> Void
  ) {
    graph = GraphCase(name, build)
    self.problem = problem
    self.text = text
  }
}

@Suite("Quantizations whose parts do not fit")
struct FindingTests {
  private static let blocks: [(String, ONNXAttribute.Value)] = [
    ("axis", .integer(0)), ("block_size", .integer(16)),
  ]

  static let cases: [FindingCase] = [
    FindingCase(
      "q_block_mismatch: three blocks where four are needed",
      .blockCount,
      #"tensor "s": 3 blocks along axis 0 (shape [3, 6]), needs 4 (shape [4, 6]) for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([64, 6], .int4, scale: [3, 6], blocks) },
    FindingCase(
      "q_scale_len: eight scales on an axis of 32",
      .scaleLength,
      #"tensor "s": 8 scales for axis 0, needs 32 for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([32, 8], .int8, scale: [8], [("axis", .integer(0))]) },
    FindingCase(
      "one block too many behind a partial one",
      .blockCount,
      #"tensor "s": 4 blocks along axis 0 (shape [4, 6]), needs 3 (shape [3, 6]) for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([33, 6], .int8, scale: [4, 6], blocks) },
    FindingCase(
      "blocks of another width",
      .scaleShape,
      #"tensor "s": shape [4, 5], needs shape [4, 6] for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([64, 6], .int4, scale: [4, 5], blocks) },
    FindingCase(
      "a matrix of scales without a block size",
      .scaleShape,
      #"tensor "s": shape [32, 8], needs one scale, or 8 for axis 1 for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([32, 8], .int8, scale: [32, 8]) },
    FindingCase(
      "an axis that the tensor does not have",
      .axis,
      #"tensor "s": axis 2, needs an axis of a tensor of rank 2 for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([32, 8], .int8, scale: [8], [("axis", .integer(2))]) },
    FindingCase(
      "an axis at the end of 64 bits",
      .axis,
      #"tensor "s": axis -9223372036854775808, needs an axis of a tensor of rank 2 for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([32, 8], .int8, scale: [8], [("axis", .integer(.min))]) },
    FindingCase(
      "a negative block size",
      .attribute,
      #"tensor "s": block_size -1, needs 1 or more for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([32, 8], .int8, scale: [8], [("block_size", .integer(-1))]) },
    FindingCase(
      "zero points of another number than scales",
      .zeroPointShape,
      #"tensor "z": shape [7], needs the scale's shape [8] for weight "w" of DequantizeLinear "dequantizelinear""#
    ) { $0.dequantized([32, 8], .int8, scale: [8], zero: [7]) },
    FindingCase(
      "QLinearConv with a scale per input channel",
      .scaleLength,
      #"tensor "s": 16 scales for axis 0, needs 8 for weight "w" of QLinearConv "qlinearconv""#
    ) {
      $0.tensor("w", [8, 16, 3, 3], .int8)
      $0.tensor("s", [16])
      $0.node("QLinearConv", "x xs xz w s z ys yz")
    },
    FindingCase(
      "MatMulInteger with a zero point per row of K",
      .zeroPointShape,
      #"tensor "z": 16 zero points for axis 1, needs 12 for weight "w" of MatMulInteger "matmulinteger""#
    ) {
      $0.tensor("w", [16, 12], .int8)
      $0.tensor("z", [16], .int8)
      $0.node("MatMulInteger", "x w - z")
    },
    FindingCase(
      "MatMulNBits with too few codes",
      .packedShape,
      #"tensor "w": shape [6, 1, 16], needs shape [6, 2, 16] of MatMulNBits "matmulnbits""#
    ) { $0.packed(shape: [6, 1, 16]) },
    FindingCase(
      "MatMulNBits with too few scales",
      .blockCount,
      #"tensor "s": 6 scales (shape [6, 1]), needs 12 (shape [6, 2]) for weight "w" of MatMulNBits "matmulnbits""#
    ) { $0.packed(scale: [6, 1]) },
    FindingCase(
      "MatMulNBits with unpacked bytes as zero points",
      .zeroPointShape,
      #"tensor "z": shape [6, 2], needs shape [6, 1] for weight "w" of MatMulNBits "matmulnbits""#
    ) { $0.packed(zero: ([6, 2], .uint8)) },
    FindingCase(
      "MatMulNBits with a block size that is no power of two",
      .attribute,
      #"tensor "w": N 6, K 64, bits 4, block_size 24, needs a matrix, 2 to 8 bits, a power of two from 16 of MatMulNBits "matmulnbits""#
    ) { $0.packed(block: 24) },
    FindingCase(
      "MatMulNBits beyond 64 bits",
      .attribute,
      #"tensor "w": N 9223372036854775807, K 9223372036854775807, bits 4, block_size 32, needs a matrix, 2 to 8 bits, a power of two from 16 of MatMulNBits "matmulnbits""#
    ) { $0.packed(n: .max, k: .max) },
    FindingCase(
      "MatMulBnb4 with too few scales",
      .blockCount,
      #"tensor "s": 2 scales (shape [2]), needs 3 (shape [3]) for weight "w" of MatMulBnb4 "matmulbnb4""#
    ) {
      $0.tensor("w", [96], .uint8)
      $0.tensor("s", [2])
      $0.runtime(
        "MatMulBnb4",
        "x w s",
        [("K", .integer(32)), ("N", .integer(6)), ("block_size", .integer(64)), ("quant_type", .integer(0))]
      )
    },
    FindingCase(
      "GatherBlockQuantized with too few blocks",
      .blockCount,
      #"tensor "s": 1 blocks along axis 1 (shape [100, 1]), needs 2 (shape [100, 2]) for weight "w" of GatherBlockQuantized "gatherblockquantized""#
    ) {
      $0.tensor("w", [100, 64], .uint4)
      $0.tensor("s", [100, 1])
      $0.runtime("GatherBlockQuantized", "w i s", [("block_size", .integer(32))])
    },
  ]

  @Test("A misfit is found, with tensor and node", arguments: cases)
  func finding(_ known: FindingCase) throws {
    let builder = known.graph.builder
    let knowledge = builder.knowledge
    let finding = try #require(knowledge.findings.first)
    #expect(knowledge.findings.count == 1)
    #expect(finding.problem == known.problem)
    #expect(finding.text(in: builder.model) == known.text)
    #expect(finding.weight == builder.number("w"))
  }
}
