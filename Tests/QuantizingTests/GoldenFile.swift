import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The tensors of a safetensors file of the fixtures.
struct GoldenFile {
  /// A tensor of the file.
  struct Tensor {
    let type: String
    let shape: [Int]
    let bytes: [UInt8]
  }

  private struct Entry: Decodable {
    // A member of `__metadata__` could be named like these, but none is.
    let dtype: String?
    let shape: [Int]?
    let data_offsets: [Int]?
  }

  private let tensors: [String: Tensor]
  private let name: String

  /// Reads `Fixtures/compressed-tensors/<folder>/<file>.safetensors`.
  init(_ folder: String, _ file: String) throws {
    name = "\(folder)/\(file)"
    let bytes = try Fixture.bytes("compressed-tensors/\(name).safetensors")
    let start = 8 + Int(bits(bytes, at: 0, width: 8))
    let header = try JSONDecoder().decode([String: Entry].self, from: Data(bytes[8..<start]))
    tensors = header.compactMapValues { entry in
      guard let type = entry.dtype, let shape = entry.shape, let range = entry.data_offsets else {
        return nil
      }
      return Tensor(type: type, shape: shape, bytes: Array(bytes[start + range[0]..<start + range[1]]))
    }
  }

  /// A tensor that must be there.
  func tensor(_ tensor: String) throws -> Tensor {
    try #require(tensors[tensor], "\(name) has no \(tensor)")
  }

  /// A tensor, if it is there.
  func tensorIfPresent(_ tensor: String) -> Tensor? { tensors[tensor] }
}
