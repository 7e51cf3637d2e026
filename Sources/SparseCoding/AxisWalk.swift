internal import ModelIR

/// Walks a tensor along an axis that is not its last: slice by slice, in stripes of neighbouring columns.
///
/// One stripe of one outer index is a unit of work. Memory: one slice run of at most a chunk's bytes.
public struct AxisWalk: Sendable {
  /// The view that is walked.
  public let view: AxisView
  private let reader: DenseReader
  private let stripe: UInt64
  private let stripes: UInt64
  private let slicesPerRead: UInt64

  /// Stripes this wide keep two threads busy on one matrix and read 8 KB or more at a time.
  private static let denseStripe: UInt64 = 8192

  /// A walk over the reader's tensor.
  public init(_ view: AxisView, reader: DenseReader, chunkBytes: Int) {
    self.view = view
    self.reader = reader
    let bytes = UInt64(reader.grid.elementBytes)
    let limit = max(64, UInt64(chunkBytes) / bytes)
    // A sparse tensor is decoded anew for each stripe, so its stripes are as wide as memory allows.
    stripe = min(view.inner, reader.needsSurvey ? limit : min(limit, Self.denseStripe))
    stripes = (view.inner - 1) / stripe + 1
    slicesPerRead = stripes == 1 ? max(1, limit / stripe) : 1
  }

  /// How many units there are.
  public var unitCount: Int { Int(view.outer * stripes) }

  /// How many elements a unit has.
  public func elementCount(ofUnit unit: Int) -> Int {
    let first = UInt64(unit) % stripes * stripe
    return Int(view.extent * min(stripe, view.inner - first))
  }

  /// Goes through the slices of a unit in order; `body` gets each slice's place on the axis, the buffer, the
  /// byte at which the slice starts in it, and how many elements it has, and says whether the walk goes on.
  /// - Throws: what reading or `body` throws.
  public func forEachSlice(
    ofUnit unit: Int,
    _ workspace: inout DenseReader.Workspace,
    slices buffer: inout [UInt8],
    _ body: (_ slice: UInt64, _ buffer: [UInt8], _ start: Int, _ count: Int) throws -> Bool
  ) throws {
    let (outer, piece) = UInt64(unit).quotientAndRemainder(dividingBy: stripes)
    let first = piece * stripe
    let width = min(stripe, view.inner - first)
    let bytes = reader.grid.elementBytes
    var slice: UInt64 = 0
    while slice < view.extent {
      let run = min(slicesPerRead, view.extent - slice)
      let position = (outer * view.extent + slice) * view.inner + first
      try reader.readElements(at: position, count: Int(run * width), &workspace, into: &buffer)
      for index in 0..<Int(run) {
        guard try body(slice + UInt64(index), buffer, index * Int(width) * bytes, Int(width)) else { return }
      }
      slice += run
    }
  }

  /// The row of a column of a unit, where rows are all elements across the axis.
  public func row(ofUnit unit: Int, column: Int) -> UInt64 {
    let (outer, piece) = UInt64(unit).quotientAndRemainder(dividingBy: stripes)
    return outer * view.inner + piece * stripe + UInt64(column)
  }
}

extension DenseReader {
  /// Reads any run of elements in row-major order to `buffer`, whatever the chunks.
  ///
  /// Runs that follow one another within a chunk of a sparse tensor decode it once.
  /// - Throws: what ``read(_:_:)`` throws.
  public func readElements(
    at position: UInt64,
    count: Int,
    _ workspace: inout Workspace,
    into buffer: inout [UInt8]
  ) throws {
    let bytes = grid.elementBytes
    EncodedChunk.grow(&buffer, to: count * bytes)
    if case .dense(let region) = tensor.storage {
      try source.read(
        count * bytes,
        at: region.offset + position * UInt64(bytes),
        into: &buffer,
        startingAt: 0
      )
      return
    }
    var done = 0
    while done < count {
      let next = position + UInt64(done)
      let index = grid.chunk(holding: next)
      if workspace.current?.reader !== identity || workspace.current?.chunk != index {
        _ = try read(index, &workspace)
        workspace.current = (identity, index)
      }
      let chunk = grid[index]
      let offset = Int(next - grid.firstElement(of: chunk))
      let run = min(count - done, chunk.elementCount - offset)
      buffer.replaceSubrange(
        done * bytes..<(done + run) * bytes,
        with: workspace.dense[offset * bytes..<(offset + run) * bytes]
      )
      done += run
    }
  }
}
