import Dialect
import ModelIR
import TestSupport
import Testing

@Suite("Manifest")
struct ManifestTests {
  /// Tensors of a file: name, type, shape.
  typealias Listed = (name: String, type: ElementType, shape: [UInt64])

  static func tensors(_ listed: [Listed]) throws -> [Tensor] {
    try listed.map { name, type, extents in
      let shape = try #require(Shape(extents))
      let region = Region(file: 0, offset: 0, byteCount: shape.byteCount(of: type) ?? 0)
      return Tensor(name: TensorName(name), elementType: type, shape: shape, storage: .dense(region))
    }
  }

  static func read(_ text: String?, version: String? = "1") throws -> Manifest? {
    var metadata = Metadata()
    if let version { metadata.append(key: Manifest.versionKey, value: .string(version)) }
    if let text { metadata.append(key: Manifest.manifestKey, value: .string(text)) }
    return try Manifest.read(from: metadata, file: "f")
  }

  /// The name of the rule that reading and resolving break.
  static func rule(
    _ text: String?,
    version: String? = "1",
    _ listed: [Listed] = [],
    as form: PartForm = .safetensors
  ) throws -> String {
    do {
      let manifest = try read(text, version: version)
      _ = try manifest?.resolve(tensors(listed), file: "f", as: form)
      return "none"
    } catch let fault as ManifestFault {
      return caseName(of: fault.rule)
    }
  }

