import ModelIR
import SparseCoding
import Testing

@Suite("Chunk grid")
struct ChunkGridTests {
  /// A grid and what it was made from.
  struct Sample: CustomStringConvertible {
    let shape: Shape
    let width: Int
    let chunkBytes: Int
    let group: Int

    var grid: ChunkGrid {
      ChunkGrid(shape: shape, elementBytes: width, chunkBytes: chunkBytes, group: group)
    }
    var description: String {
      "\(shape), \(width) bytes each, chunks of \(chunkBytes), groups of \(group), \(SeededGenerator.note)"
    }

    /// Shapes of all ranks; rows shorter and longer than a chunk.
    static func random(_ count: Int, stream: String) -> [Sample] {
      var generator = SeededGenerator(stream: stream)
      let fixed = [Shape([]), Shape([1]), Shape([1, 1]), Shape([5, 1]), Shape([1, 700]), Shape([3, 640])]
      let random = (0..<count).map { _ -> Shape? in
        let rank = Int.random(in: 0...4, using: &generator)
        return Shape(
          (0..<rank).map { axis in
            UInt64.random(in: 1...(axis == rank - 1 ? generator.pick([3, 70, 1500]) : 7), using: &generator)
          }
        )
      }
      return (fixed + random).compactMap { $0 }.map { shape in
        Sample(
          shape: shape,
          width: generator.pick([1, 2, 4, 8]),
          chunkBytes: generator.pick([1, 63, 64, 100, 513, 4000, 1 << 20]),
          group: generator.pick([1, 1, 2, 3, 4, 5, 7, 8, 16])
        )
      }
    }
  }

  @Test("Chunks hold every element once, in row-major order, and each is found by its elements")
  func chunksTile() {
    for sample in Sample.random(150, stream: "tile") {
      let grid = sample.grid
      var next: UInt64 = 0
      for index in 0..<grid.count {
        let chunk = grid[index]
        #expect(grid.firstElement(of: chunk) == next, "\(sample), chunk \(index)")
        let end = next + UInt64(chunk.elementCount)
        #expect(end > next, "\(sample), chunk \(index)")
        #expect(grid.chunk(holding: next) == index, "\(sample), chunk \(index)")
        #expect(grid.chunk(holding: end - 1) == index, "\(sample), chunk \(index)")
        next = end
      }
      #expect(next == sample.shape.elementCount, "\(sample)")
    }
  }

  @Test("A chunk is whole rows or an aligned piece of one row, and no larger than asked for")
  func chunksAreAligned() {
    for sample in Sample.random(150, stream: "align") {
      let grid = sample.grid
      let columns = sample.shape.columns
      let limit = max(sample.chunkBytes / sample.width, 64 * sample.group)
      var largest = 0
      for index in 0..<grid.count {
        let chunk = grid[index]
        largest = max(largest, chunk.elementCount)
        #expect(chunk.elementCount <= limit, "\(sample), chunk \(index)")
        if grid.splitsRows {
          #expect(chunk.rowCount == 1, "\(sample), chunk \(index)")
          #expect(chunk.firstColumn % UInt64(64 * sample.group) == 0, "\(sample), chunk \(index)")
          let end = chunk.firstColumn + UInt64(chunk.columnCount)
          #expect(end == columns || end % UInt64(64 * sample.group) == 0, "\(sample), chunk \(index)")
        } else {
          #expect(chunk.firstColumn == 0 && UInt64(chunk.columnCount) == columns, "\(sample), chunk \(index)")
        }
      }
      #expect(grid.largestChunk == largest, "\(sample)")
      #expect(grid.splitsRows == (columns > UInt64(limit)), "\(sample)")
    }
  }

  @Test("The bytes of chunks tile every part of every layout")
  func rangesTile() throws {
    for sample in Sample.random(100, stream: "ranges") {
      let grid = sample.grid
      let (rows, columns) = (sample.shape.rows, sample.shape.columns)
      var (dense, mask, offsets): (UInt64, UInt64, UInt64) = (0, 0, 0)
      for index in 0..<grid.count {
        let chunk = grid[index]
        follow(grid.denseRange(of: chunk), &dense, "\(sample)")
        follow(grid.maskRange(of: chunk), &mask, "\(sample)")
        let offsetRange = grid.rowOffsetRange(of: chunk, width: .bits64)
        if chunk.firstColumn == 0 { follow(offsetRange, &offsets, "\(sample)") }
        #expect(offsetRange.byteCount == (chunk.firstColumn == 0 ? 8 * chunk.rowCount : 0), "\(sample)")
      }
      #expect(dense == rows * columns * UInt64(sample.width), "\(sample)")
      #expect(mask == rows * ((columns + 7) / 8), "\(sample)")
      #expect(offsets == 8 * rows, "\(sample)")
      for kept in 1..<max(2, sample.group) {
        guard let pattern = NMPattern(kept: kept, group: sample.group) else { continue }
        var (values, indices): (UInt64, UInt64) = (0, 0)
        for index in 0..<grid.count {
          follow(grid.keptRange(of: grid[index], pattern: pattern), &values, "\(sample), \(pattern)")
          follow(grid.indexRange(of: grid[index], pattern: pattern), &indices, "\(sample), \(pattern)")
        }
        let keptPerRow = stride(from: 0, to: Int(columns), by: sample.group)
          .reduce(0) { $0 + min(kept, Int(columns) - $1, sample.group) }
        let bits = (1...6).first { 1 << $0 >= sample.group } ?? 0
        #expect(values == rows * UInt64(keptPerRow * sample.width), "\(sample), \(pattern)")
        #expect(indices == rows * UInt64((keptPerRow * bits + 7) / 8), "\(sample), \(pattern)")
      }
    }
  }

  /// Expects a range to start at `end`, and moves that behind it.
  private func follow(_ range: PartRange, _ end: inout UInt64, _ story: String) {
    #expect(range.offset == end, "\(story)")
    end = range.offset + UInt64(range.byteCount)
  }

  @Test(
    "A shape without elements has no chunk",
    arguments: [[0], [0, 5], [5, 0], [1 << 40, 0, 1 << 20]] as [[UInt64]]
  )
  func emptyShapes(extents: [UInt64]) throws {
    let grid = ChunkGrid(shape: try #require(Shape(extents)), elementBytes: 4, chunkBytes: 100)
    #expect(grid.count == 0)
    #expect(!grid.splitsRows)
  }

  @Test(
    "Shapes up to the largest are cut without overflow",
    arguments: [
      [1 << 62, 1], [1, 1 << 63], [1 << 32, 1 << 31], [UInt64.max], [UInt64.max, 1], [3, 1 << 62],
    ]
  )
  func hugeShapes(extents: [UInt64]) throws {
    let shape = try #require(Shape(extents))
    for chunkBytes in [1, 1 << 20] {
      let grid = ChunkGrid(shape: shape, elementBytes: 1, chunkBytes: chunkBytes)
      for index in [0, 1, grid.count / 2, grid.count - 2, grid.count - 1] {
        let chunk = grid[index]
        let first = grid.firstElement(of: chunk)
        #expect(grid.chunk(holding: first) == index)
        #expect(grid.chunk(holding: first + UInt64(chunk.elementCount - 1)) == index)
        #expect(grid.denseRange(of: chunk).offset == first)
      }
      let last = grid[grid.count - 1]
      #expect(grid.firstElement(of: last) + UInt64(last.elementCount) == shape.elementCount)
    }
  }
}
