import ModelIR
import SparseCoding
import Testing

@Suite("Damaged parts")
struct DamageTests {
  @Test(
    "Parts with damaged bytes read as what they stand for now, or are refused if they stand for nothing",
    arguments: LayoutCases.sparse
  )
  func damageIsRefused(layout: Layout) throws {
    var generator = SeededGenerator(stream: "damage \(layout)")
    var (refused, readable) = (0, 0)
    for _ in 0..<12 {
      let sample = Self.sample(layout, using: &generator)
      let width: IndexWidth = Bool.random(using: &generator) ? .bits32 : .bits64
      let parts = try #require(NaiveCoding.encode(sample, layout, offsetWidth: width))
      let chunkSizes = LayoutCases.chunkBytes(sample, using: &generator)
      for round in 0..<16 {
        var damaged = parts
        for _ in 0...(round % 3) {
          if !damaged.damage(using: &generator) { return }
        }
        let chunkBytes = generator.pick(chunkSizes)
        let story = "\(sample), round \(round), chunks of \(chunkBytes)"
        var reader = damaged.reader(layout, sample.type, sample.shape, chunkBytes: chunkBytes)
        if let meaning = NaiveCoding.decode(damaged, layout, sample.type, sample.shape) {
          readable += 1
          try reader.surveyAll()
          let expected = littleEndianBytes(meaning, width: sample.type.bitWidth / 8)
          #expect(try reader.readAll() == expected, "\(story)")
        } else {
          refused += 1
          #expect(throws: LayoutFault.self, "\(story)") { try reader.surveyAll() }
        }
      }
    }
    #expect(refused > 5 && readable > 5, "\(SeededGenerator.note)")
  }

  /// A tensor of a few rows that small chunks may split.
  static func sample(_ layout: Layout, using generator: inout SeededGenerator) -> DenseSample {
    var pattern: NMPattern?
    if case .nm(let complied) = layout { pattern = complied }
    let alignment = UInt64(LayoutCases.alignment(layout))
    let columns: UInt64 =
      generator.isHit(percentage: 30)
      ? alignment + .random(in: 1...70, using: &generator) : .random(in: 2...130, using: &generator)
    return DenseSample(
      type: generator.pick(ElementType.allCases.filter { $0.byteWidth != nil }),
      shape: .of(.random(in: 1...4, using: &generator), columns),
      percentage: generator.pick([3, 30, 70]),
      complyingWith: pattern,
      using: &generator
    )
  }
}
