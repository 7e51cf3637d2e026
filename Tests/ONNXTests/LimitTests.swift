import ModelIR
import ONNX
import Synchronization
import TestSupport
import Testing

/// A file of which only the ends are there, and zeros between them.
private final class HollowSource: ByteSource {
  let head: [UInt8]
  let zeros: UInt64
  let tail: [UInt8]
  let displayName = "file"
  private let readCount = Mutex<UInt64>(0)

  init(_ head: [UInt8], zeros: UInt64, _ tail: [UInt8]) {
    self.head = head
    self.zeros = zeros
    self.tail = tail
  }

  var byteCount: UInt64 { UInt64(head.count) + zeros + UInt64(tail.count) }
  var bytesRead: UInt64 { readCount.withLock { $0 } }

  func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
    readCount.withLock { $0 += UInt64(count) }
    for place in 0..<count {
      let index = offset + UInt64(place)
      let behind = UInt64(head.count) + zeros
      buffer[start + place] =
        index < UInt64(head.count) ? head[Int(index)] : index < behind ? 0 : tail[Int(index - behind)]
    }
  }

  func rest() throws {}
}

@Suite("Limits")
struct LimitTests {
  /// A model of nodes within nodes, so many of them.
  private static func nested(_ count: Int) -> [UInt8] {
    var graph: [UInt8] = []
    for _ in 0..<count {
      graph =
        ProtoBuilder {
          $0.message(1) {
            $0.text(4, "If")
            $0.message(5) { $0.bytes(6, graph) }
          }
        }.bytes
    }
    return ProtoBuilder.model(graph: { $0.raw(graph) })
  }

  @Test(
    "Messages nest 100 deep and no deeper",
    arguments: [(33, false), (34, true), (800, true), (3000, true)]
  )
  func depth(count: Int, isRefused: Bool) throws {
    let bytes = Self.nested(count)
    let fault = try fault(bytes)
    #expect(fault?.rule == (isRefused ? .nestedTooDeep(limit: 100) : nil))
    #expect((fault?.diagnosis.problem.utf8.count ?? 0) < 300)
  }

  @Test("Groups nest 100 deep and no deeper", arguments: [(100, false), (101, true), (1_000_000, true)])
  func groups(count: Int, isRefused: Bool) throws {
    let open = [[UInt8]](repeating: [0x9B, 0x06], count: count).flatMap { $0 }
    let close = [[UInt8]](repeating: [0x9C, 0x06], count: count).flatMap { $0 }
    let fault = try fault(ProtoBuilder.model(graph: { _ in }) + open + close)
    #expect(fault?.rule == (isRefused ? .nestedTooDeep(limit: 100) : nil))
  }

  @Test("10 MB of empty nodes are refused at the first")
  func emptyNodes() throws {
    let nodes = [[UInt8]](repeating: [0x0A, 0x00], count: 5_000_000).flatMap { $0 }
    let fault = try #require(try fault(ProtoBuilder.model(graph: { $0.raw(nodes) })))
    #expect(fault.rule == .noOperation)
    #expect(fault.field == "graph.node[0].op_type")
  }

  @Test(
    "What would take far more memory than the file is refused",
    arguments: [
      // Nodes, attributes and graphs: each of a few bytes of the file.
      ("nodes", ProtoBuilder { $0.message(1) { $0.text(4, "A") } }.bytes, 200_000),
      (
        "attributes",
        ProtoBuilder {
          $0.message(1) {
            $0.text(4, "A")
            for _ in 0..<100 { $0.message(5) { _ in } }
          }
        }.bytes, 4000
      ),
      (
        "graphs",
        ProtoBuilder {
          $0.message(1) {
            $0.text(4, "A")
            for _ in 0..<100 { $0.message(5) { $0.message(6) { _ in } } }
          }
        }.bytes, 2000
      ),
    ]
  )
  func memory(what: String, field: [UInt8], count: Int) throws {
    let bytes = ProtoBuilder.model(graph: { $0.raw([[UInt8]](repeating: field, count: count).flatMap { $0 }) }
    )
    let fault = try #require(try fault(bytes))
    #expect(caseName(of: fault.rule) == "tooMuchContent")
  }

