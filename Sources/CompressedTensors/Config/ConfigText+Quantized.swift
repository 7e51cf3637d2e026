public import ModelIR
internal import StrictJSON

extension ConfigText {
  /// Quantized weights that no configuration speaks of yet.
  public struct QuantizedWeights: Sendable {
    /// Modules that are quantized alike.
    struct Group: Sendable {
      let quantization: Quantization
      let isFloat: Bool
      var modules: [String]
    }

    private(set) var groups: [Group] = []

    /// The quantized weights among `tensors`, as far as the library has a format for them.
    public init(_ tensors: [Tensor]) {
      for tensor in tensors {
        guard let quantization = tensor.quantization, CompressionFormat(rawValue: quantization.scheme) != nil,
          let dot = tensor.name.text.lastIndex(of: ".")
        else { continue }
        let module = String(tensor.name.text[..<dot])
        let isFloat =
          quantization.packing.map { $0 != PackingName.words.rawValue } ?? (tensor.elementType == .float8E4M3)
        let place = groups.firstIndex {
          $0.isFloat == isFloat && $0.quantization.scheme == quantization.scheme
            && $0.quantization.bits == quantization.bits
            && $0.quantization.granularity == quantization.granularity
            && ($0.quantization.zeroPoint == nil) == (quantization.zeroPoint == nil)
        }
        if let place {
          groups[place].modules.append(module)
        } else {
          groups.append(Group(quantization: quantization, isFloat: isFloat, modules: [module]))
        }
      }
    }

    /// Whether there is none.
    public var isEmpty: Bool { groups.isEmpty }
  }

  /// The configuration of a model whose quantized weights nothing spoke of, as today's library writes it.
  /// - Parameter text: the configuration so far; nil for none.
  /// - Throws: ``ConfigFault`` for a text that is no JSON object.
  public static func quantized(_ text: [UInt8]?, _ weights: QuantizedWeights, file: String) throws -> [UInt8]
  {
    var members = try text.map { try self.members(of: $0, file: file) } ?? []
    let formats = Set(weights.groups.map(\.quantization.scheme))
    let format = formats.count == 1 ? formats.first : CompressionFormat.mixedPrecision.rawValue
    let groups = weights.groups.enumerated().map { index, group in
      JSONValue.Member("group_\(index)", value(of: group))
    }
    members.set(
      CompressionConfig.Key.quantization.rawValue,
      to: .object([
        .init("config_groups", .object(groups)),
        .init("format", format.map(JSONValue.string) ?? .null),
        .init("ignore", .array([])),
        .init("quant_method", .string("compressed-tensors")),
        .init("quantization_status", .string("compressed")),
        .init("version", .string(LibraryVersion.current.text)),
      ])
    )
    return Array(JSONValue.object(members).pythonText(sortsKeys: true).utf8)
  }

  private static func value(of group: QuantizedWeights.Group) -> JSONValue {
    let quantization = group.quantization
    var size: JSONValue = .null
    var block: [Int]?
    let strategy: String
    switch quantization.granularity {
    case .tensor: strategy = "tensor"
    case .channel: strategy = "channel"
    case .group(_, let elements):
      size = .number("\(elements)")
      strategy = quantization.globalScale == nil ? "group" : "tensor_group"
    case .block(let extents):
      block = extents
      strategy = "block"
    }
    var weights: [JSONValue.Member] = [
      .init("dynamic", .boolean(false)),
      .init("group_size", size),
      .init("num_bits", .number("\(quantization.bits)")),
      .init("strategy", .string(strategy)),
      .init("symmetric", .boolean(quantization.zeroPoint == nil)),
      .init("type", .string(group.isFloat ? "float" : "int")),
    ]
    if let block { weights.append(.init("block_structure", .array(block.map { .number("\($0)") }))) }
    return .object([
      .init("format", .string(quantization.scheme)),
      .init("input_activations", .null),
      .init("output_activations", .null),
      .init("targets", .array(group.modules.map(JSONValue.string))),
      .init("weights", .object(weights)),
    ])
  }
}
