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
  /// - Throws: ``GGUFPlanFault`` where there would be too many.
  public init(file: String, items: [MetadataItem], parts: [GGUFPlan.Part], limit: Limit) throws {
    guard parts.count <= Int(Int32.max) else {
      throw GGUFPlanFault(file: file, rule: .tooManyTensors(parts.count))
    }
    let own = Self.merged(items)
    let runs = Self.runs(of: parts, limit, alignment: try GGUFPlan.alignment(of: own, file: file))
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

  private static func runs(of parts: [GGUFPlan.Part], _ limit: Limit, alignment: UInt64) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    var used: UInt64 = 0
    for (index, part) in parts.enumerated() {
      // Only shard 0 has the key that says another alignment than 32.
      let unit = runs.isEmpty ? alignment : 32
      let count = (try? GGUFTensorInfo.byteCount(of: part.type, dims: part.dims).get()) ?? 0
      let padded = count.padded(to: unit) ?? .max
      let sum = used.addingChecked(padded) ?? .max
      let isFull =
        switch limit {
        case .bytes(let most): sum > most
        case .tensors(let most): index - start >= max(1, most)
        }
      if isFull && index > start {
        runs.append(start..<index)
        (start, used) = (index, count.padded(to: 32) ?? .max)
      } else {
        used = sum
      }
    }
    runs.append(start..<parts.count)
    return runs
  }
}
