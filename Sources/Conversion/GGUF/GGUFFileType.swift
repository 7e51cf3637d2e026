internal import CompressedTensors
internal import GGUF
internal import ModelIR

/// What metadata say of the type that most weights of a model have. (llama.cpp, `include/llama.h`, `llama_ftype`;
/// `ggml.h`, `GGML_QNT_VERSION`.)
struct GGUFFileType {
  /// The key.
  static let key = "general.file_type"
  /// Says which generation of blocks there are.
  static let versionKey = "general.quantization_version"
  private static let version: UInt64 = 2
  /// The number that stands for the type.
  let number: UInt64
  private let isBlocked: Bool

  /// The file type of weights of this type; nil where there is none.
  init?(_ type: WeightType) {
    switch type {
    case .plain(.float32): number = 0
    case .plain(.float16): number = 1
    case .plain(.bfloat16): number = 32
    case .blocks(.q4_0): number = 2
    case .blocks(.q4_1): number = 3
    case .blocks(.q8_0): number = 7
    case .blocks(.q5_0): number = 8
    case .blocks(.q5_1): number = 9
    case .blocks(.q4_K): number = 14
    case .blocks(.q5_K): number = 16
    case .blocks(.q6_K): number = 18
    case .blocks(.tq1_0): number = 36
    case .blocks(.tq2_0): number = 37
    case .blocks(.mxfp4): number = 38
    case .blocks(.nvfp4): number = 39
    case .blocks(.q1_0): number = 40
    case .blocks(.q2_0): number = 41
    default: return nil
    }
    isBlocked = if case .blocks = type { true } else { false }
  }

  /// Puts the number in the place of the old one; where there is none, only a model of blocks is given
  /// one.
  func replace(in items: inout [MetadataItem]) {
    set(Self.key, number, in: &items)
    if isBlocked { set(Self.versionKey, Self.version, in: &items) }
  }

  private func set(_ key: String, _ number: UInt64, in items: inout [MetadataItem]) {
    let item = MetadataItem.new(key: key, value: .unsigned(number, bits: 32))
    if let place = items.firstIndex(where: { $0.hasKey(key) }) {
      items[place] = item
    } else if isBlocked {
      items.append(item)
    }
  }
}
