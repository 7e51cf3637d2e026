internal import ModelIR

extension WeightWalk {
  /// The parameter that a node reads at a position.
  func parameter(at position: Int?, of node: Int, in context: Int) -> WeightQuantization.Parameter {
    guard let position, let value = lookups.index.input(position, of: node) else { return .none }
    return lookups.storedTensor(value, in: context).map { .tensor($0) } ?? .computed
  }

  /// The shape of a parameter, where it is stored.
  func shape(of parameter: WeightQuantization.Parameter) -> Shape? {
    guard case .tensor(let number) = parameter else { return nil }
    return lookups.model.tensors[number].shape
  }

  /// Keeps a statement, once.
  mutating func record(_ statement: WeightQuantization) {
    guard !knowledge.quantizations.contains(statement),
      knowledge.quantizations.count < WeightKnowledge.mostQuantizations
    else { return }
    let place = knowledge.quantizations.firstIndex { statement.source < $0.source }
    knowledge.quantizations.insert(statement, at: place ?? knowledge.quantizations.count)
  }

  /// Keeps a finding, once; about the weight itself where the parameter is not stored.
  mutating func report(
    _ problem: KnowledgeFinding.Problem,
    of parameter: WeightQuantization.Parameter = .none,
    has: String,
    needs: String,
    node: Int
  ) {
    var wrong = tensor
    if case .tensor(let number) = parameter { wrong = number }
    let finding = KnowledgeFinding(
      tensor: wrong,
      weight: tensor,
      graph: lookups.index.graphOfNode[node],
      node: lookups.offset(of: node),
      problem: problem,
      has: has,
      needs: needs
    )
    guard knowledge.findings.count < WeightKnowledge.mostFindings, !knowledge.findings.contains(finding)
    else { return }
    knowledge.findings.append(finding)
  }

  /// A statement of a node, without granularity.
  func statement(_ source: WeightQuantization.Source, of number: Int, bits: Int) -> WeightQuantization {
    WeightQuantization(
      source: source,
      graph: lookups.index.graphOfNode[number],
      node: lookups.offset(of: number),
      operation: lookups.node(number).operation,
      bits: bits,
      granularity: .unknown,
      scale: .none,
      zeroPoint: .none
    )
  }

  /// The granularity that a fit means for the stored tensor; what does not fit is reported.
  mutating func granularity(
    _ fit: ParameterFit?,
    of parameter: WeightQuantization.Parameter,
    node: Int,
    view: TensorView
  ) -> WeightQuantization.Granularity {
    switch fit {
    case .fits(let granularity): return granularity.stored(view, rank: shape.rank)
    case .misfit(let problem, let has, let needs):
      report(problem, of: parameter, has: has, needs: needs, node: node)
      return .unknown
    case nil: return .unknown
    }
  }

  /// A zero point has one code for each scale.
  mutating func checkZeroPoint(of statement: WeightQuantization, node: Int) {
    guard let scale = shape(of: statement.scale), let zero = shape(of: statement.zeroPoint) else { return }
    if scale.extents == zero.extents || scale.elementCount == 1 && zero.elementCount == 1 { return }
    report(
      .zeroPointShape,
      of: statement.zeroPoint,
      has: "shape \(zero)",
      needs: "the scale's shape \(scale)",
      node: node
    )
  }

  /// `DequantizeLinear` and `QuantizeLinear`.
  mutating func quantize(_ step: PathStep, _ reader: ValueIndex.Reader, at position: Position) {
    guard !position.isRequantized else { return }
    let (node, context, view) = (reader.node, position.context, position.view)
    let type = lookups.model.tensors[tensor].type
    let isFake = step == .quantize
    guard type.isFloat && type.bitWidth >= 16 ? isFake : !isFake else { return }
    var bits = type.bitWidth
    let zeroPoint = parameter(at: 2, of: node, in: context)
    if isFake { bits = targetBits(of: node, zeroPoint, in: context) }
    var result = statement(isFake ? .fakeQuantized : .dequantizeLinear, of: node, bits: bits)
    result.scale = parameter(at: 1, of: node, in: context)
    result.zeroPoint = zeroPoint == .none ? .constant(0) : zeroPoint
    result.order = view.order
    let axis = lookups.integer("axis", of: node, in: context, default: 1)
    let block = lookups.integer("block_size", of: node, in: context, default: 0)
    if let extents = view.extents, let axis, let block {
      if let scale = shape(of: result.scale) {
        let fit = ParameterFit.linear(scale, over: extents, axis: axis, block: block)
        result.granularity = granularity(fit, of: result.scale, node: node, view: view)
      } else if block > 0, let axis = TensorView.axis(axis, rank: extents.count) {
        result.granularity = .blocked(axis: axis, size: UInt64(block)).stored(view, rank: shape.rank)
      }
    } else if let scale = shape(of: result.scale), scale.elementCount == 1, scale.rank <= 1 {
      result.granularity = .tensor
    }
    checkZeroPoint(of: result, node: node)
    record(result)
  }

