import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Validator")
struct ValidatorTests {
  static func validate(
    _ model: Model,
    _ pattern: String,
    axis: Validator.AxisChoice = .automatic,
    tail: ValidationReport.TailPolicy = .error,
    limit: Int = 5,
    all: Bool = false,
    chunkBytes: Int = 256
  ) throws -> ValidationReport {
    try Validator(
      try #require(NMPattern(pattern)),
      axis: axis,
      tail: tail,
      violationLimit: limit,
      pool: ChunkPool(threads: 2),
      chunkBytes: chunkBytes,
      progress: WorkProgress()
    ).validate(model, path: "m", checksAll: all)
  }

  @Test("groups, histogram and first violations are those of a naive walk, for any pattern and axis")
  func naive() throws {
    try withSeed { generator in
      for pattern in ["2:4", "1:2", "3:5", "8:16", "1:3", "31:32", "7:8"] {
        for (extents, axis) in [
          ([24, 40], 1), ([24, 40], 0), ([6, 17, 5], 1), ([6, 17, 5], 0), ([9, 30, 1], 1),
        ] {
          let count = extents.reduce(1, *)
          let bytes = InspectorTests.sparseBytes(count, width: 1, zeros: 40, &generator)
          let model = try InspectorTests.model([("w", .int8, extents.map(UInt64.init), bytes)])
          let report = try Self.validate(model, pattern, axis: .number(axis), tail: .pad)
          let result = try #require(report.tensors.first)
          let expected = Self.walk(bytes, extents, axis, report.pattern)
          try #require(result.histogram == expected.histogram, "\(pattern) \(extents) \(axis)")
          try #require(result.groups == expected.histogram.reduce(0, +))
          try #require(result.violatingGroups == UInt64(expected.violations.count))
          let found = result.firstViolations.map { [$0.row, $0.group, UInt64($0.nonzeros)] }
          try #require(found == Array(expected.violations.prefix(5)))
          try #require(result.status == (expected.violations.isEmpty ? .compliant : .violating))
          for violation in result.firstViolations {
            try #require(violation.values.count { $0 != "0" } == violation.nonzeros)
          }
        }
      }
    }
  }

  static func walk(
    _ bytes: [UInt8],
    _ extents: [Int],
    _ axis: Int,
    _ pattern: NMPattern
  ) -> (histogram: [UInt64], violations: [[UInt64]]) {
    let inner = extents[(axis + 1)...].reduce(1, *)
    var histogram = [UInt64](repeating: 0, count: pattern.group + 1)
    var violations: [[UInt64]] = []
    for row in 0..<bytes.count / extents[axis] {
      let (outer, column) = row.quotientAndRemainder(dividingBy: inner)
      for group in 0..<(extents[axis] + pattern.group - 1) / pattern.group {
        let places = group * pattern.group..<min(extents[axis], (group + 1) * pattern.group)
        let found = places.count { bytes[(outer * extents[axis] + $0) * inner + column] != 0 }
        histogram[found] += 1
        if found > pattern.kept { violations.append([UInt64(row), UInt64(group), UInt64(found)]) }
      }
    }
    return (histogram, violations)
  }

  @Test(
    "a short group at the end fails, is passed over, or counts as padded, as asked",
    arguments: [
      (.error, ValidationReport.Status.violating, 2), (.ignore, .compliant, 1), (.pad, .compliant, 2),
    ] as [(ValidationReport.TailPolicy, ValidationReport.Status, UInt64)]
  )
  func tail(_ policy: ValidationReport.TailPolicy, _ status: ValidationReport.Status, _ groups: UInt64) throws
  {
    let model = try InspectorTests.model([("w", .int8, [1, 6], [1, 1, 0, 0, 1, 1])])
    let result = try #require(try Self.validate(model, "2:4", tail: policy).tensors.first)
    #expect(result.status == status)
    #expect(result.groups == groups)
    #expect((result.reason == nil) == (policy != .error))
  }

  @Test("a violation in a short group is found unless such groups are passed over")
  func shortViolation() throws {
    let model = try InspectorTests.model([("w", .int8, [1, 7], [1, 1, 0, 0, 1, 1, 1])])
    #expect(try Self.validate(model, "2:4", tail: .pad).tensors[0].violatingGroups == 1)
    #expect(try Self.validate(model, "2:4", tail: .ignore).isCompliant)
  }

  @Test("embeddings, heads, vectors and integers are left out with a reason, unless all are asked for")
  func skipping() throws {
    let ones = [UInt8](repeating: 1, count: 16)
    let model = try InspectorTests.model([
      ("lm_head.weight", .int8, [4, 4], ones), ("bias", .int8, [16], ones),
      ("ids", .int64, [4], [UInt8](repeating: 0, count: 32)),
      ("f4", .float4E2M1, [8, 4], ones),
    ])
    let report = try Self.validate(model, "2:4")
    #expect(report.tensors.allSatisfy { $0.status == .skipped && $0.reason != nil })
    #expect(!report.isCompliant, "nothing eligible is no yes")
    let all = try Self.validate(model, "2:4", all: true)
    #expect(all.tensors.map(\.status) == [.violating, .violating, .compliant, .skipped])
  }

  @Test("an axis that a tensor does not have is a reason to skip it")
  func missingAxis() throws {
    let model = try InspectorTests.model([("w", .int8, [2, 2], [1, 1, 1, 1])])
    #expect(try Self.validate(model, "1:2", axis: .number(2)).tensors[0].status == .skipped)
  }

  @Test("negative zeros count as zeros, NaN does not")
  func values() throws {
    let model = try InspectorTests.model([("w", .bfloat16, [1, 4], [0, 0x80, 0, 0x80, 0xC0, 0x7F, 0, 0])])
    #expect(try Self.validate(model, "1:4").tensors[0].histogram == [0, 1, 0, 0, 0])
  }
}
