import Dialect
import ModelIR
import TestSupport
import Testing

@Suite("How GGUF lists parts")
struct PartFormTests {
  @Test("elements keep their width, and are signed if they are integers")
  func types() {
    for (type, listed) in [
      (ElementType.uint8, ElementType.int8), (.uint16, .int16), (.uint32, .int32), (.uint64, .int64),
      (.int8, .int8), (.int16, .int16), (.int32, .int32), (.int64, .int64), (.float16, .float16),
      (.bfloat16, .bfloat16), (.float32, .float32), (.float64, .float64),
    ] {
      #expect(PartForm.gguf.type(of: type) == listed)
      #expect(PartForm.safetensors.type(of: type) == type)
    }
    for name in ["BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0", "C64", "F4"] {
      let type = ElementType(name: name)
      #expect(type != nil)
      #expect(type.flatMap(PartForm.gguf.type(of:)) == nil, "\(name)")
    }
  }

  @Test(
    "beyond four axes the outermost ones are one",
    arguments: [
      ([], []), ([7], [7]), ([1, 2, 3, 4], [1, 2, 3, 4]), ([2, 3, 4, 5, 6], [6, 4, 5, 6]),
      ([2, 3, 4, 5, 6, 7], [24, 5, 6, 7]), ([0, 1 << 63, 2, 3, 4], [0, 2, 3, 4]),
      ([1 << 62, 2, 0, 9, 1, 9], [0, 9, 1, 9]),
    ] as [([UInt64], [UInt64])]
  )
  func shapes(_ extents: [UInt64], _ listed: [UInt64]) throws {
    let shape = try #require(Shape(extents))
    #expect(PartForm.gguf.shape(of: shape).extents == listed)
    #expect(PartForm.gguf.shape(of: shape).elementCount == shape.elementCount)
    #expect(PartForm.safetensors.shape(of: shape) == shape)
  }

  @Test("suffixes are short, and no two are the same")
  func names() {
    let names = PartRole.allCases.map { PartForm.gguf.name($0, of: "w").text }
    #expect(Set(names) == ["w.bm", "w.v", "w.cr", "w.ci", "w.nv", "w.ni"])
    #expect(names.count == 6)
  }

  private static let bitmask =
    #"{"tensors":[{"name":"a","dtype":"U16","shape":[2,9],"layout":"bitmask","parts":{"bitmask":"m","values":"v"}}]}"#
  private static let csr =
    #"{"tensors":[{"name":"a","dtype":"F32","shape":[2,9],"layout":"csr","parts":{"crow_indices":"r","col_indices":"c","values":"v"}}]}"#
  private static let dense =
    #"{"tensors":[{"name":"long","alias":"s","dtype":"I8","shape":[2,1,3,1,4],"layout":"dense"}]}"#

  @Test(
    "parts have the types and shapes of the container",
    arguments: [
      ("none", bitmask, [("m", .int8, [2, 2]), ("v", .int16, [5])]),
      ("partType", bitmask, [("m", .uint8, [2, 2]), ("v", .int16, [5])]),
      ("partType", bitmask, [("m", .int8, [2, 2]), ("v", .uint16, [5])]),
      ("partType", bitmask, [("m", .int8, [2, 2]), ("v", .float16, [5])]),
      ("partShape", bitmask, [("m", .int8, [4]), ("v", .int16, [5])]),
      ("none", csr, [("r", .int32, [3]), ("c", .int8, [5]), ("v", .float32, [5])]),
      ("none", csr, [("r", .int64, [3]), ("c", .int32, [5]), ("v", .float32, [5])]),
      ("partType", csr, [("r", .int16, [3]), ("c", .int8, [5]), ("v", .float32, [5])]),
      ("partType", csr, [("r", .uint32, [3]), ("c", .int8, [5]), ("v", .float32, [5])]),
      ("partType", csr, [("r", .int32, [3]), ("c", .int64, [5]), ("v", .float32, [5])]),
      ("partType", csr, [("r", .int32, [3]), ("c", .float32, [5]), ("v", .float32, [5])]),
      ("partShape", csr, [("r", .int32, [4]), ("c", .int8, [5]), ("v", .float32, [5])]),
      ("none", dense, [("s", .int8, [2, 3, 1, 4])]),
      ("partShape", dense, [("s", .int8, [2, 1, 3, 4])]),
      ("missingPart", dense, [("long", .int8, [2, 3, 1, 4])]),
      ("unmentionedTensor", dense, [("s", .int8, [2, 3, 1, 4]), ("long", .int8, [1])]),
    ] as [(String, String, [ManifestTests.Listed])]
  )
  func parts(_ rule: String, _ text: String, _ listed: [ManifestTests.Listed]) throws {
    #expect(try ManifestTests.rule(text, listed, as: .gguf) == rule)
  }

  @Test("an alias survives, and stands with dense tensors alone")
  func alias() throws {
    let manifest = try #require(try ManifestTests.read(Self.dense))
    #expect(manifest.entries.first?.alias == "s")
    #expect(try ManifestTests.read(manifest.text()) == manifest)
    let sparse = Self.bitmask.replacing(#""layout":"#, with: #""alias":"s","layout":"#)
    #expect(try ManifestTests.rule(sparse) == "wrongField")
  }
}
