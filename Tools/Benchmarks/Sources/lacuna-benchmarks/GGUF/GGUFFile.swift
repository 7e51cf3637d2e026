internal import ModelIR

/// Writes GGUF files apart from Lacuna's own writer: version 3, little-endian, data aligned to 32 bytes.
struct GGUFFile {
  /// A tensor of the file.
  struct Tensor {
    var name: String
    var type: GGMLType
    /// The extents, the fastest first.
    var dims: [UInt64]

    var byteCount: Int {
      Int(dims.reduce(1, *)) / type.blockElements * type.blockBytes
    }
  }

  private static let alignment = 32
  private var pairs: [UInt8] = []
  private var pairCount = 0

  /// A file of this architecture.
  init(architecture: String = "llama") { add(key: "general.architecture", text: architecture) }

  /// Writes a file whose tensors repeat `pattern`, a whole number of their blocks.
  static func write(_ tensors: [Tensor], pattern: [UInt8], to path: String) throws {
    let file = try OpenFile(path)
    try file.write(GGUFFile().header(tensors)[...])
    for tensor in tensors {
      var left = tensor.byteCount
      while left > 0 {
        let count = min(left, pattern.count)
        try file.write(pattern[..<count])
        left -= count
      }
      try file.write([UInt8](repeating: 0, count: padding(of: tensor.byteCount))[...])
    }
  }

  /// Writes the file with one hole for the data: for what reads headers only.
  func writeHollow(_ tensors: [Tensor], to path: String) throws {
    let file = try OpenFile(path)
    try file.write(header(tensors)[...])
    try file.skip(tensors.reduce(0) { $0 + $1.byteCount + Self.padding(of: $1.byteCount) })
  }

  /// Adds a text.
  mutating func add(key: String, text: String) {
    begin(key, type: 8)
    Self.append(text, to: &pairs)
  }

  /// Adds an array of texts.
  mutating func add(key: String, texts: [String]) {
    begin(key, type: 9)
    Self.append(8, bytes: 4, to: &pairs)
    Self.append(texts.count, bytes: 8, to: &pairs)
    for text in texts { Self.append(text, to: &pairs) }
  }

  /// Adds an array of signed integers of 32 bits.
  mutating func add(key: String, integers: [Int32]) {
    begin(key, type: 9)
    Self.append(5, bytes: 4, to: &pairs)
    Self.append(integers.count, bytes: 8, to: &pairs)
    for integer in integers { Self.append(Int(integer), bytes: 4, to: &pairs) }
  }

  private mutating func begin(_ key: String, type: Int) {
    pairCount += 1
    Self.append(key, to: &pairs)
    Self.append(type, bytes: 4, to: &pairs)
  }

  private func header(_ tensors: [Tensor]) -> [UInt8] {
    var bytes = Array("GGUF".utf8)
    Self.append(3, bytes: 4, to: &bytes)
    Self.append(tensors.count, bytes: 8, to: &bytes)
    Self.append(pairCount, bytes: 8, to: &bytes)
    bytes += pairs
    var offset = 0
    for tensor in tensors {
      Self.append(tensor.name, to: &bytes)
      Self.append(tensor.dims.count, bytes: 4, to: &bytes)
      for extent in tensor.dims { Self.append(Int(extent), bytes: 8, to: &bytes) }
      Self.append(Int(tensor.type.rawValue), bytes: 4, to: &bytes)
      Self.append(offset, bytes: 8, to: &bytes)
      offset += tensor.byteCount + Self.padding(of: tensor.byteCount)
    }
    return bytes + [UInt8](repeating: 0, count: Self.padding(of: bytes.count))
  }

  private static func padding(of count: Int) -> Int { (alignment - count % alignment) % alignment }

  private static func append(_ number: Int, bytes count: Int, to bytes: inout [UInt8]) {
    for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    append(text.utf8.count, bytes: 8, to: &bytes)
    bytes += text.utf8
  }
}
