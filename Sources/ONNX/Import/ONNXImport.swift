internal import ByteIO
package import ModelIR

/// An ONNX model as a model of the IR: every stored tensor of numbers, along which axes products sum over it, and what
/// its codes are as numbers.
///
/// A tensor that nodes put together from a mask is one tensor, and its parts are none. Tensors of strings stay out.
/// Memory: descriptors; views decode what is read.
package struct ONNXImport: Sendable {
  /// What a tensor of the model is in the file.
  package enum Origin: Sendable {
    /// A stored tensor, by its number in ``ONNXModel/tensors``.
    case tensor(Int)
    /// Nodes that expand a mask.
    case expansion(BitmaskExpansion)

    /// The tensor that holds the elements, by its number in ``ONNXModel/tensors``.
    package var number: Int {
      switch self {
      case .tensor(let number): number
      case .expansion(let expansion): expansion.values
      }
    }
  }

  /// The file as it was read.
  package let reader: ONNXReader
  /// What the graphs say of its tensors.
  package let knowledge: GraphKnowledge
  /// The model. Its first file is the model's own, the others hold external data.
  package private(set) var model: Model
  /// What each of the model's tensors is in the file.
  package private(set) var origins: [Origin] = []
  /// Names of tensors that stay out, and why.
  package private(set) var leftOut: [(name: TensorName, reason: String)] = []

  /// Puts a model that was read into the IR.
  /// - Parameter name: the file's name within the model.
  /// - Throws: ``PayloadFault`` for elements that contradict their tensor, and what reading throws.
  package init(_ reader: ONNXReader, name: String) throws {
    self.reader = reader
    var files = [
      ModelFile(
        source: reader.source,
        name: name,
        skeleton: Region(file: 0, offset: 0, byteCount: 0),
        metadata: Self.metadata(of: reader.model),
        declaresMetadata: false
      )
    ]
    for file in reader.externalFiles {
      files.append(
        ModelFile(
          source: file.source,
          name: file.location,
          skeleton: Region(file: files.count, offset: 0, byteCount: 0),
          metadata: Metadata(),
          declaresMetadata: false
        )
      )
    }
    let sources = files.map(\.source)
    var storage = ONNXStorage(files: sources, external: Array(files.indices.dropFirst()))
    let names = Set(reader.model.tensors.map(\.scopedName))
    // What an expansion would be called may be another tensor's name; then its parts are shown.
    let expansions = try storage.bitmaskExpansions(in: reader.model).filter {
      !names.contains(Self.name(of: $0, in: reader))
    }
    knowledge = GraphKnowledge(
      model: reader.model,
      smallIntegers: StoredIntegers(reader.model, storage),
      expansions: expansions
    )
    model = Model(container: .onnx, files: files, tensors: [], warnings: reader.warnings)
    try addTensors(expansions, &storage)
    model.views = storage.views
    model.warnings += findings
    for source in sources { try source.rest() }
  }

  private static func metadata(of model: ONNXModel) -> Metadata {
    var metadata = Metadata()
    for (key, value) in model.metadata where metadata.value(forKey: key) == nil {
      metadata.append(key: key, value: .string(value))
    }
    return metadata
  }

  private mutating func addTensors(_ expansions: [BitmaskExpansion], _ storage: inout ONNXStorage) throws {
    let source = reader.model
    var expanded: [Int: BitmaskExpansion] = [:]
    var hidden: Set<Int> = []
    for expansion in expansions {
      expanded[expansion.values] = expansion
      hidden.insert(expansion.mask)
      hidden.formUnion(expansion.constants)
    }
    let codes = WeightCodes(model: source, storage: storage)
    for (number, stored) in source.tensors.enumerated() where !hidden.contains(number) {
      guard let type = stored.type.elementType else {
        leftOut.append((stored.scopedName, "its elements are strings"))
        continue
      }
      let known = knowledge[number]
      do {
        if let expansion = expanded[number], let shape = Shape(expansion.extents) {
          let found = try storage.storage(of: expansion, in: source)
          var tensor = Tensor(
            name: Self.name(of: expansion, in: reader),
            elementType: type,
            shape: shape,
            storage: found.storage,
            quantization: quantization(known, of: stored),
            reduction: known.reduction
          )
          tensor.uses = uses(known)
          tensor.views = TensorViews(storedByteCount: found.storedByteCount)
          add(tensor, .expansion(expansion))
          continue
        }
        let found = try storage.storage(of: stored)
        var tensor = Tensor(
          name: stored.scopedName,
          elementType: type,
          shape: stored.shape,
          storage: found.storage,
          quantization: quantization(known, of: stored),
          reduction: known.reduction
        )
        tensor.uses = uses(known)
        var numbers: Tensor?
        if let codes = try codes.codes(of: number, known.quantization) {
          numbers = Tensor(
            name: tensor.name,
            elementType: .int16,
            shape: codes.shape,
            storage: .dense(try storage.append(codes.numbers)),
            reduction: tensor.reduction
          )
          numbers?.uses = tensor.uses
        }
        let isAsStored = found.storedByteCount == found.storage.byteCount
        if numbers != nil || !isAsStored {
          tensor.views = TensorViews(
            codes: numbers,
            storedByteCount: isAsStored ? nil : found.storedByteCount
          )
        }
        add(tensor, .tensor(number))
      } catch let obstacle as ONNXStorage.Obstacle {
        leftOut.append((stored.scopedName, obstacle.reason))
      }
    }
  }

  private static func name(of expansion: BitmaskExpansion, in reader: ONNXReader) -> TensorName {
    TensorName(reader.scopes[expansion.graph] + expansion.output)
  }

  /// Passes over the indices of a sparse tensor, by its number in ``ONNXModel/tensors``; nothing else of its parts can
  /// be wrong once the model is open.
  /// - Throws: ``PayloadFault``, and what reading throws.
  package func checkIndices(of number: Int) throws {
    let storage = ONNXStorage(
      files: model.files.map(\.source),
      external: Array(model.files.indices.dropFirst())
    )
    try storage.checkIndices(of: reader.model.tensors[number])
  }

  private mutating func add(_ tensor: Tensor, _ origin: Origin) {
    model.tensors.append(tensor)
    origins.append(origin)
  }

  /// What the IR says of a quantization that the graph tells.
  private func quantization(_ weight: WeightKnowledge, of stored: ONNXTensor) -> Quantization? {
    guard let known = weight.quantization else { return nil }
    /// A parameter by its name.
    func parameter(_ parameter: WeightQuantization.Parameter) -> Quantization.Parameter? {
      switch parameter {
      case .tensor(let number): .tensor(reader.model.tensors[number].scopedName)
      case .constant(let value): .constant(String(value))
      case .computed, .none: nil
      }
    }
    let granularity: Quantization.Granularity
    switch known.granularity {
    case .channel(let axis): granularity = .channel(axis: axis)
    case .blocked(let axis, let size): granularity = .group(axis: axis, size: Int(clamping: size))
    case .blockShape(let extents): granularity = .block(extents.map { Int(clamping: $0) })
    case .tensor, .flatRuns, .unknown: granularity = .tensor
    }
    let packing: String? = known.packing == .none ? nil : Quantization.operatorPacking
    return Quantization(
      scheme: known.schemeName(of: stored.type),
      bits: known.bits,
      packing: packing,
      logicalShape: known.logicalShape,
      granularity: granularity,
      scale: parameter(known.scale),
      zeroPoint: parameter(known.zeroPoint),
      globalScale: parameter(known.globalScale),
      obstacle: known.obstacle ?? (weight.isAmbiguous ? "nodes dequantize it in several ways" : nil)
    )
  }

  /// Who uses a tensor, in words.
  private func uses(_ known: WeightKnowledge) -> TensorUses {
    TensorUses(
      role: TensorUses.Role(rawValue: known.role.rawValue) ?? .unknown,
      consumers: known.consumers,
      evidence: known.uses.prefix(TensorUses.most).map { $0.evidence(in: reader.model) },
      omitted: known.uses.count + known.omittedUses - min(known.uses.count, TensorUses.most),
      products: Self.products(known)
    )
  }

  /// The kinds of products among the uses.
  private static func products(_ known: WeightKnowledge) -> [TensorUses.Product] {
    var products: [TensorUses.Product] = []
    for use in known.uses where use.kind == .product && products.count < TensorUses.most {
      let product = TensorUses.Product(
        operation: use.domain.isEmpty || use.domain == "ai.onnx"
          ? use.operation : "\(use.domain).\(use.operation)",
        axes: use.axes,
        isDequantized: use.path.contains(.dequantize)
      )
      if !products.contains(product) { products.append(product) }
    }
    return products
  }

  /// What does not fit in the quantizations, each with the operator that says so.
  package var findings: [Diagnosis] {
    knowledge.findings.map { finding in
      let model = reader.model
      let weight =
        finding.tensor == finding.weight ? "" : " of \"\(model.tensors[finding.weight].scopedName.text)\""
      return Diagnosis(
        .badData,
        file: reader.source.displayName,
        tensor: model.tensors[finding.tensor].scopedName,
        "\(finding.has), for \(model.title(ofNode: finding.node, in: finding.graph))\(weight)",
        expected: finding.needs
      )
    }
  }
}

