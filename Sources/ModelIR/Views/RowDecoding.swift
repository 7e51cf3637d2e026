/// A matrix that is decoded while it is read, any rectangle of it on its own.
///
/// All axes but the last make its rows.
package protocol RowDecoding: Sendable {
  /// The rows.
  var rows: UInt64 { get }
  /// The elements of a row.
  var columns: UInt64 { get }
  /// The bytes of an element.
  var elementBytes: Int { get }

  /// Decodes a rectangle to `buffer` from its byte `start` on, row after row without gaps.
  /// - Throws: what reading throws, or a ``Fault`` for stored bits that mean nothing.
  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws
}

extension RowDecoding {
  /// The bytes of all elements; nil where they exceed 64 bits.
  package var byteCount: UInt64? {
    let (elements, overflow) = rows.multipliedReportingOverflow(by: columns)
    let (bytes, carry) = elements.multipliedReportingOverflow(by: UInt64(elementBytes))
    return overflow || carry ? nil : bytes
  }

  /// Decodes a rectangle to a buffer of its own.
  package func decoded(_ rows: Range<UInt64>, _ columns: Range<UInt64>) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: rows.count * columns.count * elementBytes)
    try decode(rows, columns, into: &buffer, startingAt: 0)
    return buffer
  }
}
