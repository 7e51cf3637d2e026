internal import CompressedTensors
internal import ModelIR
internal import ONNX

/// Quantized tensors in the places of weights that nodes of the graph dequantize.
extension Grafting {
  /// Codes, scales and zero points that go into the graph.
  struct QuantizedChanges {
    var changes: [ONNXChange] = []
    /// The tensors of the input that they come from.
    var taken: Set<TensorName> = []
  }

  /// Finds the places of quantized tensors.
  /// - Throws: ``GraftFault`` for a weight that the graph's form cannot say, or whose parameters others have too.
  func quantizedChanges(_ places: [TensorName: Int]) throws -> QuantizedChanges {
    let sources = model.tensors.filter { tensor in
      guard GraphForm.isSource(tensor), let place = places[GraphForm.name(of: tensor)] else { return false }
      return GraphForm.isTarget(graph.model.tensors[place])
    }
    var result = QuantizedChanges()
    if sources.isEmpty { return result }
    var own: [TensorName: Tensor] = [:]
    for tensor in model.tensors { own[tensor.name] = tensor }
    let lookup = GraphForm.Lookup(tensor: { own[$0] }, source: { model.source(of: $0) })
    let graphLookup = GraphForm.Lookup(
      tensor: { name in places[name].map { graph.model.tensors[$0] } },
      source: { graph.model.source(of: $0) }
    )
    for tensor in sources {
      guard let place = places[GraphForm.name(of: tensor)] else { continue }
      let target = graph.model.tensors[place]
      do {
        let form = try GraphForm(of: tensor, lookup, as: target, graphLookup)
        try requireOwn(form, places)
        try result.add(
          form,
          at: place,
          places,
          graph,
          model.source(of: tensor),
          files: model.files.map(\.source)
        )
        result.taken.insert(tensor.name)
        result.taken.formUnion(form.usedParts)
      } catch let obstacle as GraphForm.Obstacle {
        throw fault(tensor, target, obstacle.reason)
      }
    }
    return result
  }

  private func fault(_ tensor: Tensor, _ target: Tensor, _ reason: String) -> GraftFault {
    GraftFault(
      file: graphPath,
      tensor: tensor.name,
      rule: .noExactForm(
        scheme: tensor.quantization?.scheme ?? "",
        graph: target.quantization?.scheme ?? "",
        reason: reason
      )
    )
  }

  /// Scales and zero points that other nodes read too must stay what they are.
  private func requireOwn(_ form: GraphForm, _ places: [TensorName: Int]) throws {
    for name in [form.scales.name] + (form.zeroPoints.map { [$0.name] } ?? []) {
      guard let place = places[name], case .tensor(let number) = graph.origins[place] else { continue }
      let known = graph.knowledge[number]
      if known.uses.count + known.omittedUses > 1 {
        throw GraphForm.Obstacle(reason: "other nodes of the graph read \(name.text) too")
      }
    }
  }

  /// Whether a tensor of the graph is a scale or a zero point.
  static func isParameter(_ tensor: Tensor) -> Bool {
    tensor.uses?.role == .scale || tensor.uses?.role == .zeroPoint
  }
}

extension Grafting.QuantizedChanges {
  /// Adds what a weight becomes.
  fileprivate mutating func add(
    _ form: GraphForm,
    at place: Int,
    _ places: [TensorName: Int],
    _ graph: ONNXImport,
    _ source: any ByteSource,
    files: [any ByteSource]
  ) throws {
    var parts: [(place: Int, matrix: any RowDecoding)] = [(place, form.codes)]
    for part in [form.scales] + (form.zeroPoints.map { [$0] } ?? []) {
      guard let place = places[part.name] else { continue }
      parts.append((place, part.matrix))
    }
    for (place, matrix) in parts {
      let target = graph.model.tensors[place]
      var decoded = DecodedFile(named: source.displayName, over: files)
      guard let bytes = matrix.byteCount, let start = decoded.append(matrix) else {
        throw GraphForm.Obstacle(reason: "it is too large")
      }
      var tensor = Tensor(
        name: target.name,
        elementType: target.elementType,
        shape: target.shape,
        storage: .dense(Region(file: 0, offset: start, byteCount: bytes)),
        reduction: target.reduction
      )
      tensor.uses = target.uses
      changes.append(
        ONNXChange(place: place, graph.subject(at: place), tensor, in: decoded, isGrafted: true)
      )
    }
  }
}

extension Shape {
  /// Whether extents are the same but for those that are 1.
  func hasSameExtents(as other: Shape) -> Bool {
    extents.filter { $0 != 1 } == other.extents.filter { $0 != 1 }
  }
}
