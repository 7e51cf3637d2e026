internal import ModelIR

/// Turns changes of tensors into changes of bytes.
struct Splicer {
  /// The changes of bytes so far.
  var edits = SpliceEdits()
  /// What they are besides.
  var notes: [SpliceNote] = []

  /// What the file holds.
  let model: ONNXModel
  /// Where it stands.
  let structure: ONNXStructure
  /// What messages call the file.
  let file: String
  let rules: SpliceRules
  let changes: [SplicePlan.Change]
  /// Reads what is carried along.
  var wire: WireReader
  let endOfFile: UInt64
  /// What goes with bitmasks that are changed.
  let removal: ExpansionRemoval
  /// The names that are taken; none where no bitmask is made.
  var names: FreeNames
  /// The graphs that have the constants that bitmasks share, and whether a mask there is cut.
  var homes: [Int: Bool] = [:]
  /// What the model has to declare.
  var needed = ONNXForm.Requirement(irVersion: 0, operatorSet: 0)

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

  /// Stores a tensor anew.
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
}