  /// The bits of the codes that `QuantizeLinear` makes.
  private func targetBits(of node: Int, _ zeroPoint: WeightQuantization.Parameter, in context: Int) -> Int {
    if case .tensor(let number) = zeroPoint { return lookups.model.tensors[number].type.bitWidth }
    let code = lookups.integer("output_dtype", of: node, in: context, default: 0)
    return code.flatMap { Int32(exactly: $0) }.flatMap { ONNXDataType(rawValue: $0) }?.bitWidth ?? 8
  }

  /// An operand whose scale and zero point stand beside it.
  mutating func quantize(_ operand: QuantizedOperand, _ reader: ValueIndex.Reader, at position: Position) {
    let (node, context, view) = (reader.node, position.context, position.view)
    let type = lookups.model.tensors[tensor].type
    guard !type.isFloat || type.bitWidth < 16 else { return }
    if operand.form == .gathered { return quantize(gathered: operand, reader, at: position) }
    var result = statement(operand.scale == nil ? .integerOperand : .operand, of: node, bits: type.bitWidth)
    result.order = view.order
    let zeroPoint = parameter(at: operand.zeroPoint, of: node, in: context)
    result.zeroPoint = zeroPoint == .none ? .constant(0) : zeroPoint
    if let scale = operand.scale {
      result.scale = parameter(at: scale, of: node, in: context)
      let fit = shape(of: result.scale).flatMap { self.fit(operand.form, $0, node, context, view) }
      result.granularity = granularity(fit, of: result.scale, node: node, view: view)
    } else {
      result.scale = scaleBehind(node, in: context)
      if let scale = shape(of: result.scale), let extents = view.extents {
        result.granularity = granularityBehind(scale, extents, operand.form).stored(view, rank: shape.rank)
      }
    }
    // A zero point may be one for all where scales are more, but no other number.
    switch shape(of: result.zeroPoint).flatMap({ fit(operand.form, $0, node, context, view) }) {
    case .misfit(_, let has, let needs):
      let words = { (text: String) in text.replacing("scale", with: "zero point") }
      report(.zeroPointShape, of: result.zeroPoint, has: words(has), needs: words(needs), node: node)
    case .fits(let granularity) where result.scale == .none:
      result.granularity = granularity.stored(view, rank: self.shape.rank)
    case .fits, nil: break
    }
    record(result)
  }

  private func fit(
    _ form: QuantizedOperand.Form,
    _ scale: Shape,
    _ node: Int,
    _ context: Int,
    _ view: TensorView
  ) -> ParameterFit? {
    guard let extents = view.extents else { return scale.elementCount == 1 ? .fits(.tensor) : nil }
    switch form {
    case .channel(let axis):
      let place = axis < 0 ? extents.count + axis : axis
      return .channel(
        scale,
        over: extents,
        axis: extents.count > 1 && extents.indices.contains(place) ? place : nil
      )
    case .gemm(let attribute, let isLeft):
      guard extents.count == 2, let transposed = lookups.integer(attribute, of: node, in: context, default: 0)
      else {
        return nil
      }
      return .channel(scale, over: extents, axis: isLeft == (transposed != 0) ? 1 : 0)
    case .recurrent: return .recurrent(scale, over: extents)
    case .blocks:
      guard extents.count == 2, let block = lookups.integer("block_size", of: node, in: context), block > 0
      else {
        return nil
      }
      return .blocked(scale, over: extents, axis: 1, size: UInt64(block))
    case .gathered: return nil
    }
  }

  /// What `quantization_annotation` says of a value of the tensor.
  mutating func annotate(value: Int) {
    for annotation in lookups.annotations[value] ?? [] {
      func parameter(_ value: Int?) -> WeightQuantization.Parameter {
        value.map { lookups.storedTensor($0, in: 0).map { .tensor($0) } ?? .computed } ?? .none
      }
      let zeroPoint = parameter(annotation.zeroPoint)
      var result = WeightQuantization(
        source: .annotation,
        graph: annotation.graph,
        node: nil,
        operation: "",
        bits: lookups.model.tensors[tensor].type.bitWidth,
        granularity: .unknown,
        scale: parameter(annotation.scale),
        zeroPoint: zeroPoint == .none ? .constant(0) : zeroPoint
      )
      // The axis is not expressed: only one scale for all is clear.
      if shape(of: result.scale)?.elementCount == 1 { result.granularity = .tensor }
      record(result)
    }
  }
}
