internal import ModelIR

/// Turns changes of tensors into changes of bytes.
struct Splicer {
  /// The changes of bytes so far.
  private(set) var edits = SpliceEdits()
  /// What they are besides.
  private(set) var notes: [SpliceNote] = []

  let model: ONNXModel
  let structure: ONNXStructure
  private let file: String
  private let rules: SpliceRules
  private let changes: [SplicePlan.Change]
  private var wire: WireReader
  private let endOfFile: UInt64
  private let removal: ExpansionRemoval
  private var names: FreeNames
  /// The graphs that have the constants that bitmasks share, and whether a mask there is cut.
  private var homes: [Int: Bool] = [:]
  private var needed = ONNXForm.Requirement(irVersion: 0, operatorSet: 0)

  /// A splicer of some changes.
  init(_ reader: ONNXReader, _ rules: SpliceRules, _ changes: [SplicePlan.Change]) {
    model = reader.model
    structure = reader.structure
    file = reader.source.displayName
    wire = WireReader(reader.source)
    endOfFile = reader.source.byteCount
    self.rules = rules
    self.changes = changes
    let expansions = changes.compactMap { change in
      if case .expansion(let expansion) = change.subject { expansion } else { nil }
    }
    removal = ExpansionRemoval(expansions, model, rules)
    let hasBitmask = changes.contains { $0.replacement.target == .bitmask }
    names = hasBitmask ? FreeNames(model, without: removal) : FreeNames()
  }

  /// Makes all changes of tensors.
  /// - Throws: ``SpliceFault``, ``ONNXFault``, and what reading throws.
  mutating func splice() throws {
    for node in removal.nodes { remove(structure.graphs[node.graph].nodes[node.node]) }
    for tensor in removal.tensors { remove(structure.tensorFrames[tensor]) }
    for number in changes.indices { try apply(number) }
    try addSharedConstants()
    raiseVersions()
  }

  /// Makes one of the changes.
  private mutating func apply(_ number: Int) throws {
    let change = changes[number]
    let name = try self.name(of: change.subject)
    let target = change.replacement.target
    let obstacle = rules.obstacle(to: target, of: change.subject, type: change.type, shape: change.shape)
    if let obstacle { throw fault(target, obstacle, name) }
    do {
      switch change.subject {
      case .tensor(let index): try replace(index, change, number)
      case .expansion(let expansion): try replace(expansion, change, number)
      }
    } catch is WireMessage.TooLarge {
      throw SpliceFault(file: file, tensor: name, .tooLarge(nil))
    } catch let excess as KeptFields.TooMuch {
      throw SpliceFault(file: file, tensor: name, .tooMuchBeside(excess.byteCount, limit: KeptFields.most))
    }
  }

  private func fault(_ target: SpliceTarget, _ obstacle: SpliceObstacle, _ name: TensorName) -> SpliceFault {
    SpliceFault(file: file, tensor: name, .obstacle(to: target.words, reason: obstacle.reason))
  }

  private func name(of subject: SplicePlan.Subject) throws(SpliceFault) -> TensorName {
    switch subject {
    case .tensor(let index):
      guard model.tensors.indices.contains(index) else { throw SpliceFault(file: file, .noSuchTensor(index)) }
      return model.tensors[index].scopedName
    case .expansion(let expansion): return TensorName(expansion.output)
    }
  }

  // MARK: A tensor

  private mutating func replace(_ index: Int, _ change: SplicePlan.Change, _ number: Int) throws {
    let tensor = model.tensors[index]
    let frame = structure.tensorFrames[index]
    let kept: KeptFields
    let site = SpliceSite(index, model, structure)
    if tensor.indices != nil {
      kept = try KeptFields(ofSparse: tensor.message, &wire)
    } else if case .constant(.plain, _, _) = site {
      kept = KeptFields()
    } else {
      kept = try KeptFields(ofTensor: tensor.message, &wire)
    }
    let new = NewTensor(
      change.replacement,
      type: change.type ?? tensor.type,
      shape: change.shape ?? tensor.shape,
      kept: kept
    )
    require(change, new.type, old: tensor.type, in: tensor.graph)
    switch site {
    case .initializer, .sparseInitializer:
      try replaceInitializer(frame, tensor, new, number)
    case .attribute, .functionAttribute, .sparseAttribute:
      // The same field: `t` or `tensors`.
      let field = structure.frames[Int(frame)].number
      replace(frame, try new.dense(named: kept.name).asField(field), number)
    case .constant(let holder, let node, let attribute):
      try replaceConstant(frame, tensor, new, number, holder, node: node, attribute: attribute)
    }
  }

