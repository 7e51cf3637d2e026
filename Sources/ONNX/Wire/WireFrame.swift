/// A length-delimited field on the way from the file to something that may be replaced, or such a thing itself:
/// its tag, its length, its content, and what encloses it.
///
/// Who changes the size of a content rewrites the length of it and of every frame around it; all other bytes of
/// the file stay as they are.
package struct WireFrame: Sendable, Hashable {
  /// Where the tag starts.
  package var start: UInt64
  /// Where the content ends.
  package var end: UInt64
  /// The number of the field in the message around it.
  package var number: UInt32
  /// The frame around it, as an index into ``ONNXStructure/frames``; -1 for a field of the `ModelProto` itself.
  package var parent: Int32
  private var tagBytes: UInt8
  private var lengthBytes: UInt8

  init(_ field: WireField, parent: Int32) {
    start = field.start
    end = field.content.upperBound
    number = field.number
    self.parent = parent
    // Tags and lengths have 10 bytes at most.
    tagBytes = UInt8(truncatingIfNeeded: field.lengthStart - field.start)
    lengthBytes = UInt8(truncatingIfNeeded: field.content.lowerBound - field.lengthStart)
  }

  /// The whole field.
  package var range: Range<UInt64> { start..<end }
  /// The varint that says how long the content is.
  package var length: Range<UInt64> {
    let first = start + UInt64(tagBytes)
    return first..<(first + UInt64(lengthBytes))
  }
  /// The content.
  package var content: Range<UInt64> { length.upperBound..<end }
}

/// Where things stand in the bytes of a model file, for those who change some of them and copy the rest.
///
/// Memory: 32 bytes a frame; nodes, the tensors, and the attributes around these have one each.
package struct ONNXStructure: Sendable {
  /// The frames; those that enclose others come first.
  package internal(set) var frames: [WireFrame] = []
  /// For each of ``ONNXModel/tensors`` its frame: a `TensorProto`, a `SparseTensorProto`, or the `AttributeProto`
  /// of a `Constant` that holds plain numbers or strings.
  package internal(set) var tensorFrames: [Int32] = []
  /// For each of ``ONNXModel/graphs`` the places of its own fields.
  package internal(set) var graphs: [GraphPlaces] = []
  /// The frames of the model's `opset_import`, in the order of ``ONNXModel/operatorSets``.
  package internal(set) var operatorSetFrames: [Int32] = []
  /// The field `ir_version` that counts.
  package internal(set) var versionField: Range<UInt64> = 0..<0

  /// Where the fields of a graph stand.
  package struct GraphPlaces: Sendable {
    /// The graph's own frames: one, or several where a file gives it in parts, which are read as one. They are
    /// those of a `GraphProto` or a `FunctionProto`.
    package internal(set) var frames: [Int32] = []
    /// The frame of each node.
    package internal(set) var nodes: [Int32] = []
    /// The frame of each input: a `ValueInfoProto`. Empty for functions, whose inputs are plain names.
    package internal(set) var inputs: [Int32] = []
  }

  /// A place in the file where a node can be put in before node `index` of a graph, or behind the last one if
  /// `index` is their number, and the frame that then encloses it.
  package func place(ofNode index: Int, inGraph graph: Int) -> (offset: UInt64, parent: Int32) {
    let places = graphs[graph]
    if index < places.nodes.count {
      let frame = frames[Int(places.nodes[index])]
      return (frame.start, frame.parent)
    }
    if let last = places.nodes.last {
      let frame = frames[Int(last)]
      return (frame.end, frame.parent)
    }
    // Nothing encloses the place where the graph itself is missing, which only a body without content can be.
    guard let own = places.frames.first else { return (0, -1) }
    return (frames[Int(own)].content.lowerBound, own)
  }

  /// A place in the file where a field can be appended to a graph, behind all that it has, and the frame that then
  /// encloses it.
  package func end(ofGraph graph: Int) -> (offset: UInt64, parent: Int32) {
    guard let own = graphs[graph].frames.last else { return (0, -1) }
    return (frames[Int(own)].end, own)
  }

  /// The frames around one, the nearest first, without itself.
  package func enclosing(_ frame: Int32) -> [Int32] {
    var chain: [Int32] = []
    var next = frames[Int(frame)].parent
    while next >= 0 {
      chain.append(next)
      next = frames[Int(next)].parent
    }
    return chain
  }
}
