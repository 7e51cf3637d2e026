import Lossless
import ModelIR
import TestSupport
import Testing

@Suite("Forecasts")
struct CompressionForecastTests {
  private func grid(_ chunks: Int, rest: Int = 0) throws -> CompressionGrid {
    try #require(
      CompressionGrid(kind: .elements(.bfloat16), byteCount: UInt64(chunks * 1000 + rest), chunkBytes: 1000)
    )
  }

  @Test("All chunks of small models are coded, and there is no error") func smallModels() throws {
    let grids = [try grid(3, rest: 10), try grid(1), try grid(0, rest: 2)]
    var forecast = CompressionForecast(of: grids, budget: 10_000)
    var expected = 0
    for (tensor, grid) in grids.enumerated() {
      #expect(forecast.chunks(ofTensor: tensor) == Array(0..<grid.count))
      expected += 40
      for chunk in 0..<grid.count {
        let bytes = grid.byteCount(ofChunk: chunk)
        forecast.add(tensor: tensor, chunkBytes: bytes, codedBytes: UInt64(bytes / 2 + Int(chunk)))
        expected += bytes / 2 + Int(chunk) + 48
      }
    }
    #expect(abs(forecast.compressedBytes - Double(expected)) < 1e-6)
    #expect(forecast.standardError == 0)
    #expect(forecast.sampleBytes == 4012)
  }

  @Test(
    "Sampled chunks are different, in order, at least one a tensor, and about the budget",
    arguments: [1, 5000, 77_000, 400_000]
  )
  func samples(budget: Int) throws {
    let grids = [try grid(400), try grid(1), try grid(77, rest: 6)]
    let forecast = CompressionForecast(of: grids, budget: UInt64(budget))
    for (tensor, grid) in grids.enumerated() {
      let chunks = forecast.chunks(ofTensor: tensor)
      #expect(!chunks.isEmpty && chunks == Set(chunks).sorted())
      #expect(chunks.allSatisfy { $0 < grid.count })
    }
    #expect(abs(Double(forecast.sampleBytes) - Double(budget)) <= 3000)
  }

  @Test("Forecasts lie within three standard errors, 98 times of a hundred") func coverage() throws {
    try withSeed { generator in
      var missed = 0
      for _ in 0..<300 {
        let grids = [try grid(600), try grid(90, rest: 500), try grid(20)]
        var forecast = CompressionForecast(of: grids, budget: 90_000)
        var total = 0.0
        for (tensor, grid) in grids.enumerated() {
          let wanted = Set(forecast.chunks(ofTensor: tensor))
          let base = Double.random(in: 0.1...0.9, using: &generator)
          total += Double(try #require(ChunkIndex.byteCount(chunks: grid.count)))
          for chunk in 0..<grid.count {
            let bytes = grid.byteCount(ofChunk: chunk)
            let coded = (Double(bytes) * (base + Double.random(in: -0.1...0.1, using: &generator))).rounded()
            total += coded
            if wanted.contains(chunk) {
              forecast.add(tensor: tensor, chunkBytes: bytes, codedBytes: UInt64(max(0, coded)))
            }
          }
        }
        if abs(forecast.compressedBytes - total) > 3 * forecast.standardError { missed += 1 }
      }
      try #require(missed <= 6)
    }
  }

  @Test("A tensor of which nothing is known counts as if it did not shrink, give or take half") func unknown()
    throws
  {
    let forecast = CompressionForecast(of: [try grid(10)], budget: 1)
    #expect(forecast.compressedBytes == 10_000 + 40 + 480)
    #expect(forecast.standardError == 5000)
  }
}