  private mutating func replaceInitializer(
    _ frame: Int32,
    _ tensor: ONNXTensor,
    _ new: NewTensor,
    _ number: Int
  ) throws {
    let name = new.kept.name
    switch new.replacement.target {
    case .raw, .external: replace(frame, try new.dense(named: name).asField(5), number)
    case .sparseInitializer: replace(frame, try new.sparse(named: name).asField(15), number)
    case .sparseValue:
      remove(frame)
      let node = try NodeMessages.constant(tensor.name, sparse: new.sparse(named: ""))
      insert(try node.asField(1), beforeNodesOf: tensor.graph, number)
    case .bitmask:
      let messages = try bitmask(tensor.name, new, in: tensor.graph)
      replace(frame, try fields(5, messages.initializers()), number)
      insert(try fields(1, messages.nodes()), beforeNodesOf: tensor.graph, number)
    }
  }

  private mutating func replaceConstant(
    _ frame: Int32,
    _ tensor: ONNXTensor,
    _ new: NewTensor,
    _ number: Int,
    _ holder: SpliceSite.Holder,
    node: Int,
    attribute: Int32
  ) throws {
    let nodeFrame = structure.graphs[tensor.graph].nodes[node]
    switch (new.replacement.target, holder) {
    case (.raw, .dense), (.external, .dense):
      replace(frame, try new.dense(named: new.kept.name).asField(5), number)
    case (.sparseValue, .sparse): replace(frame, try new.sparse(named: new.kept.name).asField(22), number)
    case (.raw, _), (.external, _), (.sparseValue, _):
      let message = structure.frames[Int(attribute)].content
      let trailing = try KeptFields(ofAttribute: message, &wire).bytes
      let field =
        new.replacement.target == .sparseValue
        ? try NodeMessages.sparseValue(new.sparse(named: new.kept.name), trailing: trailing)
        : try NodeMessages.value(new.dense(named: new.kept.name), trailing: trailing)
      replace(attribute, try field.asField(5), number)
    case (.sparseInitializer, _):
      remove(nodeFrame)
      append(try new.sparse(named: tensor.name).asField(15), to: tensor.graph, number)
    case (.bitmask, _):
      let messages = try bitmask(tensor.name, new, in: tensor.graph)
      replace(nodeFrame, try fields(1, messages.nodes()), number)
      append(try fields(5, messages.initializers()), to: tensor.graph, number)
    }
  }

  // MARK: A bitmask

  /// Puts something where the nodes of a bitmask were; they are removed already, and so are its tensors.
  private mutating func replace(
    _ expansion: BitmaskExpansion,
    _ change: SplicePlan.Change,
    _ number: Int
  ) throws {
    let values = model.tensors[expansion.values]
    guard let shape = change.shape ?? Shape(expansion.extents), let last = expansion.nodes.last else {
      throw WireMessage.TooLarge()
    }
    let kept = try KeptFields(ofTensor: values.message, &wire)
    let new = NewTensor(change.replacement, type: change.type ?? values.type, shape: shape, kept: kept)
    require(change, new.type, old: values.type, in: expansion.graph)
    let nodeFrame = structure.frames[Int(structure.graphs[expansion.graph].nodes[last])]
    let nodePlace = (nodeFrame.start, nodeFrame.parent)
    let tensorFrame = structure.frames[Int(structure.tensorFrames[expansion.values])]
    let tensorPlace = (tensorFrame.start, tensorFrame.parent)
    switch new.replacement.target {
    case .raw, .external:
      if rules.isOutput(expansion.output, of: expansion.graph) {
        let node = try NodeMessages.node(
          "Constant",
          [],
          expansion.output,
          NodeMessages.value(new.dense(named: ""))
        )
        insert(try node.asField(nodeFrame.number), at: nodePlace, number)
      } else {
        insert(try new.dense(named: expansion.output).asField(5), at: tensorPlace, number)
      }
    case .sparseInitializer:
      insert(try new.sparse(named: expansion.output).asField(15), at: tensorPlace, number)
    case .sparseValue:
      let node = try NodeMessages.constant(expansion.output, sparse: new.sparse(named: ""))
      insert(try node.asField(nodeFrame.number), at: nodePlace, number)
    case .bitmask:
      let messages = try bitmask(expansion.output, new, in: expansion.graph)
      insert(try fields(5, messages.initializers()), at: tensorPlace, number)
      insert(try fields(nodeFrame.number, messages.nodes()), at: nodePlace, number)
    }
  }

  /// The messages of a bitmask, with names that are free.
  private mutating func bitmask(
    _ name: String,
    _ new: NewTensor,
    in graph: Int
  ) throws -> BitmaskMessages {
    let messages = try new.bitmask(names.names(of: name))
    let home = rules.home(of: graph)
    homes[home] = homes[home] == true || messages.isCut
    return messages
  }

  /// Puts in what bitmasks share, once where all of them see it.
  private mutating func addSharedConstants() throws {
    for (home, isCut) in homes.sorted(by: { $0.key < $1.key }) {
      append(try fields(5, BitmaskMessages.sharedInitializers(names.shared, isCut: isCut)), to: home, 0)
    }
  }

