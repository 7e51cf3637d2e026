/// Bytes that can be read in ranges, in any order, from several threads.
public protocol ByteSource: Sendable {
  /// How many bytes there are.
  var byteCount: UInt64 { get }

  /// What messages call it: a path, usually.
  var displayName: String { get }

  /// Copies `count` bytes from `offset` on into `buffer`, starting at its index `start`.
  ///
  /// `buffer` must already be at least `start + count` bytes long; the rest of it is left alone.
  /// - Throws: a ``Fault`` if the bytes cannot be read, or are no longer there.
  func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws

  /// Says that no reads will come for a while, so that what reading needs (a file descriptor) can be given
  /// back.
  /// - Throws: a ``Fault`` if the bytes changed since they were first seen.
  func rest() throws
}

/// Bytes in memory.
public struct MemorySource: ByteSource {
  private let bytes: [UInt8]
  /// What messages call it.
  public let displayName: String

  /// A source of these bytes.
  public init(_ bytes: [UInt8], named displayName: String) {
    self.bytes = bytes
    self.displayName = displayName
  }

  /// How many bytes there are.
  public var byteCount: UInt64 { UInt64(bytes.count) }

  /// Copies bytes out, see ``ByteSource``.
  public func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws
  {
    guard offset <= UInt64(bytes.count), UInt64(count) <= UInt64(bytes.count) - offset else {
      throw SourceEndFault(source: displayName, offset: offset, count: count, byteCount: byteCount)
    }
    let first = Int(offset)
    buffer.replaceSubrange(start..<(start + count), with: bytes[first..<(first + count)])
  }

  /// Does nothing: memory needs nothing to be read.
  public func rest() throws {}
}

/// A read that went past the end of its source.
public struct SourceEndFault: Fault {
  let source: String
  let offset: UInt64
  let count: Int
  let byteCount: UInt64

  /// A read of `count` bytes at `offset` of a source that has `byteCount`.
  public init(source: String, offset: UInt64, count: Int, byteCount: UInt64) {
    self.source = source
    self.offset = offset
    self.count = count
    self.byteCount = byteCount
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: source,
      "\(count) bytes are needed here and the data ends at byte \(byteCount)",
      offset: offset
    )
  }
}
