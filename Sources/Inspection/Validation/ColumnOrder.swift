public import ModelIR
public import SparseCoding

/// A search for an order of places on an axis under which an N:M pattern holds: what permuting channels before
/// pruning, or after it, could give (Pool and Yu, "Channel Permutations for N:M Sparsity", 2021).
///
/// The search is greedy, so that it may miss an order; that none exists is only said where a row proves it.
public enum ColumnOrder: Sendable, Hashable {
  /// Such an order was found: groups of places.
  case found([[Int]])
  /// A row has more nonzeros than any order can hold.
  case impossible(row: Int, nonzeros: Int, most: Int)
  /// The search found none.
  case notFound
  /// It was not searched for, and why.
  case skipped(String)

  /// The most places on an axis, and elements of a tensor, that are searched.
  public static let (mostColumns, mostElements): (UInt64, UInt64) = (4096, 1 << 25)
  /// The most words that a search compares: about a second's work.
  static let mostWork = 1 << 30

  /// Searches for an order of the columns.
  public init(of matrix: NonzeroColumns, _ pattern: NMPattern) {
    guard matrix.columns % pattern.group == 0 else {
      self = .skipped("\(matrix.columns) places are no multiple of \(pattern.group)")
      return
    }
    let fullest = matrix.nonzerosOfFullestRow()
    let most = matrix.columns / pattern.group * pattern.kept
    if fullest.count > most {
      self = .impossible(row: fullest.row, nonzeros: fullest.count, most: most)
      return
    }
    var search = Search(matrix, pattern)
    if let groups = search.run() {
      self = .found(groups)
    } else if search.work >= Self.mostWork {
      self = .skipped("the search would take too long")
    } else {
      self = .notFound
    }
  }

  /// Groups columns one group after the other: the fullest column that is left, one that it is tried with, and
  /// what fits to both.
  private struct Search {
    private let matrix: NonzeroColumns
    private let pattern: NMPattern
    /// The columns that are in no group yet, the fullest first.
    private var left: [Int]
    /// For each number from 1 to N, which rows have that many nonzeros in the group.
    private var levels: [[UInt64]]
    /// How many words were compared.
    private(set) var work = 0

    init(_ matrix: NonzeroColumns, _ pattern: NMPattern) {
      self.matrix = matrix
      self.pattern = pattern
      let counts = (0..<matrix.columns).map { column in
        let start = column * matrix.wordsPerColumn
        return matrix.words[start..<start + matrix.wordsPerColumn].reduce(0) { $0 + $1.nonzeroBitCount }
      }
      left = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
      levels = Array(
        repeating: [UInt64](repeating: 0, count: matrix.wordsPerColumn),
        count: pattern.kept
      )
    }

    mutating func run() -> [[Int]]? {
      var groups: [[Int]] = []
      while !left.isEmpty {
        guard let places = nextGroup() else { return nil }
        groups.append(places.map { left[$0] }.sorted())
        for place in places.sorted(by: >) { left.remove(at: place) }
      }
      return groups
    }

    /// A group with the first column that is left, as places in `left`.
    private mutating func nextGroup() -> [Int]? {
      for second in 1..<left.count {
        clear()
        add(left[0])
        guard fits(left[second]) else { continue }
        add(left[second])
        var places = [0, second]
        var place = 1
        while places.count < pattern.group && place < left.count {
          if place != second && fits(left[place]) {
            add(left[place])
            places.append(place)
          }
          place += 1
        }
        if places.count == pattern.group { return places }
        if work >= ColumnOrder.mostWork { return nil }
      }
      return nil
    }

    private mutating func clear() {
      for level in levels.indices {
        for word in levels[level].indices { levels[level][word] = 0 }
      }
      work += levels.count * matrix.wordsPerColumn
    }

    /// Whether no row would have more than N nonzeros.
    private mutating func fits(_ column: Int) -> Bool {
      let start = column * matrix.wordsPerColumn
      let full = levels[pattern.kept - 1]
      var word = 0
      while word < full.count && full[word] & matrix.words[start + word] == 0 { word += 1 }
      work += word + 1
      return word == full.count
    }

    private mutating func add(_ column: Int) {
      let start = column * matrix.wordsPerColumn
      for word in 0..<matrix.wordsPerColumn {
        let bits = matrix.words[start + word]
        var level = pattern.kept - 1
        while level > 0 {
          levels[level][word] |= levels[level - 1][word] & bits
          level -= 1
        }
        levels[0][word] |= bits
      }
      work += matrix.wordsPerColumn * pattern.kept
    }
  }
}
