import ModelIR
import ONNX
import Testing

/// Weights whose codes share bytes as their operator demands.
extension QuantizationTests {
  static let packed: [QuantizationCase] = [
    QuantizationCase(
      "MatMulNBits without zero points",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "8",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) { $0.packed() },
    QuantizationCase(
      "MatMulNBits, scales flat, zero points packed, a last block cut short",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "z",
      packing: .blocks,
      logicalShape: [6, 90],
      axes: [1]
    ) { $0.packed(k: 90, shape: [6, 3, 16], scale: [18], zero: ([12], .uint8)) },
    QuantizationCase(
      "MatMulNBits of two bits, zero points as floats",
      .operand,
      .blocked(axis: 1, size: 16),
      bits: 2,
      zero: "z",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) { $0.packed(bits: 2, block: 16, shape: [6, 4, 4], scale: [6, 4], zero: ([6, 4], .float)) },
    QuantizationCase(
      "MatMulNBits of three bits: blocks are whole bytes",
      .operand,
      .blocked(axis: 1, size: 16),
      bits: 3,
      zero: "4",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) { $0.packed(bits: 3, block: 16, shape: [6, 4, 6], scale: [6, 4]) },
    QuantizationCase(
      "MatMulNBitsQkv, the third weight",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "8",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) {
      $0.tensor("w", [6, 2, 16], .uint8)
      $0.tensor("s", [6, 2])
      $0.runtime(
        "MatMulNBitsQkv",
        "x - n q qs - k ks - w s",
        [("K", .integer(64)), ("Nq", .integer(12)), ("Nkv", .integer(6)), ("block_size", .integer(32))]
      )
    },
    QuantizationCase(
      "MatMulNBitsMlp, the second weight",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "8",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) {
      $0.tensor("w", [6, 2, 16], .uint8)
      $0.tensor("s", [6, 2])
      $0.runtime(
        "MatMulNBitsMlp",
        "x - n g gs - w s",
        [("K", .integer(64)), ("N", .integer(6)), ("block_size", .integer(32))]
      )
    },
    QuantizationCase(
      "MatMulBnb4 in NF4",
      .operand,
      .flatRuns(size: 64),
      bits: 4,
      zero: "7",
      packing: .flat,
      logicalShape: [6, 32],
      axes: [1]
    ) {
      $0.tensor("w", [96], .uint8)
      $0.tensor("s", [3])
      $0.runtime(
        "MatMulBnb4",
        "x w s",
        [("K", .integer(32)), ("N", .integer(6)), ("block_size", .integer(64)), ("quant_type", .integer(1))]
      )
    },
    QuantizationCase(
      "MatMulBlockQuantizedFp4Weight",
      .operand,
      .blocked(axis: 1, size: 16),
      bits: 4,
      packing: .rows,
      logicalShape: [12, 64],
      axes: [1]
    ) {
      $0.tensor("w", [12, 32], .uint8)
      $0.tensor("s", [12, 4], .uint8)
      $0.tensor("g", [])
      $0.runtime("MatMulBlockQuantizedFp4Weight", "x w s g", [("block_size", .integer(16))])
    },
    QuantizationCase(
      "GatherBlockQuantized of bytes",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "8",
      packing: .rows,
      logicalShape: [100, 64],
      axes: []
    ) {
      $0.tensor("w", [100, 32], .uint8)
      $0.tensor("s", [100, 2])
      $0.runtime("GatherBlockQuantized", "w i s", [("bits", .integer(4)), ("block_size", .integer(32))])
    },
    QuantizationCase(
      "GatherBlockQuantized of uint4",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      axes: []
    ) {
      $0.tensor("w", [100, 64], .uint4)
      $0.tensor("s", [100, 2])
      $0.runtime("GatherBlockQuantized", "w i s", [("block_size", .integer(32))])
    },
    QuantizationCase(
      "QMoE in blocks",
      .operand,
      .blocked(axis: 2, size: 32),
      bits: 4,
      zero: "8",
      packing: .rows,
      logicalShape: [2, 12, 64],
      axes: [2]
    ) {
      $0.tensor("w", [2, 12, 32], .uint8)
      $0.tensor("s", [2, 12, 2])
      $0.runtime(
        "QMoE",
        "x p - - - w s",
        [("expert_weight_bits", .integer(4)), ("block_size", .integer(32))]
      )
    },
    QuantizationCase(
      "QMoE per row, its own bits",
      .operand,
      .blockShape([1, 1, 32]),
      zero: "128",
      packing: .rows,
      logicalShape: [2, 12, 32],
      axes: [2]
    ) {
      $0.tensor("w", [2, 12, 32], .uint8)
      $0.tensor("s", [2, 12])
      $0.runtime("QMoE", "x p w s", [("fc1_expert_weight_bits", .integer(8))])
    },
  ]
}
