import ModelIR
import SparseCoding
import Testing

@Suite("Axes")
struct AxisTests {
  /// The lines of a tensor's elements along an axis, in the order of the elements across it.
  private func lines(_ sample: DenseSample, _ axis: Int) -> [[UInt64]] {
    let extents = sample.shape.extents.map { Int($0) }
    let inner = extents[(axis + 1)...].reduce(1, *)
    return (0..<sample.elements.count / extents[axis]).map { row in
      (0..<extents[axis]).map { sample.elements[(row / inner * extents[axis] + $0) * inner + row % inner] }
    }
  }

  /// Samples of rank 1 to 4, whose extents are seldom multiples of a group.
  private func samples(_ stream: String, _ layout: Layout) -> [DenseSample] {
    var generator = SeededGenerator(stream: "\(stream) \(layout)")
    var pattern: NMPattern?
    if case .nm(let complied) = layout { pattern = complied }
    return (0..<16).compactMap { index in
      let rank = index % 4 + 1
      let extents = (0..<rank).map { _ in
        UInt64.random(in: 1...[200, 36, 12, 7][rank - 1], using: &generator)
      }
      guard let shape = Shape(extents) else { return nil }
      return DenseSample(
        type: generator.pick(ScanTests.scannable),
        shape: shape,
        percentage: generator.pick(DenseSample.percentages),
        complyingWith: pattern,
        using: &generator
      )
    }
  }

  private func reader(_ sample: DenseSample, _ layout: Layout, chunkBytes: Int) throws -> DenseReader {
    let parts = try #require(NaiveCoding.encode(sample, layout), "\(sample)")
    var reader = parts.reader(layout, sample.type, sample.shape, chunkBytes: chunkBytes)
    try reader.surveyAll()
    return reader
  }

  @Test(
    "A walk along any axis sees every element once, at its row and place",
    arguments: [.dense] + LayoutCases.few
  )
  func walkSeesAll(layout: Layout) throws {
    for sample in samples("walk", layout) {
      for chunkBytes in [1, 300, 1 << 20] {
        let reader = try reader(sample, layout, chunkBytes: chunkBytes)
        // One workspace for all walks: what one left in it must not harm the next.
        var workspace = DenseReader.Workspace()
        var buffer: [UInt8] = []
        for axis in 0..<sample.shape.rank {
          let view = try #require(AxisView(sample.shape, axis: axis))
          let walk = AxisWalk(view, reader: reader, chunkBytes: chunkBytes)
          let width = sample.type.bitWidth / 8
          var found = [[UInt64?]](
            repeating: Array(repeating: nil, count: Int(view.extent)),
            count: Int(view.outer * view.inner)
          )
          for unit in 0..<walk.unitCount {
            var next: UInt64 = 0
            try walk.forEachSlice(ofUnit: unit, &workspace, slices: &buffer) { slice, buffer, start, count in
              #expect(slice == next, "\(sample), axis \(axis), chunks of \(chunkBytes)")
              next += 1
              let elements = littleEndianNumbers(Array(buffer[start..<(start + count * width)]), width: width)
              for (column, element) in elements.enumerated() {
                let row = Int(walk.row(ofUnit: unit, column: column))
                #expect(found[row][Int(slice)] == nil, "\(sample), axis \(axis), chunks of \(chunkBytes)")
                found[row][Int(slice)] = element
              }
              return true
            }
          }
          #expect(found == lines(sample, axis), "\(sample), axis \(axis), chunks of \(chunkBytes)")
        }
      }
    }
  }

