import ModelIR
import SparseCoding
import Testing

@Suite("Parts that change while they are read")
struct ChangeTests {
  /// A reader that has surveyed the sample's parts in a source that may change.
  private func surveyed(
    _ sample: DenseSample,
    _ layout: Layout,
    chunkBytes: Int,
    stream: String
  ) throws -> (reader: DenseReader, source: ChangingSource, parts: Parts) {
    let parts = try #require(NaiveCoding.encode(sample, layout))
    let source = ChangingSource(parts.file, stream: stream)
    var reader = DenseReader(
      tensor: parts.tensor(layout, sample.type, sample.shape),
      source: source,
      chunkBytes: chunkBytes
    )
    try reader.surveyAll()
    return (reader, source, parts)
  }

  @Test(
    "Parts that change after the survey are refused as changed, or read without harm",
    arguments: LayoutCases.sparse
  )
  func changeAfterSurvey(layout: Layout) throws {
    var generator = SeededGenerator(stream: "change \(layout)")
    var (refused, unseen) = (0, 0)
    for round in 0..<12 {
      let sample = DamageTests.sample(layout, using: &generator)
      let chunkBytes = generator.pick(LayoutCases.chunkBytes(sample, using: &generator))
      let (reader, source, parts) = try surveyed(
        sample,
        layout,
        chunkBytes: chunkBytes,
        stream: "source \(layout) \(round)"
      )
      #expect(try reader.readAll() == sample.bytes, "\(sample), chunks of \(chunkBytes)")
      for _ in 0..<20 {
        var changed = parts
        for _ in 0...Int.random(in: 0..<8, using: &generator) {
          if !changed.damage(using: &generator) { break }
        }
        source.replace(with: changed.file)
        do {
          #expect(try reader.readAll().count == sample.bytes.count, "\(sample), chunks of \(chunkBytes)")
          unseen += 1
        } catch let fault as LayoutFault {
          #expect(fault.rule == .changed, "\(sample), chunks of \(chunkBytes)")
          refused += 1
        }
      }
    }
    #expect(refused > 5 && unseen > 5, "\(SeededGenerator.note)")
  }

  @Test("Parts that change with every read are refused, or read without harm", arguments: LayoutCases.sparse)
  func changeAtAnyTime(layout: Layout) throws {
    var generator = SeededGenerator(stream: "unrest \(layout)")
    var refused = 0
    for round in 0..<24 {
      let sample = DamageTests.sample(layout, using: &generator)
      let chunkBytes = generator.pick(LayoutCases.chunkBytes(sample, using: &generator))
      let parts = try #require(NaiveCoding.encode(sample, layout))
      let source = ChangingSource(parts.file, stream: "restless \(layout) \(round)")
      source.stir(percentage: generator.pick([5, 30, 100]))
      var reader = DenseReader(
        tensor: parts.tensor(layout, sample.type, sample.shape),
        source: source,
        chunkBytes: chunkBytes
      )
      do {
        try reader.surveyAll()
        #expect(try reader.readAll().count == sample.bytes.count, "\(sample), chunks of \(chunkBytes)")
      } catch is LayoutFault {
        refused += 1
      }
    }
    #expect(refused > 0, "\(SeededGenerator.note)")
  }

  /// What a tensor was when it was surveyed, and what it is when it is read.
  struct Change: Sendable, CustomStringConvertible {
    let story: String
    let layout: Layout
    let surveyed: [UInt64]
    let change: @Sendable (inout Parts) -> Void
    var description: String { story }
  }

  /// All of [2, 5] of 16 bits.
  static let changes: [Change] = [
    Change(story: "a mask bit more", layout: .bitmask, surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]) {
      $0.structure[0] |= 2
    },
    Change(story: "a mask bit fewer", layout: .bitmask, surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]) {
      $0.structure[0] = 1
    },
    Change(story: "a mask bit became spare", layout: .bitmask, surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]) {
      $0.structure[1] = 0x80
    },
    Change(story: "another first offset", layout: .csr, surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]) {
      $0.rowOffsets[0] = 1
    },
    Change(story: "an offset behind the values", layout: .csr, surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]) {
      $0.rowOffsets[4] = 4
    },
    Change(story: "a huge offset", layout: .csr, surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]) {
      $0.rowOffsets[7] = 0xff
    },
    Change(story: "a column behind the row", layout: .csr, surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]) {
      $0.structure[2] = 5
    },
    Change(story: "falling positions", layout: LayoutCases.few[2], surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]) {
      $0.structure[0] = 0b10
    },
    Change(
      story: "a position behind its group",
      layout: LayoutCases.few[2],
      surveyed: [1, 0, 2, 0, 0, 0, 0, 0, 0, 3]
    ) {
      $0.structure[0] |= 0b1_0000
    },
  ]

  @Test("A change that contradicts the survey is seen", arguments: changes)
  func contradictionsAreSeen(change: Change) throws {
    let sample = DenseSample(type: .float16, shape: .of(2, 5), elements: change.surveyed)
    for chunkBytes in [1, 1 << 20] {
      var (reader, source, parts) = try surveyed(
        sample,
        change.layout,
        chunkBytes: chunkBytes,
        stream: change.story
      )
      change.change(&parts)
      source.replace(with: parts.file)
      #expect(throws: LayoutFault(file: "changing", tensor: "tensor", .changed)) { try reader.readAll() }
    }
  }
}
