import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Places in the file")
struct StructureTests {
  /// The file with other bytes in a frame, and with the lengths around it made right.
  private func splice(_ bytes: [UInt8], _ frame: Int32, _ structure: ONNXStructure, _ content: [UInt8])
    -> [UInt8]
  {
    var result = bytes
    var content = content
    for frame in [frame] + structure.enclosing(frame) {
      let place = structure.frames[Int(frame)]
      let (start, end) = (Int(place.length.lowerBound), Int(place.end))
      let field = ProtoBuilder.varint(UInt64(content.count)) + content
      result.replaceSubrange(start..<end, with: field)
      guard place.parent >= 0 else { break }
      let parent = structure.frames[Int(place.parent)]
      content = Array(
        result[Int(parent.content.lowerBound)..<(Int(parent.end) + field.count - (end - start))]
      )
      result = bytes
    }
    return result
  }

  @Test(
    "Every frame lies in the one around it, and its length is that of its content",
    arguments: GoldenModel.all
  )
  func frames(model: GoldenModel) throws {
    let bytes = try model.bytes()
    let structure = try model.reader(bytes).structure
    for (index, frame) in structure.frames.enumerated() {
      let around = frame.parent < 0 ? 0..<UInt64(bytes.count) : structure.frames[Int(frame.parent)].content
      #expect(frame.parent < index && around.lowerBound <= frame.start && frame.end <= around.upperBound)
      var value: UInt64 = 0
      for (place, byte) in bytes[Int(frame.length.lowerBound)..<Int(frame.length.upperBound)].enumerated() {
        value |= UInt64(byte & 0x7F) << UInt64(7 * place)
      }
      #expect(value == UInt64(frame.content.count))
    }
  }

  @Test("A tensor that grows leaves the rest of the model as it was", arguments: GoldenModel.all)
  func tensors(model: GoldenModel) throws {
    let bytes = try model.bytes()
    let reader = try model.reader(bytes)
    // An unknown field that makes lengths longer.
    let padding = ProtoBuilder { $0.bytes(1000, [UInt8](repeating: 7, count: 20_000)) }.bytes
    for (index, frame) in reader.structure.tensorFrames.enumerated() {
      let message = reader.model.tensors[index].message
      #expect(reader.structure.frames[Int(frame)].content == message)
      let old = Array(bytes[Int(message.lowerBound)..<Int(message.upperBound)])
      let changed = try model.reader(splice(bytes, frame, reader.structure, old + padding))
      #expect(changed.model.tensors.map(\.scopedName) == reader.model.tensors.map(\.scopedName))
      #expect(changed.model.tensors.map(\.shape) == reader.model.tensors.map(\.shape))
      #expect(changed.model.graphs.map(\.nodes.count) == reader.model.graphs.map(\.nodes.count))
      #expect(changed.model.tensors[index].message.count == message.count + padding.count)
    }
  }

  @Test("A node can be put in anywhere, and an initializer at the end", arguments: GoldenModel.all)
  func insertion(model: GoldenModel) throws {
    let bytes = try model.bytes()
    let reader = try model.reader(bytes)
    let node = ProtoBuilder { $0.message(1) { $0.text(4, "NewOperation") } }.bytes
    let tensor = ProtoBuilder { $0.message(5) { $0.tensorHead("new tensor", type: 1, [0]) } }.bytes
    for graph in reader.model.graphs.indices {
      let count = reader.model.graphs[graph].nodes.count
      for index in [0, count / 2, count] where reader.model.graphs[graph].role.isGraph {
        let place = reader.structure.place(ofNode: index, inGraph: graph)
        let changed = try model.reader(insert(node, at: place, in: bytes, reader.structure))
        let operations = changed.model.graphs[graph].nodes.map(\.operation)
        #expect(operations.firstIndex(of: "NewOperation") == index)
        #expect(operations.count == count + 1)
        let end = reader.structure.end(ofGraph: graph)
        let grown = try model.reader(insert(tensor, at: end, in: bytes, reader.structure)).model
        #expect(grown.graphs[graph].initializers.last.map { grown.tensors[$0].name } == "new tensor")
      }
    }
  }

  private func insert(
    _ field: [UInt8],
    at place: (offset: UInt64, parent: Int32),
    in bytes: [UInt8],
    _ structure: ONNXStructure
  ) -> [UInt8] {
    let content = structure.frames[Int(place.parent)].content
    let before = bytes[Int(content.lowerBound)..<Int(place.offset)]
    let behind = bytes[Int(place.offset)..<Int(content.upperBound)]
    return splice(bytes, place.parent, structure, before + field + behind)
  }

  @Test("The version and the operator sets are where they are said to be", arguments: GoldenModel.all)
  func versions(model: GoldenModel) throws {
    let bytes = try model.bytes()
    let reader = try model.reader(bytes)
    let field = reader.structure.versionField
    let version = ProtoBuilder { $0.integer(1, 13) }.bytes
    var changed = bytes
    changed.replaceSubrange(Int(field.lowerBound)..<Int(field.upperBound), with: version)
    #expect(try model.reader(changed).model.irVersion == 13)

    #expect(reader.structure.operatorSetFrames.count == reader.model.operatorSets.count)
    for (index, frame) in reader.structure.operatorSetFrames.enumerated() {
      let newer = ProtoBuilder { $0.integer(2, 28) }.bytes
      let sets = try model.reader(splice(bytes, frame, reader.structure, newer)).model.operatorSets
      #expect(sets[index].version == 28 && sets[index].domain.isEmpty)
    }
  }
}

extension ONNXGraph.Role {
  /// Whether it is written as a `GraphProto`: functions have other field numbers.
  var isGraph: Bool { if case .function = self { false } else { true } }
}
