extension WeightWalk {
  /// Into a function: the input of the call is the input of the body.
  mutating func enter(call reader: ValueIndex.Reader, at position: Position) {
    guard let function = lookups.functions.callee[reader.node],
      let inside = lookups.contexts.context(of: reader.node, in: position.context)
    else {
      return record(.unknown, node: reader.node, input: reader.input, at: position, absence: .unknownOperator)
    }
    guard reader.input < lookups.model.graphs[function].inputs.count else { return }
    proceed(
      position.behind(.call, value: lookups.index.firstFormal[function] + reader.input, context: inside)
    )
  }

  /// Out of the graphs whose output a value is.
  mutating func leave(_ position: Position) {
    for place in lookups.index.resultPlaces[position.value] ?? [] {
      guard take() else { return }
      switch lookups.model.graphs[place.graph].role {
      case .main, .trainingInitialization, .trainingAlgorithm, .functionAttribute: break
      case .function:
        lookups.dependedOnContext = true
        let context = lookups.contexts.all[position.context]
        guard context.function == place.graph, let caller = context.caller, let call = context.call,
          let output = lookups.index.output(place.position, of: call)
        else { continue }
        proceed(position.behind(.call, value: output, context: caller))
      case .body(let offset, _):
        guard let parent = lookups.model.parent(of: place.graph),
          lookups.model.graphs[parent].nodes.indices.contains(offset)
        else { continue }
        leave(
          body: place.graph,
          result: place.position,
          of: lookups.index.firstNode[parent] + offset,
          at: position
        )
      }
    }
  }

  private mutating func leave(body: Int, result: Int, of number: Int, at position: Position) {
    let node = lookups.node(number)
    switch (node.domain, node.operation) {
    case ("", "If"):
      guard let output = lookups.index.output(result, of: number) else { return }
      proceed(meeting: position.behind(.branch, value: output))
    case ("", "Loop"):
      // Results: the condition, what is carried, what is stacked.
      let carried = lookups.index.inputCount(of: number) - 2
      guard result > 0 else { return }
      guard result <= carried else {
        return record(.rearranged, node: number, input: nil, at: position, absence: .lost(by: "Loop"))
      }
      carry(body: body, formal: result + 1, of: number, output: result - 1, .loop, at: position)
    case ("", "Scan"):
      guard let carried = carriedByScan(number, in: position.context), result < carried else {
        return record(.rearranged, node: number, input: nil, at: position, absence: .lost(by: "Scan"))
      }
      carry(body: body, formal: result, of: number, output: result, .scan, at: position)
    default: record(.unknown, node: number, input: nil, at: position, absence: .unknownOperator)
    }
  }

  /// A carried value goes to the next round, and out at the end.
  private mutating func carry(
    body: Int,
    formal: Int,
    of node: Int,
    output: Int,
    _ step: PathStep,
    at position: Position
  ) {
    if formal < lookups.model.graphs[body].inputs.count {
      proceed(meeting: position.behind(step, value: lookups.index.firstFormal[body] + formal))
    }
    if let value = lookups.index.output(output, of: node) {
      proceed(meeting: position.behind(step, value: value))
    }
  }

  /// The body of a control-flow node.
  private func body(of node: Int, in context: Int) -> Int? {
    guard case .value(.graphs(let graphs)) = lookups.attribute("body", of: node, in: context),
      graphs.count == 1,
      let body = graphs.first, lookups.model.graphs.indices.contains(body)
    else { return nil }
    return body
  }

  /// Into a loop, as a value that is carried.
  mutating func enter(loop reader: ValueIndex.Reader, at position: Position) {
    guard let body = body(of: reader.node, in: position.context) else {
      return record(
        .unknown,
        node: reader.node,
        input: reader.input,
        at: position,
        absence: .unknownAttribute("body")
      )
    }
    if reader.input < lookups.model.graphs[body].inputs.count {
      proceed(meeting: position.behind(.loop, value: lookups.index.firstFormal[body] + reader.input))
    }
    // No round at all leaves the value as it is.
    if let output = lookups.index.output(reader.input - 2, of: reader.node) {
      proceed(meeting: position.behind(.loop, value: output))
    }
  }

  /// The number of states of a scan.
  private func carriedByScan(_ node: Int, in context: Int) -> Int? {
    guard let scanned = lookups.integer("num_scan_inputs", of: node, in: context), scanned >= 1 else {
      return nil
    }
    let count = Int64(lookups.index.inputCount(of: node))
    // Before operator set 9 the first input was the lengths of sequences.
    guard scanned <= count, !lookups.hasBatchedScan else { return nil }
    return Int(count - scanned)
  }

  /// Into a scan: as a state, or slice by slice along an axis.
  mutating func enter(scan reader: ValueIndex.Reader, at position: Position) {
    guard let body = body(of: reader.node, in: position.context),
      let carried = carriedByScan(reader.node, in: position.context)
    else {
      return record(
        .unknown,
        node: reader.node,
        input: reader.input,
        at: position,
        absence: .unknownAttribute("body")
      )
    }
    guard reader.input < lookups.model.graphs[body].inputs.count else { return }
    var inside = position.behind(.scan, value: lookups.index.firstFormal[body] + reader.input)
    if reader.input >= carried {
      switch lookups.attribute("scan_input_axes", of: reader.node, in: position.context) {
      case .absent: inside.view.dropAxis(0, by: "Scan")
      case .value(.integers(let axes)) where reader.input - carried < axes.count:
        inside.view.dropAxis(axes[reader.input - carried], by: "Scan")
      case .value, .unknown: inside.view.lose(by: "Scan")
      }
    } else if let output = lookups.index.output(reader.input, of: reader.node) {
      proceed(meeting: position.behind(.scan, value: output))
    }
    proceed(meeting: inside)
  }
}