  @Test("A graph in very many parts is read in linear time, and a name given twice is found across them")
  func parts() throws {
    let bytes = ProtoBuilder {
      $0.integer(1, 10)
      for index in 0..<20_000 { $0.message(7) { $0.message(5) { $0.tensorHead("\(index)", type: 1, [0]) } } }
    }.bytes
    #expect(try read(bytes).model.graphs[0].initializers.count == 20_000)
    let again = ProtoBuilder { $0.message(7) { $0.message(5) { $0.tensorHead("7", type: 1, [0]) } } }.bytes
    #expect(try fault(bytes + again)?.rule == .duplicateInitializer)
  }

  @Test("A gigabyte of elements is passed over")
  func hollow() throws {
    let elements: UInt64 = 1 << 28
    let tensor =
      ProtoBuilder { $0.tensorHead("w", type: 1, [1 << 28]) }.bytes
      + [0x4A] + ProtoBuilder.varint(4 * elements)
    let length = UInt64(tensor.count) + 4 * elements
    let initializer = [0x2A] + ProtoBuilder.varint(length) + tensor
    let graph = [0x3A] + ProtoBuilder.varint(UInt64(initializer.count) + 4 * elements) + initializer
    let tail = ProtoBuilder { $0.message(8) { $0.integer(2, 21) } }.bytes
    let source = HollowSource(ProtoBuilder { $0.integer(1, 10) }.bytes + graph, zeros: 4 * elements, tail)
    let reader = try ONNXReader(source: source, folder: nil)
    let values = try #require(reader.model.tensors.first?.values)
    guard case .raw(let range) = values else {
      Issue.record("raw elements are expected")
      return
    }
    #expect(range == UInt64(source.head.count)..<(source.byteCount - UInt64(tail.count)))
    #expect(reader.model.operatorSets.map(\.version) == [21])
    #expect(source.bytesRead < 20_000)
    #expect(reader.bytesRead == source.bytesRead)
  }

  @Test("64 dimensions are read and 65 are not, packed or not", arguments: [64, 65])
  func dimensions(count: Int) throws {
    let ones = [Int64](repeating: 1, count: count)
    let plain = ProtoBuilder.model(ofTensor: {
      $0.tensorHead("w", type: 1, ones)
      $0.bytes(9, [0, 0, 0, 0])
    })
    let packed = ProtoBuilder.model(ofTensor: {
      $0.bytes(1, [UInt8](repeating: 1, count: count))
      $0.tensorHead("w", type: 1, [])
      $0.bytes(9, [0, 0, 0, 0])
    })
    let rule = count > 64 ? ONNXFault.Rule.tooManyDimensions(limit: 64) : nil
    #expect(try fault(plain)?.rule == rule)
    #expect(try fault(packed)?.rule == rule)
  }

  @Test("A name of 64 KiB is read and a longer one is not", arguments: [1 << 16, 1 << 16 + 1])
  func names(count: Int) throws {
    let bytes = ProtoBuilder.model(ofTensor: {
      $0.tensorHead(String(repeating: "n", count: count), type: 1, [0])
    })
    let rule = count > 1 << 16 ? ONNXFault.Rule.nameTooLong(UInt64(count), limit: 1 << 16) : nil
    #expect(try fault(bytes)?.rule == rule)
  }

  @Test(
    "Functions call one another 100 deep and no deeper",
    arguments: [(100, false), (101, true), (5000, true)]
  )
  func calls(count: Int, isRefused: Bool) throws {
    let bytes = ProtoBuilder {
      $0.raw(ProtoBuilder.model(graph: { _ in }))
      for index in 0..<count {
        $0.message(25) {
          $0.text(1, "F\(index)")
          $0.text(10, "my")
          if index + 1 < count {
            $0.message(7) {
              $0.text(4, "F\(index + 1)")
              $0.text(7, "my")
            }
          }
        }
      }
    }.bytes
    #expect(try fault(bytes)?.rule == (isRefused ? .callsTooDeep(limit: 100) : nil))
  }
}
