internal import ModelIR

/// What the model declares besides its tensors.
extension Splicer {
  /// Notes what a change asks the model to declare.
  mutating func require(
    _ change: SplicePlan.Change,
    _ type: ONNXDataType,
    old: ONNXDataType,
    in graph: Int
  ) {
    let own = change.replacement.target.form.requirement(for: type)
    needed.irVersion = max(needed.irVersion, own.irVersion, type == old ? 0 : type.leastVersion)
    if rules.operatorSets[graph] == nil { needed.operatorSet = max(needed.operatorSet, own.operatorSet) }
  }

  /// Declares what the changes need.
  mutating func raiseVersions() {
    if needed.irVersion > model.irVersion {
      var field = WireMessage()
      field.append(1, varint: UInt64(needed.irVersion))
      edits.replace(structure.versionField, in: -1, with: field)
      notes.append(.raisedVersion(from: model.irVersion, to: needed.irVersion))
      if model.irVersion < 4 && needed.irVersion >= 4 { removeInputs() }
    }
    if needed.operatorSet > 0 {
      let version = rules.functionSet ?? needed.operatorSet
      var operators = WireMessage()
      operators.append(1, "")
      operators.append(2, varint: UInt64(version))
      if let field = try? operators.asField(8) { insert(field, at: (endOfFile, -1), 0) }
      notes.append(.addedOperatorSet(version))
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
