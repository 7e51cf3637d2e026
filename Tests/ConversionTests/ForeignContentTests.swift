import Conversion
import ModelIR
import TestSupport
import Testing

@Suite("Files that are something else")
struct ForeignContentTests {
  @Test("a header whose length begins as a pickle does is a header", arguments: [640, 1152])
  func headerLengths(_ length: Int) throws {
    let temporary = try TemporaryFolder()
    var file = SafetensorsBuilder([.init("w", "F32", [1], [0, 0, 0, 1])])
    file.header += [UInt8](repeating: 0x20, count: length - file.header.count)
    try temporary.write(file.bytes, to: "in.safetensors")
    #expect(try OpenedModel(temporary.path("in.safetensors")).model.tensors.count == 1)
  }

  @Test("a pickle is refused", arguments: [[0x80, 0x02], [0x80, 0x04]] as [[UInt8]])
  func pickles(_ start: [UInt8]) throws {
    let temporary = try TemporaryFolder()
    try temporary.write(start + Array("}q\u{0}X".utf8) + [UInt8](repeating: 1, count: 60), to: "in.bin")
    #expect(throws: (any Error).self) { try OpenedModel(temporary.path("in.bin")) }
  }
}
