import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("What runtimes ask of weights")
struct RuntimeProfileTests {
  @Test(
    "each rule of a runtime stops what breaks it",
    arguments: RuntimeCase.tensorrt + RuntimeCase.semiStructuredCases + RuntimeCase.others
  )
  func rules(_ item: RuntimeCase) throws {
    var generator = SeededGenerator(seed: 7)
    let values = SampleWeights.elements(item.extents, item.pattern, along: item.along, &generator)
    let model = try SampleWeights.model(
      item.name,
      item.type,
      item.extents,
      values,
      products: [item.product].compactMap { $0 }
    )
    let report = try SampleWeights.check(model, for: item.runtime)
    let result = try #require(report.tensors.first)
    #expect(result.status == item.status, "\(result.reason ?? "")")
    #expect(result.eligibility?.obstacles.map(\.rule) == item.rules)
    #expect(result.eligibility?.isEligible == item.rules.isEmpty)
    #expect(report.isCompliant == (item.status == .compliant))
    if item.status == .compliant { #expect(result.patternHolds) }
  }

  @Test(
    "what is stored sparse is compliant but not eligible, and told how to become dense",
    arguments: [
      RuntimeProfile.Name.tensorrt, .cusparselt, .torch, .asp,
    ]
  )
  func storage(_ runtime: RuntimeProfile.Name) throws {
    // Every second element of each row, as a bitmask.
    let mask = [UInt8](repeating: 0x55, count: 64 * 8)
    let ones = [UInt8](repeating: 0, count: 64 * 32 * 2).enumerated().map {
      UInt8($0.offset % 2 == 1 ? 0x3C : 0)
    }
    var model = try InspectorTests.model([("w", .uint8, [512 + 4096], mask + ones)])
    model.tensors = [
      Tensor(
        name: "w",
        elementType: .float16,
        shape: try #require(Shape([64, 64])),
        storage: .bitmask(
          mask: Region(file: 0, offset: 0, byteCount: 512),
          values: Region(file: 0, offset: 512, byteCount: 4096)
        )
      )
    ]
    let report = try SampleWeights.check(model, for: runtime)
    let result = try #require(report.tensors.first)
    #expect(result.status == .ineligible)
    #expect(result.patternHolds)
    #expect(result.eligibility?.obstacles.map(\.rule) == [.storage])
    #expect(result.reason?.contains("lacuna convert --layout dense") == true)
    #expect(!report.isCompliant, "nothing eligible is no yes")
    #expect(try SampleWeights.check(model, for: .any).isCompliant)
  }

  @Test("groups in memory cross the ends of rows where rows are no whole groups")
  func memory() throws {
    // 2:4 in memory, but a row's last group has three nonzeros with the next row's first.
    let values: [Double] = [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]
    let flat = try SampleWeights.model("w", .float32, [2, 6], values)
    let report = try SampleWeights.check(flat, for: .compressedTensors)
    #expect(report.isCompliant)
    #expect(report.tensors[0].runsThroughMemory)
    #expect(report.tensors[0].groups == 3)
    #expect(report.tensors[0].remarks == ["its groups cross the ends of rows"])
    let broken = try SampleWeights.model("w", .float32, [2, 6], [0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0])
    let result = try SampleWeights.check(broken, for: .compressedTensors).tensors[0]
    #expect(result.status == .violating)
    let violation = try #require(result.firstViolations.first)
    #expect(result.place(of: violation) == [0, 4])
    #expect(violation.values == ["1.0", "1.0", "1.0", "0.0"])
  }

  @Test("embeddings and heads are no candidates, unless they are asked for")
  func candidates() throws {
    let values = [Double](repeating: 0, count: 32 * 64)
    let model = try SampleWeights.model("lm_head.weight", .float16, [32, 64], values)
    #expect(try SampleWeights.check(model, for: .torch).tensors[0].status == .skipped)
    #expect(try SampleWeights.check(model, for: .torch, all: true).tensors[0].status == .compliant)
  }

  @Test("every profile names its sources, and is found by its name", arguments: RuntimeProfile.Name.allCases)
  func table(_ name: RuntimeProfile.Name) {
    let profile = RuntimeProfile.named(name)
    #expect(profile.name == name)
    #expect(profile.sources.isEmpty == (name == .any))
  }
}
