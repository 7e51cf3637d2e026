internal import ModelIR

/// Quantized weights (compressed-tensors 0.20, `compressors/`): each gets the quantization that its parts and
/// the configuration say, and parts of earlier forms are decoded to those of today.
extension Assembly {
  /// Finds and checks the quantized weights.
  /// - Throws: ``PartFault`` for parts that are missing or contradict each other or the configuration,
  ///   ``ConfigFault`` for targets that cannot be matched.
  mutating func resolveQuantized(configFile: String) throws {
    var finder = try SchemeFinder(config, file: configFile)
    let modules = PartTable(tensors).modules.filter { $0[.weightScale] != nil || $0[.weightPacked] != nil }
    guard !modules.isEmpty else { return }
    var places: [TensorName: Int] = [:]
    places.reserveCapacity(tensors.count)
    for (index, tensor) in tensors.enumerated() { places[tensor.name] = index }
    for module in modules {
      let group = try finder.group(of: module.name)
      if let packed = module[.weightPacked] {
        switch tensors[packed].elementType {
        case .int32: try resolvePackedIntegers(module, group)
        case .uint8: try resolvePackedFloats(module, group)
        default:
          throw fault(tensors[packed], .wrongType(found: tensors[packed].elementType, expected: "I32 or U8"))
        }
      } else if let place = places[module.weightName] {
        try resolveBytes(module, weight: place, group)
      } else {
        let format = group?.format ?? config?.format ?? .naiveQuantized
        throw PartFault(
          file: displayName(of: tensors[module[.weightScale] ?? 0]),
          tensor: format.packsWeights ? module.tensorName(of: .weightPacked) : module.weightName,
          .missing(format: format)
        )
      }
    }
  }

  /// The tensor of a part that the format needs.
  func part(_ part: PartName, of module: PartTable.Module, _ format: CompressionFormat) throws -> Tensor {
    if let index = module[part] { return tensors[index] }
    let other = module[.weightPacked] ?? module[.weightScale] ?? 0
    throw PartFault(
      file: displayName(of: tensors[other]),
      tensor: module.tensorName(of: part),
      .missing(format: format)
    )
  }

  /// The format that the configuration gives a module, checked to be one that its parts can have.
  func format(
    _ group: CompressionConfig.Group?,
    inferred: CompressionFormat,
    among possible: [CompressionFormat],
    _ tensor: Tensor
  ) throws -> CompressionFormat {
    let said = group?.format ?? config?.format
    switch said {
    case nil, .mixedPrecision?, .fakequant?, .dense?: return inferred
    case let said?:
      guard possible.contains(said) else {
        throw fault(
          tensor,
          .wrongScheme("is a part of \(inferred.rawValue), and the configuration says \(said.rawValue)")
        )
      }
      return said
    }
  }

  /// Notes what was assumed, for the user to hear.
  mutating func assume(_ tensor: Tensor, _ what: String) {
    facts.assumptions += 1
    // One line says it; a model has hundreds of such tensors.
    guard facts.assumptions <= CompressedCheckpoint.mostAssumptions else { return }
    warnings.append(Diagnosis(.badData, file: displayName(of: tensor), tensor: tensor.name, what))
  }
}
