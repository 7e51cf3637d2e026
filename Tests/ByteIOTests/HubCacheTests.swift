import ByteIO
import TestSupport
import Testing

/// A model as huggingface_hub keeps it: `blobs/DIGEST`, and links to it in `snapshots/REVISION`.
@Suite("Hub cache")
struct HubCacheTests {
  static let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  static let snapshot = "hub/models--a--b/snapshots/1234"

  let temporary: TemporaryFolder

  init() throws {
    temporary = try TemporaryFolder()
    try temporary.createFolder(Self.snapshot)
    try temporary.createFolder("hub/models--a--b/blobs/below")
    try temporary.createFolder("hub/models--other/blobs")
    try temporary.write("abc", to: "hub/models--a--b/blobs/\(Self.digest)")
    try temporary.write("abc", to: "hub/models--a--b/blobs/below/\(Self.digest)")
    try temporary.write("abc", to: "hub/models--other/blobs/\(Self.digest)")
    try temporary.write("abc", to: "hub/models--a--b/outside")
  }

  func open(_ target: String) throws -> InputFile {
    try temporary.link("\(Self.snapshot)/model.safetensors", to: target)
    return try Folder(temporary.path(Self.snapshot)).open("model.safetensors")
  }

  @Test("A snapshot's link into the blobs beside it is followed")
  func blob() throws {
    let file = try open("../../blobs/\(Self.digest)")
    #expect(file.byteCount == 3)
    #expect(file.displayName == temporary.path("\(Self.snapshot)/model.safetensors"))
  }

  @Test("So is a link in a folder of the snapshot, however deep")
  func folderInSnapshot() throws {
    try temporary.createFolder("\(Self.snapshot)/onnx/more")
    try temporary.link("\(Self.snapshot)/onnx/more/file", to: "../../../../blobs/\(Self.digest)")
    #expect(try Folder(temporary.path("\(Self.snapshot)/onnx/more")).open("file").byteCount == 3)
    try temporary.link("\(Self.snapshot)/onnx/more/other", to: "../../../../outside")
    #expect(throws: FolderFault.self) {
      try Folder(temporary.path("\(Self.snapshot)/onnx/more")).open("other")
    }
  }

  @Test("It is followed through a link to the snapshot too")
  func linkedSnapshot() throws {
    try temporary.link("\(Self.snapshot)/model.safetensors", to: "../../blobs/\(Self.digest)")
    try temporary.link("model", to: Self.snapshot)
    #expect(try Folder(temporary.path("model")).open("model.safetensors").byteCount == 3)
  }

  @Test(
    "Links to anywhere else are not",
    arguments: [
      "../../outside", "../../blobs/below/\(digest)", "../../../models--other/blobs/\(digest)",
      "../../blobs/../outside",
    ]
  )
  func elsewhere(target: String) throws {
    #expect(throws: FolderFault.self) { try open(target) }
  }

  @Test("Blobs beside a folder that is no snapshot are not its own")
  func noSnapshot() throws {
    try temporary.createFolder("model")
    try temporary.link("model/file", to: "../hub/models--a--b/blobs/\(Self.digest)")
    #expect(throws: FolderFault.self) { try Folder(temporary.path("model")).open("file") }
  }

  @Test("A blob's name is the digest of its file, if it is a SHA-256")
  func blobDigest() throws {
    try temporary.link("\(Self.snapshot)/large", to: "../../blobs/\(Self.digest)")
    try temporary.write("abc", to: "hub/models--a--b/blobs/a9993e364706816aba3e25717850c26c9cd0d89d")
    try temporary.link("\(Self.snapshot)/small", to: "../../blobs/a9993e364706816aba3e25717850c26c9cd0d89d")
    func digest(_ name: String) -> String? { Folder.blobDigest(ofFileAt: temporary.path(name)) }
    #expect(digest("\(Self.snapshot)/large") == Self.digest)
    #expect(digest("hub/models--a--b/blobs/\(Self.digest)") == Self.digest)
    #expect(digest("\(Self.snapshot)/small") == nil)
    #expect(digest("hub/models--a--b/blobs/below/\(Self.digest)") == nil)
    #expect(digest("\(Self.snapshot)/none") == nil)
  }
}
