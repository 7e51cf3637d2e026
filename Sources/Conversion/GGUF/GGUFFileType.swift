internal import GGUF
internal import ModelIR

/// What `general.file_type` is for models whose weights have one plain type. (llama.cpp, `include/llama.h`,
/// `llama_ftype`.)
struct GGUFFileType {
  /// The key.
  static let key = "general.file_type"
  /// The number that stands for the type.
  let number: UInt64

  /// The file type of weights of this type; nil where there is none.
  init?(_ type: ElementType) {
    switch type {
    case .float32: number = 0
    case .float16: number = 1
    case .bfloat16: number = 32
    default: return nil
    }
  }

  /// Puts the number in the place of the old one, if there is one.
  func replace(in items: inout [MetadataItem]) {
    guard let place = items.firstIndex(where: { $0.hasKey(Self.key) }) else { return }
    items[place] = .new(key: Self.key, value: .unsigned(number, bits: 32))
  }
}
