internal import ByteIO
internal import ModelIR

/// How the tensors of a model are spread over shards, and how metadata change with it.
public struct SplitPlan: Sendable {
  /// When the next shard begins.
  public enum Limit: Sendable, Hashable {
    /// Where the padded data of a shard would exceed so many bytes; a tensor larger than that has a shard of
    /// its own.
    case bytes(UInt64)
    /// After so many tensors.
    case tensors(Int)
  }

  /// One shard.
  public struct Shard: Sendable, Hashable {
    /// Its metadata: in shard 0 all of the model's; in each, last, the three that make it a shard.
    public var items: [MetadataItem]
    /// Its tensors, as places in the model's list.
    public var parts: Range<Int>
  }

  /// The shards in order.
  public let shards: [Shard]

  /// Spreads `parts` over shards in their order, as llama-gguf-split does.
  /// - Parameter groups: the parts that stay together, as runs of which each begins where the last one ends; nil
  ///   where each part is by itself.
  /// - Throws: ``GGUFPlanFault`` where there would be too many.
  public init(
    file: String,
    items: [MetadataItem],
    parts: [GGUFPlan.Part],
    groups: [Range<Int>]? = nil,
    limit: Limit
  ) throws {
    guard parts.count <= Int(Int32.max) else {
      throw GGUFPlanFault(file: file, rule: .tooManyTensors(parts.count))
    }
    let own = Self.merged(items)
    let runs = Self.runs(
      of: parts,
      groups ?? parts.indices.map { $0..<$0 + 1 },
      limit,
      alignment: try GGUFPlan.alignment(of: own, file: file)
    )
    guard runs.count <= Int(UInt16.max) else {
      throw GGUFPlanFault(file: file, rule: .tooManyShards(runs.count))
    }
    // llama-gguf-split has them in this order.
    shards = runs.enumerated().map { number, run in
      Shard(
        items: (number == 0 ? own : []) + [
          .new(key: "split.no", value: .unsigned(UInt64(number), bits: 16)),
          .new(key: "split.tensors.count", value: .signed(Int64(parts.count), bits: 32)),
          .new(key: "split.count", value: .unsigned(UInt64(runs.count), bits: 16)),
        ],
        parts: run
      )
    }
  }

  /// The metadata of the whole, from those of shard 0: what makes a shard is left out, so that a file that was
  /// split and merged again has its bytes again.
  public static func merged(_ items: [MetadataItem]) -> [MetadataItem] {
    items.filter { item in !SplitModel.keys.contains { item.hasKey($0) } }
  }

  private static func runs(
    of parts: [GGUFPlan.Part],
    _ groups: [Range<Int>],
    _ limit: Limit,
    alignment: UInt64
  ) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    var used: UInt64 = 0
    for group in groups {
      // Only shard 0 has the key that says another alignment than 32.
      let padded = paddedByteCount(of: parts[group], alignment: runs.isEmpty ? alignment : 32)
      let sum = used.addingChecked(padded) ?? .max
      let isFull =
        switch limit {
        case .bytes(let most): sum > most
        case .tensors(let most): group.upperBound - start > max(1, most)
        }
      if isFull && group.lowerBound > start {
        runs.append(start..<group.lowerBound)
        (start, used) = (group.lowerBound, paddedByteCount(of: parts[group], alignment: 32))
      } else {
        used = sum
      }
    }
    runs.append(start..<parts.count)
    return runs
  }

  /// The bytes of the parts' data with their padding; saturates.
  private static func paddedByteCount(of parts: ArraySlice<GGUFPlan.Part>, alignment: UInt64) -> UInt64 {
    parts.reduce(0) { sum, part in
      let count = (try? GGUFTensorInfo.byteCount(of: part.type, dims: part.dims).get()) ?? 0
      return count.padded(to: alignment).flatMap { sum.addingChecked($0) } ?? .max
    }
  }
}
