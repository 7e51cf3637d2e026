public import Inspection
internal import Lossless
internal import ModelIR
public import SparseCoding

extension OpenedModel {
  /// The bytes of samples, besides one chunk of each tensor.
  private static let forecastBudget: UInt64 = 8 << 20

  /// What `lacuna compress` would make of the model's files, from a sample; nil for what is compressed already, and
  /// for a part of a model.
  ///
  /// Memory: what ``FileCompressor/forecast(budget:on:)`` takes.
  /// - Throws: what reading throws.
  public func compressedForecast(on pool: ChunkPool, lenient: Bool) throws -> CompressedForecast? {
    guard model.tensors.count == allTensors.count, !model.files.isEmpty,
      !model.files.contains(where: { $0.source is RestoredSource })
    else { return nil }
    let sources = try ExportSource.files(of: self, lenient: lenient)
    let total = sources.reduce(UInt64(0)) { $0 &+ $1.source.byteCount }
    var sum = FileForecast(byteCount: 0, standardError: 0, sampledByteCount: 0)
    for source in sources {
      let share = Double(source.source.byteCount) / Double(max(1, total))
      let plan = ExportPlan(source)
      let compressor = FileCompressor(source.source, plan.file, level: .default, progress: WorkProgress())
      let part = try compressor.forecast(budget: UInt64(Double(Self.forecastBudget) * share), on: pool)
      // Names, types and places stand in the header once more: some 150 bytes a tensor.
      sum =
        sum + part
        + FileForecast(
          byteCount: Double(150 * plan.entries.count + 500),
          standardError: 0,
          sampledByteCount: 0
        )
      try source.source.rest()
    }
    return CompressedForecast(
      byteCount: UInt64(max(0, sum.byteCount)),
      standardError: UInt64(max(0, sum.standardError)),
      sampledByteCount: sum.sampledByteCount,
      sourceByteCount: total
    )
  }
}