  @Test(
    "The common patterns along any axis are counted as over its lines",
    arguments: [.dense] + LayoutCases.few
  )
  func patternsAlongAxes(layout: Layout) throws {
    for sample in samples("patterns", layout) {
      let expected = (0..<sample.shape.rank).map { axis in
        let isNonzero = lines(sample, axis).map { line in
          line.map { NaiveNumbers.kind($0, sample.type) != .zero }[...]
        }
        return NaivePatterns.common(isNonzero, stored: [])
      }
      for chunkBytes in [1, 300, 1 << 20] {
        let reader = try reader(sample, layout, chunkBytes: chunkBytes)
        for axis in 0..<sample.shape.rank {
          let view = try #require(AxisView(sample.shape, axis: axis))
          let walk = AxisWalk(view, reader: reader, chunkBytes: chunkBytes)
          var patterns = try #require(VerticalPatterns(sample.type))
          var workspace = DenseReader.Workspace()
          var buffer: [UInt8] = []
          for unit in 0..<walk.unitCount {
            try walk.forEachSlice(ofUnit: unit, &workspace, slices: &buffer) {
              patterns.add(slice: $0, $1, at: $2, count: $3)
              return true
            }
            patterns.finish(extent: view.extent)
          }
          #expect(
            patterns.patterns == expected[axis],
            "\(sample), axis \(axis), chunks of \(chunkBytes)"
          )
          for (count, pattern) in zip(patterns.patterns, NMPattern.common) {
            #expect(count.groups == view.wholeGroups(of: pattern.group), "\(sample), axis \(axis)")
            #expect(count.raggedGroups == view.raggedGroups(of: pattern.group), "\(sample), axis \(axis)")
          }
        }
      }
    }
  }

  @Test("Slices wider than a stripe are walked in stripes")
  func stripes() throws {
    var generator = SeededGenerator(stream: "stripes")
    let sample = DenseSample(type: .uint8, shape: .of(3, 8200), percentage: 50, using: &generator)
    let reader = try reader(sample, .dense, chunkBytes: 1 << 20)
    let view = try #require(AxisView(sample.shape, axis: 0))
    let walk = AxisWalk(view, reader: reader, chunkBytes: 1 << 20)
    #expect(walk.unitCount == 2)
    var patterns = try #require(VerticalPatterns(.uint8))
    var workspace = DenseReader.Workspace()
    var buffer: [UInt8] = []
    for unit in 0..<walk.unitCount {
      try walk.forEachSlice(ofUnit: unit, &workspace, slices: &buffer) {
        patterns.add(slice: $0, $1, at: $2, count: $3)
        return true
      }
      patterns.finish(extent: view.extent)
    }
    let isNonzero = lines(sample, 0).map { line in line.map { $0 != 0 }[...] }
    #expect(patterns.patterns == NaivePatterns.common(isNonzero, stored: []), "\(SeededGenerator.note)")
  }

  @Test("A walk ends where its body says so, and knows how many elements its units have")
  func stops() throws {
    var generator = SeededGenerator(stream: "stops")
    let sample = DenseSample(type: .uint8, shape: .of(5, 8200), percentage: 50, using: &generator)
    let reader = try reader(sample, .dense, chunkBytes: 1 << 20)
    let walk = AxisWalk(try #require(AxisView(sample.shape, axis: 0)), reader: reader, chunkBytes: 1 << 20)
    var workspace = DenseReader.Workspace()
    var buffer: [UInt8] = []
    for unit in 0..<walk.unitCount {
      var (slices, elements): ([UInt64], Int) = ([], 0)
      try walk.forEachSlice(ofUnit: unit, &workspace, slices: &buffer) { _, _, _, count in
        elements += count
        return true
      }
      #expect(walk.elementCount(ofUnit: unit) == elements)
      try walk.forEachSlice(ofUnit: unit, &workspace, slices: &buffer) { slice, _, _, _ in
        slices.append(slice)
        return slice < 2
      }
      #expect(slices == [0, 1, 2])
    }
    #expect((0..<walk.unitCount).map { walk.elementCount(ofUnit: $0) }.reduce(0, +) == 5 * 8200)
  }

  @Test("A view splits the extents at its axis")
  func views() throws {
    let shape = Shape.of(2, 3, 5, 7)
    for (axis, expected) in [(1, 2, 105), (2, 3, 35), (6, 5, 7), (30, 7, 1)].enumerated() {
      let view = try #require(AxisView(shape, axis: axis))
      #expect((Int(view.outer), Int(view.extent), Int(view.inner)) == expected)
    }
    #expect(AxisView(shape, axis: 4) == nil)
    #expect(AxisView(shape, axis: -1) == nil)
    #expect(AxisView(.of(2, 0, 3), axis: 0) == nil)
    #expect(Shape([]).flatMap { AxisView($0, axis: 0) } == nil)
  }

  @Test("A tensor is a matrix along an axis where that axis's elements lie side by side")
  func matrices() throws {
    let parts = Parts(values: [UInt8](repeating: 1, count: 12))
    func matrix(_ layout: Layout, _ extents: [UInt64], axis: Int) throws -> [UInt64]? {
      let shape = try #require(Shape(extents))
      return try #require(AxisView(shape, axis: axis)).matrix(of: parts.tensor(layout, .uint8, shape))?.shape
        .extents
    }
    for layout in [.dense] + LayoutCases.few {
      #expect(try matrix(layout, [3, 4], axis: 1) == [3, 4], "\(layout)")
      #expect(try matrix(layout, [3, 4], axis: 0) == nil, "\(layout)")
      #expect(try matrix(layout, [12], axis: 0) == [12], "\(layout)")
      #expect(try matrix(layout, [1, 3, 2, 2], axis: 1) == nil, "\(layout)")
      // The rows of a sparse layout are those of its own shape.
      #expect(try matrix(layout, [3, 4, 1, 1], axis: 1) == (layout == .dense ? [3, 4] : nil), "\(layout)")
      #expect(try matrix(layout, [3, 4, 1, 1], axis: 0) == nil, "\(layout)")
      #expect(try matrix(layout, [3, 4, 1], axis: 2) == [3, 4, 1], "\(layout)")
    }
  }

  @Test("Types that share bytes or are wider than a lane are not counted along axes")
  func subByteTypes() {
    for type in ElementType.allCases {
      #expect((VerticalCounter(type) == nil) == (type.byteWidth == nil), "\(type.name)")
      #expect((VerticalPatterns(type) == nil) == (type.byteWidth == nil), "\(type.name)")
    }
  }
}
