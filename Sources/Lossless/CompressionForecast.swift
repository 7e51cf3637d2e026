/// Foresees what compressed tensors take from some of their chunks.
///
/// The tensors are strata: of each at least one chunk is coded, of all of them chunks of about the budget's bytes,
/// spread evenly over the tensor. A tensor's chunks are taken to shrink as its sampled ones do (the ratio
/// estimator); the standard error comes from how far sampled chunks lie from that. A tensor of which one chunk of
/// several is known borrows the others' spread. Where all chunks are sampled there is no error.
///
/// Memory: about 100 bytes a tensor.
public struct CompressionForecast: Sendable {
  /// What is known of a tensor.
  private struct Stratum: Sendable {
    let grid: CompressionGrid
    /// How many of its chunks are sampled.
    let wanted: UInt64
    var sampled = 0
    // Sums over the sampled chunks: bytes and coded bytes, their squares and products.
    var bytes = 0.0
    var coded = 0.0
    var bytesBytes = 0.0
    var bytesCoded = 0.0
    var codedCoded = 0.0

    /// The coded share of a byte.
    var share: Double { bytes > 0 ? coded / bytes : 1 }

    /// The sum of the squares of the distances from the ratio's line.
    var squares: Double { max(0, codedCoded - 2 * share * bytesCoded + share * share * bytesBytes) }
  }
  private var strata: [Stratum]

  /// A forecast for tensors that are cut by these grids, from chunks of about `budget` bytes in all.
  public init(of grids: [CompressionGrid], budget: UInt64) {
    let total = grids.reduce(0.0) { $0 + Double($1.byteCount) }
    let share = total > Double(budget) ? Double(budget) / total : 1
    strata = grids.map { grid in
      let wanted = share >= 1 ? grid.count : UInt64((Double(grid.count) * share).rounded())
      return Stratum(grid: grid, wanted: min(grid.count, max(1, wanted)))
    }
  }

  /// The chunks of a tensor that are to be coded, in ascending order.
  /// - Complexity: linear in their number.
  public func chunks(ofTensor tensor: Int) -> [UInt64] {
    let stratum = strata[tensor]
    let (count, wanted) = (stratum.grid.count, stratum.wanted)
    // The middles of `wanted` equal stretches; the products are exact.
    return (0..<wanted).map { number in
      let product = (2 * number + 1).multipliedFullWidth(by: count)
      return (2 * wanted).dividingFullWidth(product).quotient
    }
  }

  /// The bytes of all chunks that are to be coded.
  public var sampleBytes: UInt64 {
    strata.indices.reduce(0) { total, tensor in
      chunks(ofTensor: tensor).reduce(total) { $0 + UInt64(strata[tensor].grid.byteCount(ofChunk: $1)) }
    }
  }

  /// Takes note of a chunk of a tensor: its bytes, and the bytes of its frames.
  public mutating func add(tensor: Int, chunkBytes: Int, codedBytes: UInt64) {
    let (bytes, coded) = (Double(chunkBytes), Double(codedBytes))
    strata[tensor].sampled += 1
    strata[tensor].bytes += bytes
    strata[tensor].coded += coded
    strata[tensor].bytesBytes += bytes * bytes
    strata[tensor].bytesCoded += bytes * coded
    strata[tensor].codedCoded += coded * coded
  }

  /// Takes note of a coded chunk of a tensor.
  public mutating func add(tensor: Int, chunk: UInt64, _ record: ChunkRecord) {
    add(
      tensor: tensor,
      chunkBytes: strata[tensor].grid.byteCount(ofChunk: chunk),
      codedBytes: record.byteCount
    )
  }

  /// The bytes that a tensor's index and frames will take.
  public func compressedBytes(ofTensor tensor: Int) -> Double {
    let stratum = strata[tensor]
    let index = ChunkIndex.byteCount(chunks: stratum.grid.count) ?? 0
    return stratum.share * Double(stratum.grid.byteCount) + Double(index)
  }

  /// The bytes that all tensors' indices and frames will take.
  public var compressedBytes: Double {
    strata.indices.reduce(0) { $0 + compressedBytes(ofTensor: $1) }
  }

  /// The standard error of ``compressedBytes``.
  public var standardError: Double {
    strata.indices.reduce(0) { $0 + variance(ofTensor: $1, spread) }.squareRoot()
  }

  /// The standard error of a tensor's bytes.
  public func standardError(ofTensor tensor: Int) -> Double {
    variance(ofTensor: tensor, spread).squareRoot()
  }

  /// The mean square distance of a chunk's share from its tensor's, over all tensors with two sampled chunks or
  /// more; a twentieth, squared, where there are none.
  private var spread: Double {
    var (squares, bytes) = (0.0, 0.0)
    for stratum in strata where stratum.sampled > 1 && stratum.bytesBytes > 0 {
      squares += stratum.squares * Double(stratum.sampled) / Double(stratum.sampled - 1)
      bytes += stratum.bytesBytes
    }
    return bytes > 0 ? squares / bytes : 0.0025
  }

  /// N^2 (1 - n / N) s^2 / n, where s^2 is a chunk's, and N counts chunks of the mean sampled size.
  private func variance(ofTensor tensor: Int, _ spread: Double) -> Double {
    let stratum = strata[tensor]
    guard UInt64(stratum.sampled) < stratum.grid.count else { return 0 }
    guard stratum.sampled > 0 else {
      let bytes = Double(stratum.grid.byteCount)
      return bytes * bytes / 4
    }
    let sampled = Double(stratum.sampled)
    let mean = stratum.bytes / sampled
    let chunks = Double(stratum.grid.byteCount) / mean
    let square = stratum.sampled > 1 ? stratum.squares / (sampled - 1) : spread * mean * mean
    return chunks * chunks * max(0, 1 - sampled / chunks) * square / sampled
  }
}
