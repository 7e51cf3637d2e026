internal import ModelIR

/// The `targets` or the `ignore` of a configuration: which modules it means.
///
/// An entry "re:..." is a pattern that the start of a module's path must match; any other entry is a module's
/// path or the name of a class (compressed-tensors, `utils/match.py`).
public struct TargetList: Sendable {
  /// By which entry a module was found.
  public struct Match: Sendable, Hashable {
    /// How an entry can mean a module; the closest first, in the order of the library's `match_targets`.
    public enum Kind: Int, Sendable, Hashable, Comparable {
      /// The module's path.
      case path
      /// A pattern.
      case pattern
      /// A class.
      case moduleClass

      /// Whether the left one is closer.
      public static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    /// How the entry means the module.
    public let kind: Kind
    /// The place of the entry in its list.
    public let index: Int
    /// The entry.
    public let entry: String
  }

  /// The entries, in the order of the file.
  public let entries: [String]
  /// The first entry of each text that is no pattern.
  private var paths: [TensorName: Int] = [:]
  private var patterns: [(index: Int, pattern: PythonPattern)] = []
  /// The first entry that names the class of linear modules.
  private var linearClass: Int?

  /// A list of these entries.
  /// - Throws: ``PatternFault`` for the first pattern that cannot be used; it says which entry that is.
  public init(_ entries: [String]) throws(PatternFault) {
    self.entries = entries
    for (index, entry) in entries.enumerated() {
      // By scalars: as text, a combining mark behind the colon would make it another character.
      if entry.unicodeScalars.starts(with: "re:".unicodeScalars) {
        do throws(PatternFault) {
          let text = String(String.UnicodeScalarView(entry.unicodeScalars.dropFirst(3)))
          patterns.append((index, try PythonPattern(text)))
        } catch {
          throw error.inEntry(index)
        }
        continue
      }
      let name = TensorName(entry)
      if paths[name] == nil { paths[name] = index }
      if linearClass == nil, LinearModules.classNames.contains(entry) { linearClass = index }
    }
  }

  /// The closest entry that means a module: its path, then the first pattern, then its class; nil if none does.
  ///
  /// (The library sorts the entries of a kind by their text instead of keeping them in order, which makes no
  /// difference to whether a module is meant.)
  /// - Throws: ``PatternFault`` if the path is too long for a pattern.
  public func matches(module: String) throws(PatternFault) -> Match? {
    if let index = paths[TensorName(module)] { return match(.path, index) }
    if !patterns.isEmpty {
      let scalars = module.unicodeScalars.prefix(PatternLimit.textLength.maximum + 1).map(\.value)
      for (index, pattern) in patterns {
        do throws(PatternFault) {
          if try pattern.matchesPrefix(of: scalars) { return match(.pattern, index) }
        } catch {
          throw error.inEntry(index)
        }
      }
    }
    if let linearClass, LinearModules.includes(module) { return match(.moduleClass, linearClass) }
    return nil
  }

  /// The list that means a module most closely, and its match; of equally close ones, the first list.
  ///
  /// - Throws: ``PatternFault`` if the path is too long for a pattern.
  public static func closest(
    of lists: [TargetList],
    module: String
  ) throws(PatternFault) -> (list: Int, match: Match)? {
    var best: (list: Int, match: Match)?
    for (number, list) in lists.enumerated() {
      guard let match = try list.matches(module: module) else { continue }
      if let best, best.match.kind <= match.kind { continue }
      best = (number, match)
    }
    return best
  }

  private func match(_ kind: Match.Kind, _ index: Int) -> Match {
    Match(kind: kind, index: index, entry: entries[index])
  }
}

/// Which modules of a checkpoint count as linear ones, where no model says what class each has.
///
/// The rule is that of the library's `match_quantizable_tensors`, which converts checkpoints without a model:
/// every module except those whose name ends with "norm", in small letters. Other classes have no such rule and
/// mean no module.
enum LinearModules {
  /// The names of the class: that of PyTorch, and vLLM's, which the library takes for it.
  static let classNames: Set<String> = ["Linear", "LinearBase"]

  /// Whether a module counts as linear.
  static func includes(_ module: String) -> Bool {
    // Bytes, not characters: a combining mark before the "n" must not hide it.
    !module.utf8.reversed().starts(with: "norm".utf8.reversed())
  }
}
