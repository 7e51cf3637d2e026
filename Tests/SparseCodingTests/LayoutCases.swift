import ModelIR
import SparseCoding

/// The layouts and shapes that coding is tested with.
enum LayoutCases {
  /// Patterns whose M is no power of two, whose N nearly fills it, and of the largest groups.
  static let patterns =
    NMPattern.common
    + ["1:3", "3:5", "5:7", "7:16", "15:16", "1:32", "31:32", "16:32"].compactMap { NMPattern($0) }

  /// All sparse layouts.
  static let sparse: [Layout] = [.bitmask, .csr] + patterns.map { .nm($0) }

  /// One of each kind, and a pattern whose M is no power of two.
  static let few: [Layout] =
    [.bitmask, .csr] + ["2:4", "3:5", "1:32"].compactMap { NMPattern($0).map { .nm($0) } }

  static let kernels = KernelSet.allCases.filter(\.isAvailable)

  /// The elements at whose multiples rows may be split.
  static func alignment(_ layout: Layout) -> Int {
    if case .nm(let pattern) = layout { 64 * pattern.group } else { 64 }
  }

  /// Small shapes of every rank up to 3, and rows long enough to be split.
  static func shapes(_ layout: Layout, using generator: inout SeededGenerator) -> [Shape] {
    var shapes = [Shape([])].compactMap { $0 }
    let alignment = UInt64(alignment(layout))
    let boundaries: [UInt64] = [1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 130]
    let random = (0..<7).map { _ in UInt64.random(in: 1...130, using: &generator) }
    for columns in random + [
      generator.pick(boundaries), generator.pick(boundaries), generator.pick(boundaries),
    ] {
      let rows = UInt64.random(in: 1...5, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: shapes.append(.vector(columns))
      case 1: shapes.append(.of(2, rows, columns))
      default: shapes.append(.of(rows, columns))
      }
    }
    for rows in 1...2 as ClosedRange<UInt64> {
      let pieces = alignment * UInt64.random(in: 1...2, using: &generator)
      shapes.append(.of(rows, pieces + generator.pick([1, 2, 63, 64, 65])))
    }
    return shapes
  }

  /// Sizes of chunks: the smallest, one that cuts the matrix somewhere, and one that holds all.
  static func chunkBytes(_ sample: DenseSample, using generator: inout SeededGenerator) -> [Int] {
    [1, Int.random(in: 1...max(1, sample.bytes.count), using: &generator), 1 << 20]
  }
}
