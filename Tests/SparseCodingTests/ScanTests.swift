import ModelIR
import SparseCoding
import Testing

@Suite("Scan")
struct ScanTests {
  static let scannable = ElementType.allCases.filter(ChunkScanner.canScan)

  /// Scans the sample chunk by chunk, into counts of their own and into the same; `voids` says whether chunks
  /// of zero bits are added unread, as those of sparse tensors are.
  private func totals(
    _ sample: DenseSample,
    chunkBytes: Int,
    kernels: KernelSet,
    voids: Bool = false
  ) -> (merged: ScanTotals, sequential: ScanTotals) {
    let grid = ChunkGrid(shape: sample.shape, elementBytes: sample.type.bitWidth / 8, chunkBytes: chunkBytes)
    var scanner = ChunkScanner(kernels: kernels)
    var sequential = ScanCounts()
    var merged = ScanCounts()
    for index in 0..<grid.count {
      let chunk = grid[index]
      let range = grid.denseRange(of: chunk)
      let dense = Array(sample.bytes[Int(range.offset)..<(Int(range.offset) + range.byteCount)])
      var own = ScanCounts()
      if voids && dense.allSatisfy({ $0 == 0 }) {
        ChunkScanner.addVoid(chunk, of: grid, sample.type, to: &own)
        ChunkScanner.addVoid(chunk, of: grid, sample.type, to: &sequential)
      } else {
        scanner.scan(dense, chunk, of: grid, sample.type, into: &own)
        scanner.scan(dense, chunk, of: grid, sample.type, into: &sequential)
      }
      // Even before odd: any order must give the same.
      if index % 2 == 0 {
        merged.add(own)
      } else {
        own.add(merged)
        merged = own
      }
    }
    let columns = sample.shape.columns
    return (ScanTotals(merged, columns: columns), ScanTotals(sequential, columns: columns))
  }

  private func expectTotals(_ sample: DenseSample, chunkSizes: [Int], voids: Bool = false) {
    let expected = ScanTotals(naive: sample)
    for chunkBytes in chunkSizes {
      for kernels in LayoutCases.kernels {
        let (merged, sequential) = totals(sample, chunkBytes: chunkBytes, kernels: kernels, voids: voids)
        #expect(merged == expected, "\(sample), chunks of \(chunkBytes), \(kernels)")
        #expect(sequential == expected, "\(sample), chunks of \(chunkBytes), \(kernels)")
      }
    }
  }

  @Test("A scan counts what there is, however the tensor is cut", arguments: scannable)
  func scanCounts(type: ElementType) {
    var generator = SeededGenerator(stream: "scan \(type.name)")
    for shape in LayoutCases.shapes(.bitmask, using: &generator) + [.of(20, 64), .of(7, 192)] {
      let sample = DenseSample(
        type: type,
        shape: shape,
        percentage: generator.pick(DenseSample.percentages),
        using: &generator
      )
      expectTotals(sample, chunkSizes: LayoutCases.chunkBytes(sample, using: &generator))
    }
  }

  @Test(
    "A scan counts what there is around the ends of its blocks of 8192 elements",
    arguments: [.float8E4M3, .float8E8M0, .bfloat16, .float32, .complex64] as [ElementType]
  )
  func scanCountsAcrossBlocks(type: ElementType) {
    var generator = SeededGenerator(stream: "blocks \(type.name)")
    for shape in [Shape.of(1, 8191), .of(1, 8192), .of(1, 8193), .of(2, 8256), .of(131, 64), .of(3, 4096)] {
      let sample = DenseSample(
        type: type,
        shape: shape,
        percentage: generator.pick([0, 1, 50, 100]),
        using: &generator
      )
      expectTotals(sample, chunkSizes: [5000, 1 << 20])
    }
  }

  @Test(
    "Every code of the types of 8 bits and the floats of 16 is what its number is",
    arguments: ElementType.ofWidth(8) + [.float16, .bfloat16]
  )
  func everyCode(type: ElementType) {
    let codes = (0..<UInt64(1) << UInt64(type.bitWidth)).map { $0 }
    let sample = DenseSample(type: type, shape: .of(UInt64(codes.count) / 64, 64), elements: codes)
    expectTotals(sample, chunkSizes: [1 << 20])
  }

  @Test("Every special code is what its number is", arguments: scannable)
  func specialCodes(type: ElementType) {
    let specials = [0] + DenseSample.specials(of: type)
    for first in specials {
      for second in specials {
        expectTotals(
          DenseSample(type: type, shape: .of(1, 2), elements: [first, second]),
          chunkSizes: [1 << 20]
        )
      }
    }
  }

  @Test("Chunks that are added as void count like chunks of zeros", arguments: scannable)
  func voidsCountAsZeros(type: ElementType) {
    var generator = SeededGenerator(stream: "void \(type.name)")
    for shape in LayoutCases.shapes(.bitmask, using: &generator).prefix(5) + [.of(9, 130), .of(2, 640)] {
      for percentage in [0, 1] {
        let sample = DenseSample(type: type, shape: shape, percentage: percentage, using: &generator)
        expectTotals(sample, chunkSizes: [1, 700], voids: true)
      }
    }
  }

  @Test("Types that share bytes or are wider than a lane are not scanned")
  func subByteTypes() {
    for type in ElementType.allCases {
      #expect(ChunkScanner.canScan(type) == (type.byteWidth != nil), "\(type.name)")
    }
  }

  @Test("Columns are counted up to the limit and not behind it")
  func columnLimit() {
    let counts = ScanCounts()
    #expect(counts.zeroColumns(of: ScanCounts.trackedColumns) == ScanCounts.trackedColumns)
    #expect(counts.zeroColumns(of: ScanCounts.trackedColumns + 1) == nil)
  }
}
