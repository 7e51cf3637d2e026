import ModelIR
import SparseCoding
import Testing

@Suite("Dense reader")
struct DenseReaderTests {
  @Test("A workspace that served another reader, or another chunk, serves the next one right")
  func workspaceIsShared() throws {
    var generator = SeededGenerator(stream: "workspace")
    var readers: [(DenseSample, DenseReader)] = []
    for layout in LayoutCases.few + LayoutCases.few {
      var pattern: NMPattern?
      if case .nm(let complied) = layout { pattern = complied }
      let sample = DenseSample(
        type: .uint16,
        shape: .of(40, 64),
        percentage: 20,
        complyingWith: pattern,
        using: &generator
      )
      var reader = try #require(NaiveCoding.encode(sample, layout))
        .reader(layout, sample.type, sample.shape, chunkBytes: 128)
      try reader.surveyAll()
      readers.append((sample, reader))
    }
    var workspace = DenseReader.Workspace()
    var buffer: [UInt8] = []
    for _ in 0..<400 {
      let (sample, reader) = generator.pick(readers)
      let first = Int.random(in: 0..<2560, using: &generator)
      let count = Int.random(in: 1...min(200, 2560 - first), using: &generator)
      try reader.readElements(at: UInt64(first), count: count, &workspace, into: &buffer)
      let expected = Array(sample.bytes[(2 * first)..<(2 * (first + count))])
      #expect(Array(buffer[..<(2 * count)]) == expected, "\(sample), \(count) from \(first)")
      if Bool.random(using: &generator) {
        let other = generator.pick(readers).1
        _ = try other.read(.random(in: 0..<other.grid.count, using: &generator), &workspace)
      }
    }
  }

  @Test("A chunk is void if nothing is stored in it and its type has a zero", arguments: ScanTests.scannable)
  func voidChunks(type: ElementType) throws {
    let elements = [UInt64](repeating: 0, count: 128) + [1] + [UInt64](repeating: 0, count: 127)
    let sample = DenseSample(type: type, shape: .of(4, 64), elements: elements)
    for layout in LayoutCases.few {
      let parts = try #require(NaiveCoding.encode(sample, layout))
      var reader = parts.reader(layout, type, sample.shape, chunkBytes: 64 * type.bitWidth / 8)
      guard reader.grid.count == 4 else { continue }
      #expect((0..<4).allSatisfy { !reader.isVoid($0) }, "nothing is known before the survey")
      try reader.surveyAll()
      let knows = layout == .bitmask || layout == .csr
      let zeros = knows && type != .float8E8M0
      #expect((0..<4).map { reader.isVoid($0) } == [zeros, zeros, false, zeros], "\(layout)")
      if knows { #expect((0..<4).map { reader.storedCount(of: $0) } == [0, 0, 1, 0], "\(layout)") }
    }
  }

  @Test(
    "Types that share bytes or are wider than a lane read as their bytes",
    arguments: ElementType.allCases.filter { $0.byteWidth == nil }
  )
  func subByteTypes(type: ElementType) throws {
    let shape = Shape.of(6, 80)
    let bytes = (0..<60 * type.bitWidth).map { UInt8(truncatingIfNeeded: $0 * 37) }
    let reader = Parts(values: bytes).reader(.dense, type, shape, chunkBytes: 50)
    #expect(!reader.needsSurvey)
    #expect(reader.grid.count > 1)
    #expect(try reader.readAll() == bytes)
  }

  @Test("Only sparse tensors need a survey", arguments: [.dense] + LayoutCases.few)
  func needsSurvey(layout: Layout) {
    let reader = Parts(values: [0, 0, 0, 0]).reader(layout, .uint8, .of(1, 4), chunkBytes: 64)
    #expect(reader.needsSurvey == (layout != .dense))
  }

  @Test("No chunk splits a group that the caller asks for, nor one of the layout", arguments: LayoutCases.few)
  func groupsStayWhole(layout: Layout) throws {
    var own = 1
    if case .nm(let pattern) = layout { own = pattern.group }
    for group in [1, 2, 3, 4, 5, 16] {
      var generator = SeededGenerator(stream: "groups \(layout) \(group)")
      var pattern: NMPattern?
      if case .nm(let complied) = layout { pattern = complied }
      let columns = UInt64(64 * own * group + 100)
      let sample = DenseSample(
        type: .uint8,
        shape: .of(2, columns),
        percentage: 30,
        complyingWith: pattern,
        using: &generator
      )
      var reader = try #require(NaiveCoding.encode(sample, layout))
        .reader(layout, .uint8, sample.shape, chunkBytes: 1, group: group)
      for index in 0..<reader.grid.count {
        let chunk = reader.grid[index]
        #expect(chunk.firstColumn % UInt64(group) == 0 && chunk.firstColumn % UInt64(own) == 0)
      }
      try reader.surveyAll()
      #expect(try reader.readAll() == sample.bytes, "\(sample)")
    }
  }
}
