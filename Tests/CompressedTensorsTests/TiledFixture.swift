import ModelIR
import TestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A tensor of a reference file.
struct FixtureTensor {
  let type: ElementType
  let shape: Shape
  let bytes: [UInt8]

  /// What a decoder is told of it.
  var described: (ElementType, Shape) { (type, shape) }

  /// The tensors of a safetensors file of `Fixtures/compressed-tensors`, by name.
  static func all(of name: String) throws -> [String: FixtureTensor] {
    struct Entry: Decodable {
      var dtype: String?
      var shape: [UInt64]?
      var data_offsets: [Int]?
    }
    let file = try Fixture.bytes("compressed-tensors/" + name)
    let length = littleEndian(file[0..<8])
    let dataStart = 8 + Int(length)
    let header = try JSONDecoder().decode([String: Entry].self, from: Data(file[8..<dataStart]))
    return header.compactMapValues { entry in
      guard let type = entry.dtype.flatMap(ElementType.init(name:)),
        let shape = entry.shape.flatMap(Shape.init),
        let offsets = entry.data_offsets
      else { return nil }
      let bytes = Array(file[(dataStart + offsets[0])..<(dataStart + offsets[1])])
      return FixtureTensor(type: type, shape: shape, bytes: bytes)
    }
  }
}

/// The number that these bytes are, the lowest first.
func littleEndian(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

/// The lowest `width` bytes of a number, the lowest first.
func littleEndianBytes(of number: UInt64, width: Int) -> [UInt8] {
  (0..<width).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
}
