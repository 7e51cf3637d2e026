import ModelIR
import Testing

@Suite("MemorySource")
struct MemorySourceTests {
  let source = MemorySource([10, 11, 12, 13], named: "memory")

  static let inside: [(count: Int, offset: UInt64, start: Int, buffer: [UInt8])] = [
    (4, 0, 0, [10, 11, 12, 13, 0, 0]), (2, 1, 3, [0, 0, 0, 11, 12, 0]), (1, 3, 5, [0, 0, 0, 0, 0, 13]),
    (0, 0, 0, [0, 0, 0, 0, 0, 0]), (0, 4, 6, [0, 0, 0, 0, 0, 0]),
  ]

  @Test("A read fills its range of the buffer and leaves the rest alone", arguments: inside)
  func reads(count: Int, offset: UInt64, start: Int, buffer: [UInt8]) throws {
    var found = [UInt8](repeating: 0, count: 6)
    try source.read(count, at: offset, into: &found, startingAt: start)
    #expect(found == buffer)
    #expect(source.byteCount == 4)
    try source.rest()
  }

  @Test(
    "A read past the end is refused",
    arguments: [(5, 0), (1, 4), (2, 3), (1, .max), (0, 5)] as [(Int, UInt64)]
  )
  func readsPastTheEnd(count: Int, offset: UInt64) throws {
    var buffer = [UInt8](repeating: 7, count: 8)
    let fault = #expect(throws: SourceEndFault.self) {
      try source.read(count, at: offset, into: &buffer, startingAt: 0)
    }
    #expect(fault?.diagnosis.kind == .badData)
    #expect(fault?.diagnosis.file == "memory")
    #expect(fault?.diagnosis.offset == offset)
    #expect(buffer == [UInt8](repeating: 7, count: 8))
  }
}
