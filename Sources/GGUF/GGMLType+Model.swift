internal import ModelIR

extension GGMLType {
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
