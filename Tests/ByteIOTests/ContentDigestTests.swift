import ByteIO
import ModelIR
import Testing

/// The expected digests come from Python's hashlib.
@Suite("ContentDigest")
struct ContentDigestTests {
  @Test("A digest of bytes alone is their SHA-256")
  func bytes() {
    var digest = ContentDigest()
    #expect(digest.hexadecimal() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    digest.update(Array("ab".utf8)[...])
    digest.update(Array("xcx".utf8)[1..<2])
    #expect(digest.hexadecimal() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  static let tensors: [(type: ElementType, extents: [UInt64], bytes: [UInt8], digest: String)] = [
    (.bfloat16, [2, 3], Array(0..<12), "87c82ec80b96dd9974a4bac1fac5b9dbe1c876ea913a000ee99595ec4c830459"),
    (.float32, [], [1, 2, 3, 4], "f99a41249756e50afc3f0fa2ce9e73460f0eecf989acdf190c809841876d2ad3"),
  ]

  @Test("A tensor's digest starts with its type and shape", arguments: tensors)
  func tensor(type: ElementType, extents: [UInt64], bytes: [UInt8], digest: String) throws {
    var found = ContentDigest(elementType: type, shape: try #require(Shape(extents)))
    found.update(bytes[...])
    #expect(found.hexadecimal() == digest)
  }

  @Test("Type and shape make a difference where the bytes make none")
  func distinct() throws {
    let kinds: [(ElementType, [UInt64])] = [
      (.int16, [2, 3]), (.int16, [3, 2]), (.int16, [6]), (.int16, [23]), (.uint16, [2, 3]),
      (.int16, [2, 3, 1]),
      (.int16, []),
    ]
    let digests = try kinds.map { type, extents in
      ContentDigest(elementType: type, shape: try #require(Shape(extents))).hexadecimal()
    }
    #expect(Set(digests).count == kinds.count)
  }

  @Test("All bytes of a source are read in pieces, whose sizes add up")
  func source() throws {
    let bytes = (0..<(3 * 1_048_576 + 5)).map { UInt8($0 % 251) }
    var read = 0
    let digest = try ContentDigest.ofAllBytes(of: MemorySource(bytes, named: "memory")) { read += $0 }
    #expect(digest == "b01669d77761c4dfdfc8fb927821087bcf5c9ef1f917c4f1f8504e529f19edab")
    #expect(read == bytes.count)
    let empty = try ContentDigest.ofAllBytes(of: MemorySource([], named: "memory"))
    #expect(empty == ContentDigest().hexadecimal())
  }

  @Test("Progress that throws stops the reading")
  func progressThrows() {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try ContentDigest.ofAllBytes(of: MemorySource([1], named: "memory")) { _ in throw Stop() }
    }
  }
}
