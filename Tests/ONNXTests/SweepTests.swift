import ByteIO
import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Sweeps")
struct SweepTests {
  /// The golden models that are small enough for many changed copies each.
  static let models = GoldenModel.all.filter { ((try? $0.bytes().count) ?? .max) <= 600 }
  static let smallest = GoldenModel.all.filter { ((try? $0.bytes().count) ?? .max) <= 200 }

  /// Reads a damaged model: it must be refused with one of our faults, or say nothing beyond its bytes.
  private func check(_ bytes: [UInt8], _ model: GoldenModel) throws -> Bool {
    guard try fault(bytes, lenient: true, in: Fixture.path(GoldenModel.folder)) == nil else { return false }
    let reader = try read(bytes, lenient: true, in: Fixture.path(GoldenModel.folder))
    let end = UInt64(bytes.count)
    for tensor in reader.model.tensors {
      #expect(tensor.message.upperBound <= end)
      for payload in [tensor.values, tensor.indices?.payload ?? .none] {
        switch payload {
        case .raw(let range): #expect(range.upperBound <= end)
        case .typed(let runs, _): #expect(runs.allSatisfy { $0.upperBound <= end })
        case .external(let file, let range):
          #expect(range.upperBound <= reader.externalFiles[file].source.byteCount)
        case .none: break
        }
      }
    }
    return true
  }

  @Test("Cut short anywhere, a model is refused, or ends between two of its fields", arguments: models)
  func truncation(model: GoldenModel) throws {
    let bytes = try model.bytes()
    let graphEnd = try model.reader(bytes).structure.graphs[0].frames.count
    var accepted = 0
    for count in bytes.indices where try check(Array(bytes[..<count]), model) { accepted += 1 }
    // Behind each part of the graph, and behind every field of the model that follows it.
    #expect(accepted <= graphEnd + 8)
  }

  @Test("With any bit turned round, a model is refused or read, and nothing traps", arguments: smallest)
  func bits(model: GoldenModel) throws {
    let bytes = try model.bytes()
    var refused = 0
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        if try !check(damaged, model) { refused += 1 }
      }
    }
    #expect(refused > bytes.count / 4)
  }

  @Test("With random bytes put over it, a model is refused or read, and nothing traps")
  func noise() throws {
    try withSeed { generator in
      for _ in 0..<2000 {
        guard let model = Self.models.randomElement(using: &generator) else { return }
        var bytes = try model.bytes()
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let index = Int.random(in: 0..<bytes.count, using: &generator)
          bytes[index] = .random(in: 0...255, using: &generator)
        }
        _ = try check(bytes, model)
      }
    }
  }
}
