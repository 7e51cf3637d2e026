internal import ModelIR

/// `ModelProto`, and what it holds besides its graph.
extension ModelWalk {
  /// Reads the whole file.
  /// - Throws: ``ONNXFault``, and what the source throws.
  mutating func readModel() throws {
    do {
      try readModelFields()
    } catch let fault as ONNXFault {
      throw placed(fault)
    }
  }

  private mutating func readModelFields() throws {
    var hasVersion = false
    var functions = 0
    var trainings = 0
    var producer = (name: "", version: "")
    // Training graphs may use the names of the main graph, which is number 0 wherever it stands.
    try addGraph(.main, scope: "")
    let end = reader.byteCount
    while let field = try reader.next(before: end) {
      switch (field.number, field.type) {
      case (1, .varint):
        model.irVersion = Int64(bitPattern: field.value)
        structure.versionField = field.range
        hasVersion = true
      case (2, .lengthDelimited): producer.name = try text(field, "producer_name")
      case (3, .lengthDelimited): producer.version = try text(field, "producer_version")
      case (7, .lengthDelimited):
        try enter("graph")
        try readGraph(field, parentFrame: -1, into: 0)
        path.leave()
      case (8, .lengthDelimited):
        try enter("opset_import", model.operatorSets.count)
        structure.operatorSetFrames.append(try frame(field, in: -1))
        try readOperatorSet(field)
        path.leave()
      case (14, .lengthDelimited):
        try enter("metadata_props", model.metadata.count)
        try readMetadata(field)
        path.leave()
      case (20, .lengthDelimited):
        try enter("training_info", trainings)
        try readTraining(field, number: trainings)
        path.leave()
        trainings += 1
      case (25, .lengthDelimited):
        try enter("functions", functions)
        try readFunction(field)
        path.leave()
        functions += 1
      default: break
      }
      reader.seek(to: field.content.upperBound)
    }
    model.producer = [producer.name, producer.version].filter { !$0.isEmpty }
    guard hasVersion, model.irVersion > 0 else { throw fault(.noVersion, at: 0) }
    guard !structure.graphs[0].frames.isEmpty else { throw fault(.noGraph, at: end) }
    try checkFunctionCalls()
    if model.irVersion > ONNXReader.newestVersion {
      note(.newerVersion(model.irVersion), at: structure.versionField.lowerBound)
    }
  }

  private mutating func readOperatorSet(_ field: WireField) throws {
    var domain = ""
    var version: Int64 = 0
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      switch (part.number, part.type) {
      case (1, .lengthDelimited): domain = try text(part, "domain")
      case (2, .varint): version = Int64(bitPattern: part.value)
      default: break
      }
      reader.seek(to: part.content.upperBound)
    }
    try charge(32)
    model.operatorSets.append((domain == "ai.onnx" ? "" : domain, version))
  }

  /// An entry of the metadata, whose value may be long.
  private mutating func readMetadata(_ field: WireField) throws {
    var key = ""
    var value = ""
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      switch (part.number, part.type) {
      case (1, .lengthDelimited): key = try text(part, "key")
      case (2, .lengthDelimited):
        let count = part.content.upperBound - part.content.lowerBound
        guard count <= UInt64(Self.longestMetadata) else {
          throw fault(.nameTooLong(count, limit: Self.longestMetadata), "value", at: part.content.lowerBound)
        }
        try charge(2 * Int(count) + 48)
        value = String(decoding: try reader.longBytes(part.content), as: UTF8.self)
      default: break
      }
      reader.seek(to: part.content.upperBound)
    }
    try charge(32)
    model.metadata.append((key, value))
  }

  private mutating func readTraining(_ field: WireField, number: Int) throws {
    let frame = try frame(field, in: -1)
    var seen: Set<UInt32> = []
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      if part.type == .lengthDelimited, part.number == 1 || part.number == 2 {
        let isFirst = part.number == 1
        try enter(isFirst ? "initialization" : "algorithm")
        guard seen.insert(part.number).inserted else { throw fault(.messageTwice, at: part.start) }
        let graph = try addGraph(
          isFirst ? .trainingInitialization : .trainingAlgorithm,
          parent: isFirst ? nil : 0,
          scope: "training\(number).\(isFirst ? "initialization" : "algorithm")/"
        )
        try readGraph(part, parentFrame: frame, into: graph)
        path.leave()
      }
      reader.seek(to: part.content.upperBound)
    }
  }

  /// A model-local function. What names it may stand behind its nodes, so it is read twice.
  private mutating func readFunction(_ field: WireField) throws {
    let frame = try frame(field, in: -1)
    var graph = ONNXGraph(role: .main, parent: nil, name: "")
    var (domain, name, overload) = ("", "", "")
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      if part.type == .lengthDelimited {
        switch part.number {
        case 1: name = try text(part, "name")
        case 4:
          try charge(16)
          graph.inputs.append(try text(part, "input"))
        case 5:
          try charge(16)
          graph.outputs.append(try text(part, "output"))
        case 10: domain = try text(part, "domain")
        case 13: overload = try text(part, "overload")
        default: break
        }
      }
      reader.seek(to: part.content.upperBound)
    }
    if domain == "ai.onnx" { domain = "" }
    let full = (domain.isEmpty ? "" : domain + "::") + name + (overload.isEmpty ? "" : ":" + overload)
    let index = try addGraph(.function(domain: domain, name: name, overload: overload), scope: full + "/")
    structure.graphs[index].frames.append(frame)
    graph.role = model.graphs[index].role
    graph.name = name
    try readFunctionBody(field, frame, &graph, index)
    model.graphs[index] = graph
  }

  private mutating func readFunctionBody(
    _ field: WireField,
    _ frame: Int32,
    _ graph: inout ONNXGraph,
    _ index: Int
  ) throws {
    var attributes = 0
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      switch (part.number, part.type) {
      case (7, .lengthDelimited):
        try enter("node", graph.nodes.count)
        try readNode(part, parentFrame: frame, &graph, index)
        path.leave()
      case (11, .lengthDelimited):
        try enter("attribute_proto", attributes)
        _ = try readAttribute(part, parentFrame: frame, of: .function(graph: index))
        path.leave()
        attributes += 1
      default: break
      }
      reader.seek(to: part.content.upperBound)
    }
  }

  /// Makes room for a graph, and returns its number.
  @discardableResult
  mutating func addGraph(_ role: ONNXGraph.Role, parent: Int? = nil, scope: String) throws -> Int {
    // Twice: arrays double when they grow. Then the lists of a graph, which have 32 bytes of their own.
    try charge(2 * (MemoryLayout<ONNXGraph>.stride + MemoryLayout<ONNXStructure.GraphPlaces>.stride) + 192)
    try charge(scope.utf8.count + 48)
    model.graphs.append(ONNXGraph(role: role, parent: parent, name: ""))
    structure.graphs.append(ONNXStructure.GraphPlaces())
    scopes.append(scope)
    return model.graphs.count - 1
  }
}
