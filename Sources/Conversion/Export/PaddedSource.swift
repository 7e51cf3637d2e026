internal import ModelIR
internal import Safetensors

/// A file that was cut short, read as if zeros followed.
struct PaddedSource: ByteSource {
  private let source: any ByteSource
  let byteCount: UInt64

  var displayName: String { source.displayName }

  /// A safetensors file as long as its header says; the file itself where it is.
  /// - Throws: what the source throws, and for a header that is cut short itself ``SafetensorsFault``.
  static func completing(_ source: any ByteSource) throws -> any ByteSource {
    let endless = PaddedSource(source: source, byteCount: 1 << 62)
    do {
      _ = try SafetensorsHeader.read(from: endless)
    } catch let fault as SafetensorsFault {
      guard case .trailingBytes(let rest) = fault.rule, (1 << 62) - rest > source.byteCount else {
        return source
      }
      return PaddedSource(source: source, byteCount: (1 << 62) - rest)
    }
    return source
  }

  func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
    guard offset <= byteCount, UInt64(count) <= byteCount - offset else {
      throw SourceEndFault(source: displayName, offset: offset, count: count, byteCount: byteCount)
    }
    let there = offset < source.byteCount ? Int(min(UInt64(count), source.byteCount - offset)) : 0
    if there > 0 { try source.read(there, at: offset, into: &buffer, startingAt: start) }
    var place = start + there
    while place < start + count {
      buffer[place] = 0
      place &+= 1
    }
  }

  func rest() throws { try source.rest() }
}
