public import ByteIO
public import ModelIR
internal import StrictJSON

/// A model as compressed-tensors and its relatives wrote it, put together.
///
/// Memory: descriptors. Sparse weights keep the regions of their parts; what no region holds as it is (words of
/// an earlier layout, tiles of a GPU kernel) is decoded whenever it is read.
public struct CompressedCheckpoint: Sendable {
  /// The configuration, where there is one.
  public let config: CompressionConfig?
  /// The text of config.json, where it was read.
  public let configText: [UInt8]?
  /// What the parts turned out to be.
  public let facts: CompressionFacts

  /// Whether anything of the library was found.
  public var isEmpty: Bool { facts.isEmpty && config == nil }

  /// The name of the file that tells how weights are compressed.
  public static let configName = "config.json"

  /// Whether config.json says that another library quantized the weights.
  public let isForeign: Bool
  /// Why some parts were left as they are: one file of several has only some of a module's, and without a
  /// configuration parts may be what they are called or not. What depends on them must not go on.
  public let unresolved: PartFault?

  /// Puts the compressed modules of `model` together.
  ///
  /// - Parameters:
  ///   - configText: the text of config.json; nil for none.
  ///   - configFile: what messages call it.
  ///   - isOneFile: whether the model may be one file of several.
  ///   - assumptions: what the user says where the files do not.
  /// - Throws: ``ConfigFault``, ``PartFault``, or what reading throws; the model is as it was then.
  public init(
    resolving model: inout Model,
    configText: [UInt8]?,
    configFile: String = configName,
    isOneFile: Bool = false,
    assumptions: Assumptions = Assumptions()
  ) throws {
    self.configText = configText
    // Most models have nothing to look at, however many tensors; what their config.json says is another's.
    let hasParts = Self.hasParts(model)
    var found: (CompressionConfig?, isForeign: Bool) = (nil, false)
    do {
      if let configText { found = try ConfigReader.read(configText, file: configFile) }
    } catch let fault as ConfigFault where !hasParts {
      model.warnings.append(fault.diagnosis)
    }
    (config, isForeign) = found
    guard hasParts else {
      (facts, unresolved) = (CompressionFacts(), nil)
      return
    }
    var assembly = Assembly(model, config: config, assumptions: assumptions)
    var fault: PartFault?
    do {
      try assembly.resolveSparse()
    } catch let found as PartFault where isOneFile && found.isMissing {
      fault = found
    }
    try assembly.resolveCutlass()
    // Another library's parts may have the same names and mean something else.
    if !isForeign {
      let before = assembly
      do {
        try assembly.resolveMarlin(configFile: configFile)
        try assembly.resolveQuantized(configFile: configFile)
        try assembly.attachCodes()
      } catch let found as PartFault where (isOneFile && found.isMissing) || config == nil {
        assembly = before
        fault = fault ?? found
      }
    }
    try assembly.resolveMasks()
    (facts, unresolved) = (assembly.facts, fault)
    if let fault {
      var diagnosis = fault.diagnosis
      diagnosis.expected = "parts are shown as they are stored"
      assembly.warnings.append(diagnosis)
    }
    if facts.assumptions > Self.mostAssumptions {
      let more = facts.assumptions - Self.mostAssumptions
      assembly.warnings.append(Diagnosis(.badData, file: configFile, "so was it for \(more) more tensors"))
    }
    model.tensors = assembly.tensors
    model.views = assembly.views
    model.warnings += assembly.warnings
  }

  /// Refuses to do something that the configuration of another library speaks against.
  /// - Parameter wanted: what that would be, for the message.
  /// - Throws: ``ConfigFault``.
  public func refuseForeign(_ wanted: String, file: String) throws {
    if isForeign { throw ConfigFault(file: file, .foreign(wanted: wanted)) }
  }

  /// Whether a model has tensors that its config.json may say something about.
  public static func hasParts(_ model: Model) -> Bool { !PartTable(model.tensors).modules.isEmpty }

  /// How many assumptions are said one by one.
  static let mostAssumptions = 3

  /// The bytes of a folder's config.json; nil if there is none.
  public static func configText(in folder: Folder) throws -> [UInt8]? {
    guard try folder.kind(of: configName) == .regular else { return nil }
    return try configText(of: folder.open(configName))
  }

  /// The bytes of a config.json.
  public static func configText(of source: any ByteSource) throws -> [UInt8] {
    guard source.byteCount <= ConfigReader.sizeLimit else {
      throw ConfigFault(file: source.displayName, .tooLarge(source.byteCount))
    }
    var text = [UInt8](repeating: 0, count: Int(source.byteCount))
    try source.read(text.count, at: 0, into: &text, startingAt: 0)
    try source.rest()
    return text
  }
}

extension Assembly {
  /// Whether some tensor's codes are not its stored units.
  var hasCodes: Bool { tensors.contains { $0.views?.codes != nil } }

  /// Gives quantized tensors whose stored units are no plain numbers a view of their codes.
  mutating func attachCodes() throws {
    guard tensors.contains(where: { $0.quantization != nil }) else { return }
    var places: [TensorName: Int] = [:]
    for (index, tensor) in tensors.enumerated() { places[tensor.name] = index }
    for index in tensors.indices {
      guard let quantization = tensors[index].quantization,
        quantization.packing != nil || quantization.zeroPoint != nil, !tensors[index].isExpansion
      else { continue }
      let tensor = tensors[index]
      guard let weight = try QuantizedWeight(tensor, in: lookup(places)) else { continue }
      let codes = try decodedTensor(
        tensor.name,
        weight.numberType,
        weight.shape,
        from: CenteredCodes(weight),
        blaming: tensor
      )
      tensors[index].views = TensorViews(
        codes: codes,
        masked: tensor.views?.masked,
        mask: tensor.views?.mask
      )
    }
  }

  private func lookup(_ places: [TensorName: Int]) -> QuantizedWeight.Model {
    QuantizedWeight.Model(
      tensor: { name in places[name].map { tensors[$0] } },
      source: { tensor in source(of: tensor) }
    )
  }
}
