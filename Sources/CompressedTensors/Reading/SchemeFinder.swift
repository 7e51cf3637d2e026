internal import ModelIR

/// Which group of a configuration a module belongs to.
struct SchemeFinder {
  private let groups: [(group: CompressionConfig.Group, targets: TargetList)]
  private let ignore: TargetList
  private let only: CompressionConfig.Group?
  private let file: String

  /// The most patterns of a configuration: each is tried on each module. Models have a few dozen.
  private static let mostPatterns = 1000
  /// The most that all matches may take together, in scalars of patterns times scalars of paths; large models
  /// need a third of it.
  private static let mostSteps: UInt64 = 1 << 34
  private let patternScalars: UInt64
  private var steps: UInt64 = 0

  /// A finder for the groups of `config`, whose patterns are compiled once.
  /// - Throws: ``ConfigFault`` for a pattern that cannot be matched.
  init(_ config: CompressionConfig?, file: String) throws {
    self.file = file
    let lists = (config?.groups.map(\.targets) ?? []) + [config?.ignore ?? []]
    patternScalars = lists.joined().reduce(0) { $1.hasPrefix("re:") ? $0 + UInt64($1.utf8.count) : $0 }
    let patterns = lists.joined().reduce(0) { $0 + ($1.hasPrefix("re:") ? 1 : 0) }
    guard patterns <= Self.mostPatterns else {
      throw ConfigFault(
        file: file,
        .wrongField(
          "\(config?.key.rawValue ?? "").config_groups",
          expected: "at most \(Self.mostPatterns) patterns"
        )
      )
    }
    /// Compiles one list.
    func compile(_ entries: [String], _ field: String) throws -> TargetList {
      do {
        return try TargetList(entries)
      } catch {
        let field = "\(config?.key.rawValue ?? "").\(field)"
        throw ConfigFault(file: file, .badPattern(field: field, problem: error.diagnosis.problem))
      }
    }
    let all = config?.groups ?? []
    groups = try all.map { ($0, try compile($0.targets, "config_groups.\($0.name).targets")) }
    ignore = try compile(config?.ignore ?? [], "ignore")
    // The sparse part's lists are checked although nothing depends on them: the parts' names tell.
    _ = try compile(config?.sparsity?.targets ?? [], "sparsity_config.targets")
    _ = try compile(config?.sparsity?.ignore ?? [], "sparsity_config.ignore")
    let quantizing = all.filter { $0.weights != nil }
    only = quantizing.count == 1 ? quantizing[0] : nil
  }

  /// The group of a module that has quantized parts: the one that matches best; the only one, where its
  /// targets name classes that no checkpoint tells; else nil.
  /// - Throws: ``ConfigFault`` where a pattern cannot tell.
  mutating func group(of module: String) throws -> CompressionConfig.Group? {
    steps += patternScalars * UInt64(module.utf8.count)
    guard steps <= Self.mostSteps else {
      throw ConfigFault(
        file: file,
        .badPattern(field: "config_groups", problem: "its patterns take too long for so many modules")
      )
    }
    do {
      var best: (group: CompressionConfig.Group, kind: TargetList.Match.Kind)?
      for (group, targets) in groups where group.weights != nil {
        guard let match = try targets.matches(module: module) else { continue }
        if best.map({ match.kind < $0.kind }) ?? true { best = (group, match.kind) }
      }
      if let best { return best.group }
      return try ignore.matches(module: module) == nil ? only : nil
    } catch {
      throw ConfigFault(file: file, .badPattern(field: "config_groups", problem: error.diagnosis.problem))
    }
  }
}