  // MARK: Bytes

  /// Several messages as fields of one number.
  private func fields(
    _ field: UInt32,
    _ messages: [WireMessage]
  ) throws(WireMessage.TooLarge) -> [WireMessage] {
    var all: [WireMessage] = []
    for message in messages { all.append(try message.asField(field)) }
    return all
  }

  private mutating func replace(_ frame: Int32, _ message: WireMessage, _ number: Int) {
    replace(frame, [message], number)
  }

  private mutating func replace(_ frame: Int32, _ messages: [WireMessage], _ number: Int) {
    let old = structure.frames[Int(frame)]
    for message in messages { insert(message, at: (old.start, old.parent), number) }
    remove(frame)
  }

  private mutating func remove(_ frame: Int32) {
    let old = structure.frames[Int(frame)]
    edits.replace(old.range, in: old.parent)
  }

  private mutating func insert(_ message: WireMessage, at place: (UInt64, Int32), _ number: Int) {
    edits.replace(place.0..<place.0, in: place.1, with: message, change: number)
  }

  private mutating func insert(_ messages: [WireMessage], at place: (UInt64, Int32), _ number: Int) {
    for message in messages { insert(message, at: place, number) }
  }

  private mutating func insert(_ message: WireMessage, beforeNodesOf graph: Int, _ number: Int) {
    insert([message], beforeNodesOf: graph, number)
  }

  private mutating func insert(_ messages: [WireMessage], beforeNodesOf graph: Int, _ number: Int) {
    insert(messages, at: structure.place(ofNode: 0, inGraph: graph), number)
  }

  private mutating func append(_ message: WireMessage, to graph: Int, _ number: Int) {
    append([message], to: graph, number)
  }

  private mutating func append(_ messages: [WireMessage], to graph: Int, _ number: Int) {
    insert(messages, at: structure.end(ofGraph: graph), number)
  }

  // MARK: What the model declares

  private mutating func require(
    _ change: SplicePlan.Change,
    _ type: ONNXDataType,
    old: ONNXDataType,
    in graph: Int
  ) {
    let own = change.replacement.target.form.requirement(for: type)
    needed.irVersion = max(needed.irVersion, own.irVersion, type == old ? 0 : type.leastVersion)
    if rules.operatorSets[graph] == nil { needed.operatorSet = max(needed.operatorSet, own.operatorSet) }
  }

  private mutating func raiseVersions() {
    if needed.irVersion > model.irVersion {
      var field = WireMessage()
      field.append(1, varint: UInt64(needed.irVersion))
      edits.replace(structure.versionField, in: -1, with: field)
      notes.append(.raisedVersion(from: model.irVersion, to: needed.irVersion))
      if model.irVersion < 4 && needed.irVersion >= 4 { removeInputs() }
    }
    if needed.operatorSet > 0 {
      var operators = WireMessage()
      operators.append(1, "")
      operators.append(2, varint: UInt64(needed.operatorSet))
      if let field = try? operators.asField(8) { insert(field, at: (endOfFile, -1), 0) }
      notes.append(.addedOperatorSet(needed.operatorSet))
    }
  }

  /// Takes initializers out of the main graph's inputs.
  ///
  /// Before IR 4 they had to stand there, and were constants all the same; from then on they would be defaults that
  /// callers can replace, which no runtime folds.
  private mutating func removeInputs() {
    let initializers = Set(model.graphs[0].initializers.map { TensorName(model.tensors[$0].name) })
    var removed: [TensorName] = []
    for (index, input) in model.graphs[0].inputs.enumerated() {
      let name = TensorName(input)
      guard initializers.contains(name) else { continue }
      remove(structure.graphs[0].inputs[index])
      removed.append(name)
    }
    if let first = removed.first { notes.append(.removedInputs(removed.count, first: first)) }
  }

  /// Sets entries of the model's metadata, and takes out those without a value.
  mutating func set(_ metadata: [(key: String, value: String?)]) throws {
    for (number, entry) in metadata.enumerated() {
      let key = TensorName(entry.key)
      // The last of several that are asked for counts.
      if metadata[(number + 1)...].contains(where: { TensorName($0.key) == key }) { continue }
      let found = model.metadata.indices.filter { TensorName(model.metadata[$0].key) == key }
      if let value = entry.value {
        if found.count == 1, TensorName(model.metadata[found[0]].value) == TensorName(value) { continue }
        var pair = WireMessage()
        pair.append(1, entry.key)
        pair.append(2, value)
        let place = found.first.map { rules.surroundings.metadata[$0].lowerBound } ?? endOfFile
        insert(try pair.asField(14), at: (place, -1), 0)
      }
      for index in found { edits.replace(rules.surroundings.metadata[index], in: -1) }
    }
  }
}
