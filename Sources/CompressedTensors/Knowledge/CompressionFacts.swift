/// What a model's compressed parts turned out to be.
public struct CompressionFacts: Sendable, Hashable {
  /// The formats that were found in parts, with the number of modules of each.
  public private(set) var modules: [CompressionFormat: Int] = [:]
  /// The format that the modules of each group of the configuration have.
  public private(set) var groupFormats: [String: CompressionFormat] = [:]
  /// Whether sparse parts lie under whole tensors' names, as until 0.8.
  public var usesFirstNaming = false
  /// Whether integers share words with padding, as until 0.17.
  public var hasPaddedWords = false
  /// Whether zero points are stored as they were until 0.9 or 0.17.
  public var hasOldZeroPoints = false
  /// Whether columns are assigned to groups one by one.
  public var hasGroupIndex = false
  /// Whether MXFP4 exponents are 2 too small, as before 0.14.
  public var hasSmallExponents = false
  /// Pairs of kept values and metadata in torch's CUTLASS form.
  public var cutlassPairs = 0
  /// Weights that stand beside a mask.
  public var masks = 0
  /// How much had to be assumed.
  public var assumptions = 0

  mutating func add(_ format: CompressionFormat, group: CompressionConfig.Group? = nil) {
    modules[format, default: 0] += 1
    note(format, group: group)
  }

  /// Notes the format of a group's modules, which were counted before.
  mutating func note(_ format: CompressionFormat, group: CompressionConfig.Group?) {
    if let group { groupFormats[group.name] = format }
  }

  /// Whether anything of this library was found.
  public var isEmpty: Bool { modules.isEmpty && cutlassPairs == 0 && masks == 0 }
  /// Whether weights are stored as codes: a configuration may say so of weights that are still floats.
  public var hasQuantizedWeights: Bool { modules.keys.contains { $0 == .marlin24 || !$0.isSparse } }
  /// Whether parts are decoded to a form that today's loaders read.
  public var isModernized: Bool {
    hasPaddedWords || hasOldZeroPoints || hasSmallExponents || modules[.marlin24] != nil
  }
}
