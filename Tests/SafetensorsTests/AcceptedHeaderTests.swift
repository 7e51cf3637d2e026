import ModelIR
import Safetensors
import StrictJSON
import TestSupport
import Testing

@Suite("Headers that are accepted")
struct AcceptedHeaderTests {
  func read(_ header: String, dataCount: Int = 0, lenient: Bool = false) throws -> SafetensorsHeader {
    let file = SafetensorsBuilder(header: header, data: [UInt8](repeating: 7, count: dataCount))
    return try SafetensorsHeader.read(from: MemorySource(file.bytes, named: "file"), lenient: lenient)
  }

  static let entry = #"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#

  @Test("Every element type is read", arguments: ElementType.allCases.filter(\.isInSafetensors))
  func elementType(type: ElementType) throws {
    let file = SafetensorsBuilder([
      .init("a", type.name, [2, 4], [UInt8](repeating: 1, count: type.bitWidth))
    ])
    let header = try SafetensorsHeader.read(from: MemorySource(file.bytes, named: "file"))
    #expect(header.entries.map(\.elementType) == [type])
    #expect(header.entries[0].shape.extents == [2, 4])
    #expect(header.entries[0].end == UInt64(type.bitWidth))
  }

  @Test(
    "Tensors of rank 0 and of no element are tensors",
    arguments: [[], [0], [0, 3], [3, 0], [0, .max]] as [[UInt64]]
  )
  func smallest(extents: [UInt64]) throws {
    let file = SafetensorsBuilder([
      .init("first", "U8", extents, extents.isEmpty ? [1] : []), .init("between", "F64", [0], []),
      .init("last", "U8", [2], [1, 2]),
    ])
    let header = try SafetensorsHeader.read(from: MemorySource(file.bytes, named: "file"))
    #expect(header.entries.map(\.name) == ["first", "between", "last"])
    #expect(header.entries[0].shape.extents == extents)
    #expect(header.entries[0].shape.elementCount == (extents.isEmpty ? 1 : 0))
    #expect(header.entries[1].begin == header.entries[1].end)
  }

  @Test("The order of the header is kept, whatever the order of the data")
  func order() throws {
    let header = try read(
      #"{"c":{"dtype":"U8","shape":[1],"data_offsets":[5,6]},"a":\#(Self.entry),"#
        + #""b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}"#,
      dataCount: 6
    )
    #expect(header.entries.map(\.name) == ["c", "a", "b"])
    #expect(header.entries.map(\.begin) == [5, 0, 4])
    #expect(header.warnings.isEmpty)
  }