  @Test("what is written is read back the same, whatever the names, shapes and layouts")
  func roundTrip() throws {
    let layouts = ["dense", "bitmask", "csr", "nm:2:4", "nm:1:32", "nm:31:32"].compactMap { Layout($0) }
    #expect(layouts.count == 6)
    try withSeed { generator in
      for _ in 0..<50 {
        let entries = try (0..<5).map { number in
          let layout = try #require(layouts.randomElement(using: &generator))
          let name = TensorName("t\"\\\n\u{1}é\(number).\(generator.next())")
          let extents = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            UInt64.random(in: 0...9, using: &generator)
          }
          return Manifest.Entry(
            name: name,
            elementType: .bfloat16,
            shape: try #require(Shape(extents)),
            layout: layout,
            parts: LayoutParts.roles(of: layout).map { LayoutParts.safetensorsName($0, of: name) },
            quantization: number == 0 ? Self.quantization : nil
          )
        }
        let manifest = Manifest(entries: entries, sourceDeclaresMetadata: Bool.random(using: &generator))
        try #require(try Self.read(manifest.text()) == manifest)
      }
    }
  }

  static let quantization = Quantization(
    scheme: "int-quantized",
    bits: 8,
    packing: "pairs",
    granularity: .group(axis: 1, size: 32),
    scale: .tensor("w.scale"),
    zeroPoint: .constant("8"),
    globalScale: .constant("0x3f800000")
  )

  @Test(
    "every kind of granularity survives",
    arguments: [
      Quantization.Granularity.tensor, .channel(axis: 0), .group(axis: 1, size: 128), .block([128, 128]),
    ]
  )
  func granularity(_ granularity: Quantization.Granularity) throws {
    let quantization = Quantization(scheme: "s", bits: 4, granularity: granularity)
    let entry = Manifest.Entry(
      name: "w",
      elementType: .int8,
      shape: .vector(4),
      layout: .dense,
      parts: [],
      quantization: quantization
    )
    let manifest = Manifest(entries: [entry], sourceDeclaresMetadata: true)
    #expect(try Self.read(manifest.text())?.entries.first?.quantization == quantization)
  }

  @Test("a file without our keys has no manifest")
  func none() throws { #expect(try Self.read(nil, version: nil) == nil) }

  @Test("an entry's cost in the header is what it adds to the header's text")
  func cost() throws {
    let one = Manifest.Entry(
      name: "a\"\\é",
      elementType: .float32,
      shape: .vector(3),
      layout: .bitmask,
      parts: ["a.bitmask", "a.values"]
    )
    /// The length of the manifest as a JSON string within a header.
    func quoted(_ count: Int) throws -> Int {
      let text = try Manifest(
        entries: Array(repeating: one, count: count),
        sourceDeclaresMetadata: true
      ).text()
      return text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : 1) }
    }
    #expect(try quoted(3) - quoted(2) == Int(one.headerByteCount()))
  }

  @Test(
    "a broken manifest is refused by its rule",
    arguments: [
      ("missingManifest", nil, "1"),
      ("missingVersion", #"{"tensors":[]}"#, nil),
      ("unknownVersion", #"{"tensors":[]}"#, "2"),
      ("json", "{", "1"),
      ("json", #"{"tensors":[]} x"#, "1"),
      ("missingField", "{}", "1"),
      ("duplicateField", #"{"tensors":[],"tensors":[]}"#, "1"),
      ("missingField", #"{"tensors":[{"dtype":"F32","shape":[],"layout":"dense"}]}"#, "1"),
      ("missingField", #"{"tensors":[{"name":"a","shape":[],"layout":"dense"}]}"#, "1"),
      ("missingField", #"{"tensors":[{"name":"a","dtype":"F32","layout":"dense"}]}"#, "1"),
      ("missingField", #"{"tensors":[{"name":"a","dtype":"F32","shape":[]}]}"#, "1"),
      ("duplicateField", #"{"tensors":[{"name":"a","name":"b"}]}"#, "1"),
      ("wrongField", #"{"tensors":[{"name":"a","dtype":"F31"}]}"#, "1"),
      ("unknownLayout", #"{"tensors":[{"layout":"coo"}]}"#, "1"),
      ("unknownLayout", #"{"tensors":[{"layout":"nm:4:2"}]}"#, "1"),
      ("unknownLayout", #"{"tensors":[{"layout":"nm:1:64"}]}"#, "1"),
      ("unknownLayout", #"{"tensors":[{"layout":"nm:0:0"}]}"#, "1"),
      ("tooLarge", #"{"tensors":[{"shape":[9223372036854775808,2]}]}"#, "1"),
      ("json", #"{"tensors":[{"shape":[-1]}]}"#, "1"),
      ("missingField", #"{"tensors":[{"name":"a","dtype":"F32","shape":[4],"layout":"bitmask"}]}"#, "1"),
      (
        "missingField",
        #"{"tensors":[{"name":"a","dtype":"F32","shape":[4],"layout":"dense","quantization":{"bits":8}}]}"#,
        "1"
      ),
    ] as [(String, String?, String?)]
  )
  func broken(_ rule: String, _ text: String?, _ version: String?) throws {
    #expect(try Self.rule(text, version: version) == rule)
  }

  static let bitmask =
    #"{"tensors":[{"name":"a","dtype":"F32","shape":[2,9],"layout":"bitmask","parts":{"bitmask":"m","values":"v"}}]}"#
  static let csr =
    #"{"tensors":[{"name":"a","dtype":"F32","shape":[2,9],"layout":"csr","parts":{"crow_indices":"r","col_indices":"c","values":"v"}}]}"#
  static let pattern =
    #"{"tensors":[{"name":"a","dtype":"F32","shape":[2,9],"layout":"nm:2:4","parts":{"nm_values":"v","nm_indices":"i"}}]}"#

  @Test(
    "parts that do not fit their layout are refused by their rule",
    arguments: [
      ("none", bitmask, [("m", .uint8, [2, 2]), ("v", .float32, [5])]),
      ("missingPart", bitmask, [("m", .uint8, [2, 2])]),
      ("partShape", bitmask, [("m", .uint8, [2, 1]), ("v", .float32, [5])]),
      ("partShape", bitmask, [("m", .uint8, [4]), ("v", .float32, [5])]),
      ("partType", bitmask, [("m", .int8, [2, 2]), ("v", .float32, [5])]),
      ("partType", bitmask, [("m", .uint8, [2, 2]), ("v", .int32, [5])]),
      ("partShape", bitmask, [("m", .uint8, [2, 2]), ("v", .float32, [5, 1])]),
      ("unmentionedTensor", bitmask, [("m", .uint8, [2, 2]), ("v", .float32, [5]), ("x", .uint8, [1])]),
      ("none", csr, [("r", .uint32, [3]), ("c", .uint8, [5]), ("v", .float32, [5])]),
      ("none", csr, [("r", .uint64, [3]), ("c", .uint32, [5]), ("v", .float32, [5])]),
      ("partType", csr, [("r", .uint16, [3]), ("c", .uint8, [5]), ("v", .float32, [5])]),
      ("partType", csr, [("r", .uint32, [3]), ("c", .uint64, [5]), ("v", .float32, [5])]),
      ("partType", csr, [("r", .uint32, [3]), ("c", .int8, [5]), ("v", .float32, [5])]),
      ("partShape", csr, [("r", .uint32, [2]), ("c", .uint8, [5]), ("v", .float32, [5])]),
      ("partShape", csr, [("r", .uint32, [3]), ("c", .uint8, [4]), ("v", .float32, [5])]),
      ("none", pattern, [("v", .float32, [2, 5]), ("i", .uint8, [2, 2])]),
      ("partShape", pattern, [("v", .float32, [2, 4]), ("i", .uint8, [2, 2])]),
      ("partShape", pattern, [("v", .float32, [2, 5]), ("i", .uint8, [2, 1])]),
    ] as [(String, String, [Listed])]
  )
  func parts(_ rule: String, _ text: String, _ listed: [Listed]) throws {
    #expect(try Self.rule(text, listed) == rule)
  }

  @Test(
    "tensors and parts are claimed once, and shared bytes have no sparse layout",
    arguments: [
      (
        "duplicateTensor",
        #"{"tensors":[{"name":"a","dtype":"U8","shape":[1],"layout":"dense"},{"name":"a","dtype":"U8","shape":[1],"layout":"dense"}]}"#
      ),
      (
        "sharedPart",
        #"{"tensors":[{"name":"a","dtype":"U8","shape":[1],"layout":"dense"},{"name":"b","dtype":"U8","shape":[1],"layout":"bitmask","parts":{"bitmask":"a","values":"a"}}]}"#
      ),
      (
        "subByteType",
        #"{"tensors":[{"name":"a","dtype":"F4","shape":[2],"layout":"bitmask","parts":{"bitmask":"a","values":"b"}}]}"#
      ),
      ("partType", #"{"tensors":[{"name":"a","dtype":"I8","shape":[1],"layout":"dense"}]}"#),
      (
        "tooLarge",
        #"{"tensors":[{"name":"a","dtype":"F64","shape":[4611686018427387904],"layout":"dense"}]}"#
      ),
    ]
  )
  func claims(_ rule: String, _ text: String) throws {
    #expect(try Self.rule(text, [("a", .uint8, [1]), ("b", .uint8, [1])]) == rule)
  }
}
