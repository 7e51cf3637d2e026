import ModelIR
import TestSupport
import Testing

/// A pair of files of `Fixtures/gguf/types`: a tensor of blocks and the numbers that ggml makes of it.
struct GoldenBlocks {
  /// Rows of 512: 2 is all zero, 3 exactly 2:4 before quantization, 9 zero by 90 %.
  static let rows = 10
  /// The elements of a row.
  static let columns = 512

  /// The files' names without the extension, of all block types. Those with `-imat` were made with weights for the
  /// columns.
  static let names: [String] = GGMLType.allCases.filter { $0.elementType == nil }.map { type in
    let name = "\(type)".split(separator: "_").enumerated().map { index, part in
      // Only the K is in upper case.
      part == "K" && index == 1 ? "K" : part.lowercased()
    }.joined(separator: "_")
    return [.iq1_S, .iq2_XXS, .iq2_XS].contains(type) ? name + "-imat" : name
  }

  /// The type of the blocks.
  let type: GGMLType
  /// The blocks.
  let blocks: [UInt8]
  /// The numbers' bits, little-endian.
  let numbers: [UInt8]

  /// How many blocks.
  var blockCount: Int { blocks.count / type.blockBytes }

  /// Reads both files.
  init(_ name: String) throws {
    var file = Cursor(bytes: try Fixture.bytes("gguf/types/\(name).gguf"))
    try #require(file.integer(4) == 0x4655_4747)
    try #require(file.integer(4) == 3)
    try #require(file.integer(8) == 1)
    for _ in 0..<file.integer(8) {
      file.skipString()
      try file.skipValue()
    }
    file.skipString()
    try #require(file.integer(4) == 2)
    try #require(file.integer(8) == Self.columns)
    try #require(file.integer(8) == Self.rows)
    let type = try #require(GGMLType(rawValue: UInt32(file.integer(4))))
    let start = file.integer(8) + (file.position + 31) / 32 * 32
    self.type = type
    let length = Self.rows * Self.columns / type.blockElements * type.blockBytes
    blocks = Array(file.bytes[start..<start + length])

    var values = Cursor(bytes: try Fixture.bytes("gguf/types/\(name).safetensors"))
    let header = values.integer(8)
    numbers = Array(values.bytes[(8 + header)...])
    try #require(numbers.count == 4 * Self.rows * Self.columns)
  }

  /// Reads little-endian fields one after the other.
  private struct Cursor {
    let bytes: [UInt8]
    var position = 0

    mutating func integer(_ width: Int) -> Int {
      defer { position += width }
      return Int(bits(bytes, at: position, width: width))
    }

    mutating func skipString() {
      let length = integer(8)
      position += length
    }

    mutating func skipValue() throws {
      switch integer(4) {
      case 0, 1, 7: position += 1
      case 2, 3: position += 2
      case 4, 5, 6: position += 4
      case 8: skipString()
      case 10, 11, 12: position += 8
      case let kind: Issue.record("no value of type \(kind) is expected")
      }
    }
  }
}