  @Test("A file without tensors is a file", arguments: ["{}", " {} ", "{ }\n", #"{"__metadata__":{}}"#])
  func noTensors(header: String) throws {
    let read = try read(header)
    #expect(read.entries.isEmpty)
    #expect(read.dataStart == UInt64(8 + header.utf8.count))
  }

  static let forms = [
    #"{"a":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"}}"#,
    " \n\t{ \"a\" :\r{ \"dtype\" : \"F32\" , \"shape\" : [ 1 ] , \"data_offsets\" : [ 0 , 4 ] } } ",
    #"{"\u0061":{"\u0064type":"F\u0033\u0032","sh\u0061pe":[1],"data_\u006fffsets":[0,4]}}"#,
    #"{"a":["F32",[1],[0,4]]}"#,
    #"{"a":{"dtype":"F32","x":null,"shape":[1],"y":{"z":[1,"t",{}]},"data_offsets":[0,4],"":-1.5e-7}}"#,
  ]

  @Test("A tensor may be written in every way that the reference reads", arguments: forms)
  func form(header: String) throws {
    let header = try read(header, dataCount: 4)
    #expect(header.entries.map(\.name) == ["a"])
    #expect(header.entries[0].elementType == .float32)
    #expect(header.entries[0].shape.extents == [1])
    #expect(header.entries[0].end == 4)
  }

  @Test(
    "Duplicates in unknown fields are refused, unless one is lenient",
    arguments: [
      #""x":1,"x":2"#, #""x":{"k":1,"k":2}"#, #""x":[{"k":{},"k":[]}]"#,
    ]
  )
  func duplicatesInUnknownFields(fields: String) throws {
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],\#(fields)}}"#
    #expect(throws: SafetensorsFault.self) { try read(header, dataCount: 4) }
    #expect(try read(header, dataCount: 4, lenient: true).entries.count == 1)
  }

  static let metadataForms: [(header: String, pairs: [String], declares: Bool)] = [
    ("{}", [], false), (#"{"__metadata__":null}"#, [], false), (#"{"__metadata__":{}}"#, [], true),
    (#"{"__metadata__":{"b":"1","a":"2"}}"#, ["b=1", "a=2"], true),
    (#"{"__metadat\u0061__":{"":"","\u00e9":"\ud83e\uddca\n"}}"#, ["=", "\u{E9}=\u{1F9CA}\n"], true),
    (#"{"__metadata__":{"caf\u00e9":"1","cafe\u0301":"2"}}"#, ["caf\u{E9}=1", "cafe\u{301}=2"], true),
  ]

  @Test("Metadata keep their order and their bytes", arguments: metadataForms)
  func keepsMetadata(header: String, pairs: [String], declares: Bool) throws {
    let header = try read(header)
    let metadata = header.metadata
    let found = (0..<metadata.count).map { index in
      guard case .string(let text) = metadata.value(at: index) else { return "" }
      return metadata.key(at: index) + "=" + text
    }
    #expect(found.map { Array($0.utf8) } == pairs.map { Array($0.utf8) })
    #expect(header.declaresMetadata == declares)
  }

  @Test(
    "A name that only looks like the metadata's is a tensor's",
    arguments: [
      "__metadata__ ", "__Metadata__", "__metadata_", "__metadata__\u{0}", "\u{FF3F}_metadata__", "", "dtype",
    ]
  )
  func nearMetadata(name: String) throws {
    var quoted: [UInt8] = []
    JSONWriter.append(quoting: name.utf8, to: &quoted)
    let header = try read("{\(String(decoding: quoted, as: UTF8.self)):\(Self.entry)}", dataCount: 4)
    #expect(header.entries.map(\.name) == [TensorName(name)])
    #expect(!header.declaresMetadata)
  }

  @Test("Names that only normalization makes equal are two tensors, and a warning")
  func equivalentNames() throws {
    let header = try read(
      "{\"caf\u{E9}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        + "\"cafe\u{301}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
      dataCount: 2
    )
    #expect(header.entries.map(\.name) == [TensorName("caf\u{E9}"), TensorName("cafe\u{301}")])
    #expect(header.warnings.map(\.tensor) == [TensorName("cafe\u{301}")])
  }

  @Test("Of two tensors of one name the last is taken where one is lenient, in the first one's place")
  func lastOfDuplicates() throws {
    let header = try read(
      #"{"a":["U8",[4],[0,4]],"b":["U8",[1],[4,5]],"a":["I32",[1],[0,4]],"c":["U8",[0],[5,5]],"#
        + #""c":["I8",[0],[5,5]],"a":\#(Self.entry)}"#,
      dataCount: 5,
      lenient: true
    )
    #expect(header.entries.map(\.name) == ["a", "b", "c"])
    #expect(header.entries.map(\.elementType) == [.float32, .uint8, .int8])
    #expect(header.warnings.map(\.tensor) == ["a", "c", "a"])
  }

  @Test("Of two metadata keys the last is taken where one is lenient")
  func lastOfMetadata() throws {
    let header = try read(#"{"__metadata__":{"a":"1","b":"2","a":"3"}}"#, lenient: true)
    #expect(header.metadata.count == 2)
    #expect(header.metadata.text(forKey: "a") == "3")
    #expect(header.metadata.text(forKey: "b") == "2")
    #expect(header.warnings.count == 1)
  }
}
