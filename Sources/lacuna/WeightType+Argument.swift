public import ArgumentParser
public import CompressedTensors
internal import ModelIR
internal import Quantizing

/// The types that weights can be given, by the names that people write.
extension WeightType: ExpressibleByArgument {
  private static let plain: [(String, ElementType)] = [
    ("bf16", .bfloat16), ("f16", .float16), ("f32", .float32),
  ]

  /// Blocks that are stored in files: Q8_1 is for products at run time alone.
  private static let blocks = GGMLType.allCases.filter { BlockEncoder($0) != nil && $0 != .q8_1 }

  /// The type of a name in any case.
  public init?(argument: String) {
    let name = argument.lowercased()
    if let type = Self.plain.first(where: { $0.0 == name })?.1 {
      self = .plain(type)
    } else if let type = Self.blocks.first(where: { $0.name.lowercased() == name }) {
      self = .blocks(type)
    } else {
      return nil
    }
  }

  /// All names.
  public static var allValueStrings: [String] {
    plain.map(\.0) + blocks.map { $0.name.lowercased() }
  }
}
