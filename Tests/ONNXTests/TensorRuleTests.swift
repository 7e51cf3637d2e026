import ModelIR
import ONNX
import TestSupport
import Testing

/// A tensor and what is wrong with it.
struct TensorCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let rule: ONNXFault.Rule?
  let bytes: [UInt8]

  init(_ what: String, _ rule: ONNXFault.Rule?, _ fill: (inout ProtoBuilder) -> Void) {
    testDescription = what
    self.rule = rule
    bytes = ProtoBuilder.model(ofTensor: fill)
  }

  static let all: [TensorCase] = [
    TensorCase("fewer varints' bytes than entries", .wrongVarintBytes(2, entries: 3, field: "int32_data")) {
      $0.tensorHead("w", type: 6, [3])
      $0.bytes(5, [1, 2])
    },
    TensorCase("more than entries can take", .wrongVarintBytes(21, entries: 2, field: "int64_data")) {
      $0.tensorHead("w", type: 7, [2])
      $0.bytes(7, [UInt8](repeating: 1, count: 21))
    },
    TensorCase("entries packed, alone, and packed again", nil) {
      $0.bytes(5, [1, 2])
      $0.tensorHead("w", type: 6, [4])
      $0.integer(5, 3)
      $0.bytes(5, [4])
    },
    TensorCase("fewer floats", .wrongEntryCount(1, expected: 2, field: "float_data")) {
      $0.tensorHead("w", type: 1, [2])
      $0.float(4, 1)
    },
    TensorCase("floats cut short", .cutShort(ofFile: false)) {
      $0.tensorHead("w", type: 1, [1])
      $0.bytes(4, [0, 0, 0, 0, 0])
    },
    TensorCase("complex numbers, two floats each", nil) {
      $0.tensorHead("w", type: 14, [1])
      $0.float(4, 1)
      $0.float(4, 2)
    },
    TensorCase("nothing", .noElements(3)) { $0.tensorHead("w", type: 1, [3]) },
    TensorCase("nothing of nothing", nil) { $0.tensorHead("w", type: 1, [3, 0]) },
    TensorCase("another number of strings", .wrongEntryCount(1, expected: 2, field: "string_data")) {
      $0.tensorHead("w", type: 8, [2])
      $0.text(6, "one")
    },
    TensorCase("strings elsewhere", .externalStrings) {
      $0.tensorHead("w", type: 8, [2])
      $0.external("location", "data.bin")
      $0.integer(14, 1)
    },
    TensorCase("a place that does not exist", .unknownDataLocation(2)) {
      $0.tensorHead("w", type: 1, [2])
      $0.integer(14, 2)
    },
    TensorCase("a type below 32 bits that is none", .unknownType(-1)) { $0.tensorHead("w", type: -1, [2]) },
    TensorCase("raw elements given twice, the first wrong", nil) {
      $0.tensorHead("w", type: 1, [1])
      $0.bytes(9, [1, 2, 3])
      $0.bytes(9, [1, 2, 3, 4])
    },
    TensorCase("a type given twice, the first wrong", nil) {
      $0.integer(2, 99)
      $0.tensorHead("w", type: 2, [1])
      $0.bytes(9, [1])
    },
    TensorCase("a known field in a way that is not its own", nil) {
      $0.text(2, "no type")
      $0.tensorHead("w", type: 2, [1])
      $0.integer(9, 7)
      $0.bytes(9, [1])
    },
  ]
}

@Suite("Rules of tensors")
struct TensorRuleTests {
  @Test("A tensor breaks its rule, or is read", arguments: TensorCase.all)
  func rules(tensor: TensorCase) throws {
    let fault = try fault(tensor.bytes)
    #expect(fault?.rule == tensor.rule)
    if let fault {
      #expect(fault.tensor == "w" && fault.field?.hasPrefix("graph.initializer[0]") == true)
    }
  }

  @Test(
    "Raw elements of every type take so many bytes, and one byte less is refused",
    arguments: ONNXDataType.allCases
  )
  func byteCounts(type: ONNXDataType) throws {
    for count in [1, 2, 3, 4, 5, 8, 9] as [UInt64] {
      func model(_ bytes: Int) -> [UInt8] {
        ProtoBuilder.model(ofTensor: {
          $0.tensorHead("w", type: Int64(type.rawValue), [Int64(count)])
          $0.bytes(9, [UInt8](repeating: 0, count: bytes))
        })
      }
      guard let elementType = type.elementType else {
        #expect(try fault(model(8))?.rule == .rawStrings)
        return
      }
      let bytes = (Int(count) * elementType.bitWidth + 7) / 8
      #expect(try fault(model(bytes)) == nil)
      if bytes > 1 {
        let rule = ONNXFault.Rule.wrongByteCount(UInt64(bytes - 1), expected: UInt64(bytes))
        #expect(try fault(model(bytes - 1))?.rule == rule)
      }
    }
  }

  @Test("A message that may stand once is refused where it stands twice", arguments: [5, 6, 22] as [UInt64])
  func twice(field: UInt64) throws {
    let bytes = ProtoBuilder.model(
      "Constant",
      attribute: {
        $0.text(1, "value")
        $0.message(field) { _ in }
        $0.message(field) { _ in }
      }
    )
    #expect(try fault(bytes)?.rule == .messageTwice)
  }

  @Test("Attributes are what they say, whatever the order of their fields")
  func attributes() throws {
    let bytes = ProtoBuilder.model(
      "Any",
      attribute: {
        $0.bytes(8, [1, 2])
        $0.integer(8, -3)
        $0.integer(20, 7)
        $0.text(1, "many")
      }
    )
    let node = try #require(try read(bytes).model.graphs.first?.nodes.first)
    guard case .integers(let values)? = node.attribute("many") else {
      Issue.record("integers are expected")
      return
    }
    #expect(values == [1, 2, -3])
  }

  @Test("Lists of more than 4,096 entries are not kept", arguments: [4096, 4097])
  func longLists(count: Int) throws {
    let bytes = ProtoBuilder.model(
      "Any",
      attribute: {
        $0.text(1, "many")
        $0.bytes(8, [UInt8](repeating: 1, count: count))
        $0.integer(20, 7)
      }
    )
    let node = try #require(try read(bytes).model.graphs.first?.nodes.first)
    let isKept =
      if case .integers(let values)? = node.attribute("many") { values.count == count } else { false }
    #expect(isKept == (count <= 4096))
  }

  @Test("Oddities are told: a newer version, unknown keys, idle external data, names that are no UTF-8")
  func oddities() throws {
    let bytes = ProtoBuilder {
      $0.integer(1, 15)
      $0.message(7) {
        $0.message(5) {
          $0.tensorHead("w", type: 1, [0])
          $0.external("location", "nowhere")
        }
        $0.bytes(2, [0x61, 0xFF, 0xC3, 0xA4])
      }
    }.bytes
    let reader = try read(bytes, lenient: true)
    #expect(reader.model.graphs[0].name == "a\\xFFä")
    #expect(reader.oddities.map(\.kind) == [.idleExternalData, .nameNotUTF8, .newerVersion(15)])
    #expect(reader.warnings.allSatisfy { $0.file == "file" && $0.offset != nil })
  }
}
