internal import ModelIR

extension GGMLType {
  /// The whole bits of a code, scales and minimums not counted: 4 for Q4_0 and Q4_K, 1 for a ternary digit
  /// of TQ1_0.
  var codeBits: Int {
    switch self {
    case .f16, .bf16, .i16: 16
    case .f32, .i32: 32
    case .f64, .i64: 64
    case .i8, .q8_0, .q8_1, .q8_K: 8
    case .q6_K: 6
    case .q5_0, .q5_1, .q5_K: 5
    case .q4_0, .q4_1, .q4_K, .iq4_NL, .iq4_XS, .mxfp4, .nvfp4: 4
    case .q3_K, .iq3_XXS, .iq3_S: 3
    case .q2_K, .iq2_XXS, .iq2_XS, .iq2_S, .tq2_0, .q2_0: 2
    case .iq1_S, .iq1_M, .tq1_0, .q1_0: 1
    }
  }

  /// The fields of a block whose bytes big-endian files have in the other order; nil for types whose
  /// big-endian form nothing writes.
  ///
  /// (llama.cpp, `gguf-py/gguf/scripts/gguf_convert_endian.py`; its plain types by their width.)
  var swappedFields: [SwappedField]? {
    switch self {
    case .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64: [SwappedField(start: 0, width: blockBytes)]
    case .q4_0, .q8_0: [SwappedField(start: 0, width: 2)]
    case .q4_K: [SwappedField(start: 0, width: 2), SwappedField(start: 2, width: 2)]
    case .q6_K: [SwappedField(start: 208, width: 2)]
    case .mxfp4, .nvfp4: []
    default: nil
    }
  }
}

/// A field of a block whose bytes are turned round.
struct SwappedField: Sendable, Hashable {
  /// Where it starts in the block.
  var start: Int
  /// Its bytes.
  var width: Int
}
