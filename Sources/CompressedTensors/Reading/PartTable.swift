internal import ModelIR

/// What a tensor is within a module, by the last component of its name.
enum PartName: String, CaseIterable {
  case bitmask, compressed, shape, meta, packed
  case rowOffsets = "row_offsets"
  case scalePacked = "scale_packed"
  case weightPacked = "weight_packed"
  case weightScale = "weight_scale"
  case weightShape = "weight_shape"
  case weightZeroPoint = "weight_zero_point"
  case weightGroupIndex = "weight_g_idx"
  case weightGlobalScale = "weight_global_scale"
  // Masks that pruning tools keep beside weights: torch.ao.pruning, torch.nn.utils.prune, apex, ModelOpt.
  case mask
  case weightOriginal = "weight_orig"
  case weightMask = "weight_mask"
  case apexMask = "__weight_mma_mask"
  case modelOptMask = "_weight_mask"

  /// The name as bytes, by its last one: most tensors of a model are ruled out by that.
  private static let byLastByte: [[(PartName, [UInt8])]] = allCases.reduce(
    into: [[(PartName, [UInt8])]](repeating: [], count: 256)
  ) { table, part in
    let bytes = Array(part.rawValue.utf8)
    if let last = bytes.last { table[Int(last)].append((part, bytes)) }
  }

  /// The part that a tensor's name ends in, behind a dot, and how many bytes the module's name has.
  static func part(of name: TensorName) -> (part: PartName, moduleBytes: Int)? {
    let bytes = name.text.utf8Span.span
    guard bytes.count > 1 else { return nil }
    for (part, ending) in byLastByte[Int(bytes[bytes.count - 1])] {
      let dot = bytes.count - ending.count - 1
      // A name without a module may be all of it: `packed` of a tensor without a name is none.
      guard dot > 0, bytes[dot] == UInt8(ascii: ".") else { continue }
      if (0..<ending.count).allSatisfy({ bytes[dot + 1 + $0] == ending[$0] }) { return (part, dot) }
    }
    return nil
  }
}

/// The tensors of modules that have parts, by module.
struct PartTable {
  /// A module's parts.
  struct Module {
    /// The module's path; for the first naming of the sparse formats the tensor's name.
    let name: String
    /// The places of the parts among the model's tensors.
    private(set) var parts: [PartName: Int] = [:]

    fileprivate mutating func add(_ part: PartName, _ index: Int) { parts[part] = index }

    fileprivate init(name: String) { self.name = name }

    subscript(_ part: PartName) -> Int? { parts[part] }

    /// What a part's tensor is called.
    func tensorName(of part: PartName) -> TensorName { TensorName("\(name).\(part.rawValue)") }
    /// What the weight is called.
    var weightName: TensorName { TensorName("\(name).weight") }
  }

  /// The modules, in the order of their first part.
  private(set) var modules: [Module] = []

  /// Looks through the names of tensors.
  /// - Complexity: a few bytes of most names, all of those that are parts.
  init(_ tensors: [Tensor]) {
    var places: [TensorName: Int] = [:]
    for (index, tensor) in tensors.enumerated() {
      guard let (part, length) = PartName.part(of: tensor.name) else { continue }
      let name = String(decoding: tensor.name.text.utf8.prefix(length), as: UTF8.self)
      let key = TensorName(name)
      let place = places[key] ?? modules.count
      if place == modules.count {
        places[key] = place
        modules.append(Module(name: name))
      }
      modules[place].add(part, index)
    }
  }
}
