import ModelIR
import SparseCoding
import Testing

@Suite("The proof of an encoding")
struct ProofTests {
  /// A chunk of several rows with its encoding, which is the whole tensor's.
  struct Sample {
    let dense: DenseSample
    let layout: Layout
    let coder: ChunkCoder
    let chunk: Chunk
    var encoded = EncodedChunk()
    let count: Int

    init(_ layout: Layout, bits: Int, kernels: KernelSet, using generator: inout SeededGenerator) throws {
      var pattern: NMPattern?
      if case .nm(let complied) = layout { pattern = complied }
      self.layout = layout
      dense = DenseSample(
        type: generator.pick(ElementType.ofWidth(bits)),
        shape: .of(.random(in: 1...4, using: &generator), .random(in: 1...40, using: &generator)),
        percentage: generator.pick([10, 50, 90]),
        complyingWith: pattern,
        using: &generator
      )
      let grid = ChunkGrid(
        shape: dense.shape,
        elementBytes: bits / 8,
        chunkBytes: 1 << 20,
        group: pattern?.group ?? 1
      )
      coder = try #require(
        ChunkCoder(
          layout: layout,
          elementType: dense.type,
          grid: grid,
          columnWidth: .bits8,
          offsetWidth: .bits32,
          kernels: kernels
        )
      )
      chunk = grid[0]
      count = try coder.encode(dense.bytes, chunk, before: 0, into: &encoded)
    }

    /// The parts that the encoding makes.
    var parts: Parts {
      Parts(
        rowOffsets: layout == .csr
          ? encoded.rowOffsets[..<encoded.rowOffsetByteCount] + littleEndianBytes([UInt64(count)], width: 4)
          : [],
        structure: Array(encoded.structure[..<encoded.structureByteCount]),
        values: Array(encoded.values[..<encoded.valueByteCount])
      )
    }

    /// Whether the encoding proves to be that of `bytes`.
    func proves(_ bytes: [UInt8]) -> Bool {
      var scratch: [UInt8] = []
      return coder.proves(encoded, chunk, count: count, before: 0, equals: bytes, scratch: &scratch)
    }
  }

  @Test(
    "An encoding that a byte was damaged in proves right only if it still stands for the same elements",
    arguments: LayoutCases.few,
    LayoutCases.kernels
  )
  func damageIsSeen(layout: Layout, kernels: KernelSet) throws {
    var generator = SeededGenerator(stream: "proof \(layout)")
    var failures = 0
    for round in 0..<60 {
      let original = try Sample(
        layout,
        bits: [8, 16, 32, 64][round % 4],
        kernels: kernels,
        using: &generator
      )
      #expect(original.proves(original.dense.bytes), "\(original.dense)")
      for part in [\EncodedChunk.structure, \.rowOffsets, \.values] {
        let used =
          switch part {
          case \.structure: original.encoded.structureByteCount
          case \.rowOffsets: original.encoded.rowOffsetByteCount
          default: original.encoded.valueByteCount
          }
        for _ in 0..<min(used, 8) {
          var damaged = original
          let place = Int.random(in: 0..<used, using: &generator)
          let flip = UInt8.random(in: 1...255, using: &generator)
          damaged.encoded[keyPath: part][place] ^= flip
          let meaning = NaiveCoding.decode(damaged.parts, layout, original.dense.type, original.dense.shape)
          let isRight = meaning == original.dense.elements
          #expect(
            damaged.proves(original.dense.bytes) == isRight,
            "\(original.dense), byte \(place) ^ \(flip)"
          )
          failures += isRight ? 0 : 1
        }
      }
    }
    #expect(failures > 100)
  }

  @Test(
    "An encoding does not prove other elements",
    arguments: LayoutCases.few,
    LayoutCases.kernels
  )
  func otherElementsAreSeen(layout: Layout, kernels: KernelSet) throws {
    var generator = SeededGenerator(stream: "other \(layout)")
    for round in 0..<40 {
      let sample = try Sample(layout, bits: [8, 16, 32, 64][round % 4], kernels: kernels, using: &generator)
      var bytes = sample.dense.bytes
      let place = Int.random(in: bytes.indices, using: &generator)
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      #expect(!sample.proves(bytes), "\(sample.dense), byte \(place)")
    }
  }

  @Test("Buffers are equal as far as asked for")
  func equality() {
    #expect(ChunkCoder.areEqual([1, 2, 3], [1, 2, 4, 5], byteCount: 2))
    #expect(!ChunkCoder.areEqual([1, 2, 3], [1, 2, 4, 5], byteCount: 3))
    #expect(ChunkCoder.areEqual([], [1], byteCount: 0))
  }

  @Test("Differences are counted by element, and the first is named", arguments: [1, 2, 4, 8])
  func differences(width: Int) {
    let left = [UInt8](repeating: 3, count: 10 * width)
    var right = left + [9]
    #expect(ChunkCoder.differences(left, right, elementBytes: width, count: 10) == (0, nil))
    right[7 * width] = 0
    right[5 * width - 1] = 0
    #expect(ChunkCoder.differences(left, right, elementBytes: width, count: 10) == (2, 4))
    #expect(ChunkCoder.differences(left, right, elementBytes: width, count: 7) == (1, 4))
    #expect(ChunkCoder.differences(left, right, elementBytes: width, count: 4) == (0, nil))
  }

  @Test(
    "Violations of a pattern are counted by stored elements, ragged groups included",
    arguments: LayoutCases.patterns
  )
  func violationsAreCounted(pattern: NMPattern) throws {
    var generator = SeededGenerator(stream: "violations \(pattern)")
    for round in 0..<20 {
      let bits = [8, 16, 32, 64][round % 4]
      let sample = DenseSample(
        type: generator.pick(ElementType.ofWidth(bits)),
        shape: .of(.random(in: 1...5, using: &generator), .random(in: 1...130, using: &generator)),
        percentage: generator.pick(DenseSample.percentages),
        using: &generator
      )
      let groups = sample.rows.flatMap { row in
        stride(from: 0, to: row.count, by: pattern.group).map { row[$0..<min($0 + pattern.group, row.count)] }
      }
      let expected = groups.count { group in group.count { $0 != 0 } > pattern.kept }
      let grid = ChunkGrid(
        shape: sample.shape,
        elementBytes: bits / 8,
        chunkBytes: 1 << 20,
        group: pattern.group
      )
      for kernels in LayoutCases.kernels {
        let coder = try #require(
          ChunkCoder(layout: .nm(pattern), elementType: sample.type, grid: grid, kernels: kernels)
        )
        var scratch = EncodedChunk()
        #expect(
          coder.countViolations(sample.bytes, grid[0], pattern, scratch: &scratch) == expected,
          "\(sample), \(kernels)"
        )
      }
    }
  }
}
