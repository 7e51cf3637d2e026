internal import CompressedTensors
internal import Inspection
internal import ModelIR
internal import SparseCoding

/// Which tensors compressed-tensors' sparse forms are for, and which form each takes.
public struct SparseTarget: Sendable {
  /// The last version of the library with sparse forms.
  public static let usualVersion = "0.14.0.1"

  private let rules: SparseForm.Rules
  private let usesFirstNaming: Bool
  private let targets: TargetList
  private let ignored: TargetList
  /// The form of tensors that are sparse already.
  private let keptKind: SparseForm.Kind

  /// The forms that `options` ask for.
  /// - Throws: ``OptionFault`` for options that the library has no form for.
  init(_ options: ConversionOptions, source: CompressedCheckpoint) throws {
    rules = options.asReference ? .reference : .lossless
    guard let version = LibraryVersion(options.libraryVersion) else {
      throw OptionFault(
        "--library-version \(options.libraryVersion) is no version",
        expected: Self.usualVersion
      )
    }
    guard version >= .firstSparse, version <= .lastSparse else {
      throw OptionFault(
        "compressed-tensors \(version.text) has no sparse forms",
        expected: "a version from 0.3 to \(Self.usualVersion)"
      )
    }
    usesFirstNaming = version < .moduleNaming
    targets = try Self.list(options.targets, "--target")
    ignored = try Self.list(options.ignoredModules, "--ignore")
    keptKind = source.facts.modules[.sparse24Bitmask] != nil ? .twoOfFour : .bitmask
    if case .named(let layout) = options.layout, Self.kind(of: layout) == nil, layout != .dense {
      throw OptionFault(
        "compressed-tensors has no form for the layout \(layout)",
        expected: "bitmask, nm:2:4 or dense"
      )
    }
    if usesFirstNaming && Self.wants(.twoOfFour, options.layout, keptKind) {
      throw OptionFault(
        "compressed-tensors \(version.text) has no sparse-24-bitmask",
        expected: "0.9 or later"
      )
    }
  }

  private static func list(_ entries: [String], _ option: String) throws -> TargetList {
    do {
      return try TargetList(entries)
    } catch {
      throw OptionFault("\(option): \(error.diagnosis.problem)")
    }
  }

  private static func kind(of layout: Layout) -> SparseForm.Kind? {
    switch layout {
    case .bitmask: .bitmask
    case .nm(let pattern) where pattern.kept == 2 && pattern.group == 4: .twoOfFour
    default: nil
    }
  }

  private static func wants(
    _ kind: SparseForm.Kind,
    _ request: ConversionOptions.LayoutRequest,
    _ kept: SparseForm.Kind
  ) -> Bool {
    switch request {
    case .keep: kept == kind
    case .auto: false
    case .named(let layout): Self.kind(of: layout) == kind
    }
  }

  /// What a tensor is measured for, and what stops it from taking what was asked for.
  func target(
    of tensor: Tensor,
    _ request: ConversionOptions.LayoutRequest
  ) -> (LayoutTarget, LayoutObstacle?) {
    let rest: LayoutTarget = tensor.layout == .dense ? .counted : .named(.dense)
    switch request {
    case .keep:
      return (tensor.layout == .dense ? .counted : .form(form(keptKind), isAutomatic: false), nil)
    case .auto:
      return obstacle(to: .bitmask, for: tensor) == nil && !isIgnored(tensor)
        ? (.form(form(.bitmask), isAutomatic: true), nil) : (rest, nil)
    case .named(let layout):
      guard let kind = Self.kind(of: layout) else { return (rest, nil) }
      if isIgnored(tensor) { return (rest, nil) }
      if let obstacle = obstacle(to: kind, for: tensor) { return (rest, obstacle) }
      return (.form(form(kind), isAutomatic: false), nil)
    }
  }

  private func form(_ kind: SparseForm.Kind) -> SparseForm {
    SparseForm(kind, rules: rules, usesFirstNaming: usesFirstNaming)
  }

  /// Whether a tensor's module is none that is meant; until 0.8 every tensor was.
  private func isIgnored(_ tensor: Tensor) -> Bool {
    var module = tensor.name.text
    if module.hasSuffix(SparseForm.weightEnding) {
      module = String(module.dropLast(SparseForm.weightEnding.count))
    }
    if (try? ignored.matches(module: module)) != nil { return true }
    return !usesFirstNaming && (try? targets.matches(module: module)) == nil
  }

  private func obstacle(to kind: SparseForm.Kind, for tensor: Tensor) -> LayoutObstacle? {
    if let obstacle = Layout.bitmask.obstacle(elementType: tensor.elementType, shape: tensor.shape) {
      return obstacle
    }
    if tensor.shape.rank == 0 { return .rankBelowTwo }
    if !usesFirstNaming && !tensor.name.text.hasSuffix(SparseForm.weightEnding) { return .notAModuleWeight }
    // The library takes every weight that it is not told to leave alone.
    if rules == .lossless {
      if tensor.shape.rank < 2 { return .rankBelowTwo }
      if let reason = WeightKind(tensor).reasonToSkip { return .notTargeted(reason) }
    }
    if kind == .twoOfFour {
      if tensor.shape.rank != 2 { return .notTargeted("no matrix of two axes") }
      if tensor.shape.columns % 4 != 0 { return .raggedRows(multiple: 4, columns: tensor.shape.columns) }
    }
    return form(kind).parts(of: tensor, nnz: tensor.shape.elementCount) == nil ? .tooLarge : nil
  }
}
