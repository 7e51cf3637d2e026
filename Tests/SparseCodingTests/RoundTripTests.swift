import ModelIR
import SparseCoding
import Testing

@Suite("Encoding and reading back")
struct RoundTripTests {
  @Test(
    "Chunks put together are what the layout's description says, and read back to the same bytes",
    arguments: LayoutCases.sparse,
    [8, 16, 32, 64]
  )
  func roundTrip(layout: Layout, bits: Int) throws {
    var generator = SeededGenerator(stream: "round trip \(layout) \(bits)")
    var pattern: NMPattern?
    if case .nm(let complied) = layout { pattern = complied }
    var sawSplitRows = false
    for shape in LayoutCases.shapes(layout, using: &generator) {
      let sample = DenseSample(
        type: generator.pick(ElementType.ofWidth(bits)),
        shape: shape,
        percentage: generator.pick(DenseSample.percentages),
        complyingWith: pattern,
        using: &generator
      )
      let offsetWidth: IndexWidth = Bool.random(using: &generator) ? .bits32 : .bits64
      let expected = try #require(NaiveCoding.encode(sample, layout, offsetWidth: offsetWidth), "\(sample)")
      let stored = sample.elements.count { $0 != 0 }
      for chunkBytes in LayoutCases.chunkBytes(sample, using: &generator) {
        for kernels in LayoutCases.kernels {
          let encoding = try ChunkedEncoding(
            sample,
            layout,
            chunkBytes: chunkBytes,
            kernels: kernels,
            offsetWidth: offsetWidth
          )
          let story = "\(sample), chunks of \(chunkBytes), \(kernels)"
          #expect(encoding.parts == expected, "\(story)")
          #expect(encoding.isContiguous, "\(story)")
          #expect(encoding.isProven, "\(story)")
          #expect(encoding.stored == stored, "\(story)")
          #expect(encoding.counted == stored, "\(story)")
          sawSplitRows = sawSplitRows || encoding.splitsRows
        }
        var reader = expected.reader(layout, sample.type, shape, chunkBytes: chunkBytes)
        try reader.surveyAll()
        #expect(try reader.readAll() == sample.bytes, "\(sample), chunks of \(chunkBytes)")
      }
    }
    #expect(sawSplitRows, "no sample's rows were split: \(SeededGenerator.note)")
  }

  @Test(
    "Column indices take the smallest width that holds the last column",
    arguments: [(256, .bits8), (257, .bits16), (65_536, .bits16), (65_537, .bits32)] as [(UInt64, IndexWidth)]
  )
  func columnWidths(columns: UInt64, width: IndexWidth) throws {
    var generator = SeededGenerator(stream: "columns \(columns)")
    var elements = [UInt64](repeating: 0, count: Int(columns))
    for _ in 0..<50 { elements[Int.random(in: elements.indices, using: &generator)] = 7 }
    elements[elements.count - 1] = 9
    let sample = DenseSample(type: .uint8, shape: .vector(columns), elements: elements)
    let expected = try #require(NaiveCoding.encode(sample, .csr))
    #expect(expected.columnWidth == width)
    for chunkBytes in [100, 4096, 1 << 20] {
      let encoding = try ChunkedEncoding(sample, .csr, chunkBytes: chunkBytes, kernels: .current)
      #expect(encoding.parts == expected, "\(sample), chunks of \(chunkBytes)")
      var reader = expected.reader(.csr, .uint8, sample.shape, chunkBytes: chunkBytes)
      try reader.surveyAll()
      #expect(try reader.readAll() == sample.bytes, "\(sample), chunks of \(chunkBytes)")
    }
  }

  @Test(
    "A group with more stored elements than the pattern keeps is refused",
    arguments: LayoutCases.patterns
  )
  func noncompliantIsRefused(pattern: NMPattern) throws {
    var generator = SeededGenerator(stream: "refusal \(pattern)")
    for columns in [
      pattern.kept + 1, pattern.group, 3 * pattern.group + pattern.kept + 1, 64 * pattern.group + 70,
    ] {
      let shape = Shape.of(3, UInt64(columns))
      let sample = DenseSample(
        type: generator.pick(ElementType.ofWidth(16)),
        shape: shape,
        percentage: 50,
        complyingWith: pattern,
        using: &generator
      )
      // One group of one row gets one element too many, a negative zero included.
      let groups = (0..<columns / pattern.group).map { $0 * pattern.group }
      let tail = columns / pattern.group * pattern.group
      let starts = columns - tail > pattern.kept ? groups + [tail] : groups
      let start = Int.random(in: 0..<3, using: &generator) * columns + generator.pick(starts)
      var elements = sample.elements
      for offset in 0...pattern.kept { elements[start + offset] = 0x8000 }
      let damaged = DenseSample(type: sample.type, shape: shape, elements: elements)
      #expect(NaiveCoding.encode(damaged, .nm(pattern)) == nil)
      for kernels in LayoutCases.kernels {
        #expect(throws: LayoutObstacle.notCompliant(pattern, groups: 1), "\(sample), \(kernels)") {
          try ChunkedEncoding(damaged, .nm(pattern), chunkBytes: 1, kernels: kernels)
        }
      }
    }
  }

  @Test("A tensor without elements has no chunk in any layout", arguments: LayoutCases.sparse)
  func emptyHasNoChunk(layout: Layout) throws {
    for shape in [Shape.of(0), .of(3, 0), .of(0, 3), .of(2, 0, 5)] {
      let sample = DenseSample(type: .float32, shape: shape, elements: [])
      let encoding = try ChunkedEncoding(sample, layout, chunkBytes: 64, kernels: .current)
      #expect(encoding.parts.structure.isEmpty && encoding.parts.values.isEmpty, "\(shape)")
      #expect(layout.obstacle(elementType: .float32, shape: shape) == .empty, "\(shape)")
      var reader = encoding.parts.reader(layout, .float32, shape, chunkBytes: 64)
      try reader.surveyAll()
      #expect(try reader.readAll().isEmpty, "\(shape)")
    }
  }

  @Test("Types that share bytes or are wider than a lane have no coder", arguments: LayoutCases.few)
  func subByteTypesHaveNoCoder(layout: Layout) {
    let grid = ChunkGrid(shape: .vector(8), elementBytes: 1, chunkBytes: 64)
    for type in ElementType.allCases {
      let coder = ChunkCoder(layout: layout, elementType: type, grid: grid)
      #expect((coder == nil) == (type.byteWidth == nil), "\(type.name)")
    }
  }
}
