internal import Inspection
internal import SparseCoding

/// The magnitudes of a model's weights in one line: a column for each power of two.
struct MagnitudeLine {
  /// The line, with the powers of two at its ends.
  let text: String

  /// The most columns; rarer magnitudes below are left out.
  private static let widest = 32

  /// A line over all tensors whose magnitudes were counted; nil if none were, or all are zero.
  init?(_ tensors: [TensorReport]) {
    var counts: [Int: UInt64] = [:]
    for report in tensors where report.kind != .notWeight {
      for (bucket, count) in report.statistics?.magnitudes?.byBucket ?? [] where count > 0 {
        counts[bucket, default: 0] += count
      }
    }
    guard let top = counts.keys.max(), let bottom = counts.keys.min(), let most = counts.values.max() else {
      return nil
    }
    let first = max(bottom, top - Self.widest + 1)
    let bars = Array("▁▂▃▄▅▆▇█")
    let columns = (first...top).map { bucket -> Character in
      guard let count = counts[bucket], count > 0 else { return " " }
      return bars[min(bars.count - 1, Int(Double(count) / Double(most) * Double(bars.count)))]
    }
    let below = first > bottom ? "…" : ""
    text = "\(below)2^\(first) \(String(columns)) 2^\(top)"
  }
}