extension WeightQuantization {
  /// The scheme in a word or two: `QDQ int8`, `MatMulNBits 4 bits`.
  func schemeName(of type: ONNXDataType) -> String {
    switch source {
    case .dequantizeLinear: "QDQ \(type)"
    case .fakeQuantized: "QDQ in training"
    case .operand, .integerOperand: packing == .none ? "\(operation) \(type)" : "\(operation) \(bits) bits"
    case .annotation: "annotated \(type)"
    }
  }
}

extension WeightQuantization {
  /// Why reals cannot be computed from what is stored alone; nil where they can.
  fileprivate var obstacle: String? {
    if let refusal { return "its operator lays codes out in a way of its own (\(refusal))" }
    switch codes {
    case .plain: break
    case .e2m1: return "its scales are under another one that multiplies"
    case .bnbFP4, .bnbNF4: return "its codes stand for numbers of a code book"
    }
    switch scale {
    case .tensor: break
    case .computed: return "its scales are computed by the graph"
    case .constant, .none: return "its scales are not known"
    }
    if zeroPoint == .computed { return "its zero points are computed by the graph" }
    switch granularity {
    case .unknown: return "how far its scales reach is not known"
    case .flatRuns: return "its scales run on from row to row"
    case .blocked where order != nil: return "its axes are turned before its blocks are scaled"
    case .blockShape where order != nil: return "its axes are turned before its blocks are scaled"
    case .tensor, .channel, .blocked, .blockShape: return nil
    }
  }
}

extension WeightKnowledge {
  /// Whether nodes say different things of how codes become reals.
  fileprivate var isAmbiguous: Bool {
    guard let first = quantization else { return false }
    return quantizations.contains {
      $0.source == first.source
        && ($0.scale != first.scale || $0.zeroPoint != first.zeroPoint || $0.granularity != first.granularity
          || $0.packing != first.packing || $0.logicalShape != first.logicalShape)
    }
  }
}
