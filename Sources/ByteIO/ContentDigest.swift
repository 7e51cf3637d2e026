internal import Crypto
public import ModelIR

/// SHA-256 over a tensor's type, shape and dense bytes, or over a file: how two of them are compared.
///
/// For a tensor: the type's name, NUL, the extents in decimal joined by commas, NUL, the dense little-endian
/// bytes; for ggml's blocks their type, the extents in elements, and the blocks. It is the same for every container and layout.
public struct ContentDigest {
  private var hash = SHA256()

  /// A digest of bytes alone.
  public init() {}

  /// A digest of a tensor of this type and shape; its dense bytes come next.
  public init(elementType: ElementType, shape: Shape) { self.init(typeName: elementType.name, shape) }

  /// A digest of blocks of this type, whose elements have this shape; the blocks come next.
  public init(blockType: GGMLType, shape: Shape) { self.init(typeName: blockType.name, shape) }

  private init(typeName: String, _ shape: Shape) {
    var head = Array(typeName.utf8)
    head.append(0)
    head.append(contentsOf: shape.extents.map(String.init).joined(separator: ",").utf8)
    head.append(0)
    hash.update(data: head)
  }

  /// Adds bytes.
  public mutating func update(_ bytes: ArraySlice<UInt8>) { hash.update(data: bytes) }

  /// The digest so far, in lower-case hexadecimal.
  public func hexadecimal() -> String { Self.hexadecimal(hash.finalize()) }

  /// The digest so far in base64, as policies of web pages have it.
  public func base64() -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let bytes = Array(hash.finalize())
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[start + $1]) : 0) }
      for place in 0..<4 {
        text.append(place <= group.count ? letters[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The digest of all bytes of a source, read in pieces of 1 MiB.
  /// - Throws: what the source throws.
  public static func ofAllBytes(
    of source: any ByteSource,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> String {
    var digest = ContentDigest()
    try forEachPiece(of: source) { piece in
      digest.update(piece)
      try progress(piece.count)
    }
    return digest.hexadecimal()
  }

  /// The SHA-1 of all bytes of a source, which ONNX declares for files of external data. It tells accidents only.
  /// - Throws: what the source throws.
  public static func sha1OfAllBytes(
    of source: any ByteSource,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> String {
    var hash = Insecure.SHA1()
    try forEachPiece(of: source) { piece in
      hash.update(data: piece)
      try progress(piece.count)
    }
    return hexadecimal(hash.finalize())
  }

  private static func forEachPiece(
    of source: any ByteSource,
    _ body: (ArraySlice<UInt8>) throws -> Void
  ) throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var offset: UInt64 = 0
    while offset < source.byteCount {
      let count = Int(min(UInt64(buffer.count), source.byteCount - offset))
      try source.read(count, at: offset, into: &buffer, startingAt: 0)
      try body(buffer[..<count])
      offset += UInt64(count)
    }
  }
}
