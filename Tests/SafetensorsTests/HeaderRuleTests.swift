import ModelIR
import Safetensors
import StrictJSON
import TestSupport
import Testing

@Suite("Rules of the header")
struct HeaderRuleTests {
  func fault(of bytes: [UInt8], lenient: Bool = false) -> SafetensorsFault? {
    #expect(throws: SafetensorsFault.self) {
      try SafetensorsHeader.read(from: MemorySource(bytes, named: "file"), lenient: lenient)
    }
  }

  @Test("A broken rule is named, with the tensor and the byte", arguments: BrokenHeader.all)
  func rule(header: BrokenHeader) {
    let expected = SafetensorsFault(
      file: "file",
      tensor: header.tensor,
      header.rule,
      offset: header.offset
    )
    #expect(fault(of: header.file.bytes) == expected)
  }

  @Test("A file of fewer than eight bytes has no header", arguments: 0..<8)
  func headerTooSmall(byteCount: Int) {
    let fault = fault(of: [UInt8](repeating: 0, count: byteCount))
    #expect(fault?.rule == .headerTooSmall(fileByteCount: UInt64(byteCount)))
  }

  @Test("Every rule has a file that breaks it")
  func everyRule() {
    // `tooManyTensors` has none: a header of the largest size has room for some four million tensors.
    let covered = Set(BrokenHeader.all.map { caseName(of: $0.rule) } + ["headerTooSmall"])
    let rules: Set<String> = [
      "headerTooSmall", "headerTooLarge", "invalidHeaderLength", "json", "wrongField", "missingField",
      "duplicateField", "duplicateTensor", "duplicateMetadata", "duplicateMetadataKey", "unknownType",
      "shapeOverflow", "misaligned", "reversedOffsets", "invalidOffset", "wrongByteCount", "trailingBytes",
      "cutShort",
    ]
    #expect(covered == rules)
  }

  @Test("A fault says in one line what is wrong, where, and in which tensor", arguments: BrokenHeader.all)
  func diagnosis(header: BrokenHeader) throws {
    let diagnosis = try #require(fault(of: header.file.bytes)).diagnosis
    #expect(diagnosis.kind == .badData)
    #expect(diagnosis.file == "file")
    #expect(diagnosis.tensor == header.tensor)
    #expect(diagnosis.offset == header.offset)
    #expect(!diagnosis.problem.isEmpty)
    #expect(!diagnosis.problem.contains("\n"))
  }

  @Test(
    "Tensors that leave a hole or overlap are refused, in whatever order they stand",
    arguments: [true, false]
  )
  func holesAndOverlaps(reversed: Bool) {
    for (begin, end) in [(5, 9), (3, 7), (0, 4), (0, 8), (2, 2)] {
      let members = [
        #""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#,
        #""b":{"dtype":"U8","shape":[\#(end - begin)],"data_offsets":[\#(begin),\#(end)]}"#,
      ]
      let header = "{\((reversed ? members.reversed() : members).joined(separator: ","))}"
      let file = SafetensorsBuilder(header: header, data: [UInt8](repeating: 0, count: 12))
      let fault = fault(of: file.bytes)
      guard case .invalidOffset = fault?.rule else {
        Issue.record("\(begin)..<\(end): \(String(describing: fault))")
        continue
      }
    }
  }

  @Test("A tensor may have 100,000 unknown fields and no more", arguments: [0, 1])
  func unknownFields(excess: Int) throws {
    let limit = JSONReader.skippedKeyLimit
    let unknown = (0..<(limit + excess)).map { "\"\($0)\":0," }.joined()
    let bytes = SafetensorsBuilder(
      header: #"{"a":{\#(unknown)"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#
    ).bytes
    if excess == 0 {
      #expect(try SafetensorsHeader.read(from: MemorySource(bytes, named: "file")).entries.count == 1)
    } else {
      let rule = try #require(fault(of: bytes)).rule
      #expect(ruleName(rule) == "json.tooManyKeys")
    }
  }

  @Test("Leniency lets duplicates pass, and nothing else", arguments: BrokenHeader.all)
  func lenient(header: BrokenHeader) throws {
    let source = MemorySource(header.file.bytes, named: "file")
    let isDuplicate = ["duplicateTensor", "duplicateMetadataKey"].contains(ruleName(header.rule))
    if isDuplicate {
      let read = try SafetensorsHeader.read(from: source, lenient: true)
      #expect(read.warnings.count == 1)
    } else {
      #expect(throws: SafetensorsFault.self) { try SafetensorsHeader.read(from: source, lenient: true) }
    }
  }
}
