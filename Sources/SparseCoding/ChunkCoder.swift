public import ModelIR

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Encodes and decodes the chunks of one tensor, in memory.
///
/// Every ``encode(_:_:before:into:)`` is followed by the caller's ``decode(_:_:before:into:)`` and a
/// comparison: that is what the command promises.
public struct ChunkCoder: Sendable {
  /// How the tensor is cut.
  public let grid: ChunkGrid
  /// The layout that chunks are encoded to and decoded from.
  public let layout: Layout
  let lanes: LaneWidth
  let kernels: KernelSet
  let columnWidth: IndexWidth
  let offsetWidth: IndexWidth

  /// A coder for a tensor of this type cut by `grid`.
  ///
  /// - Parameters:
  ///   - columnWidth: the width of column indices, for CSR.
  ///   - offsetWidth: the width of row offsets, for CSR.
  /// - Returns: nil for types that share bytes.
  public init?(
    layout: Layout,
    elementType: ElementType,
    grid: ChunkGrid,
    columnWidth: IndexWidth = .bits32,
    offsetWidth: IndexWidth = .bits64,
    kernels: KernelSet = .current
  ) {
    guard let lanes = LaneWidth(elementType) else { return nil }
    self.grid = grid
    self.layout = layout
    self.lanes = lanes
    self.kernels = kernels
    self.columnWidth = columnWidth
    self.offsetWidth = offsetWidth
  }

  /// The number of elements of a dense chunk whose bits are not all zero.
  public func countStored(_ dense: [UInt8], _ chunk: Chunk) -> Int {
    precondition(dense.count >= chunk.elementCount * lanes.rawValue)
    return dense.withUnsafeBufferPointer { dense in
      guard let base = dense.baseAddress else { return 0 }
      return lanes.countStored(base, chunk.elementCount, kernels)
    }
  }

  /// The groups of a dense chunk, ragged ones included, that have more stored elements than an N:M layout of
  /// this pattern keeps.
  public func countViolations(
    _ dense: [UInt8],
    _ chunk: Chunk,
    _ pattern: NMPattern,
    scratch encoded: inout EncodedChunk
  ) -> Int {
    precondition(dense.count >= chunk.elementCount * lanes.rawValue)
    _ = split(dense, chunk, mask: &encoded.mask, values: &encoded.values)
    return encoded.mask.withUnsafeBufferPointer { mask in
      mask.baseAddress.map { NMCoding.violations(mask: $0, chunk, pattern) } ?? 0
    }
  }

  /// Encodes a dense chunk, and returns how many elements of it have bits that are not all zero.
  /// - Parameter before: how many values of the tensor stand before the chunk.
  /// - Throws: ``LayoutObstacle/notCompliant(_:groups:)`` if the layout is N:M and the chunk does not comply.
  public func encode(
    _ dense: [UInt8],
    _ chunk: Chunk,
    before: UInt64,
    into encoded: inout EncodedChunk
  ) throws -> Int {
    precondition(dense.count >= chunk.elementCount * lanes.rawValue)
    switch layout {
    case .dense: preconditionFailure("dense chunks are copied, not encoded")
    case .bitmask:
      let count = split(dense, chunk, mask: &encoded.structure, values: &encoded.values)
      encoded.structureByteCount = grid.maskRange(of: chunk).byteCount
      encoded.valueByteCount = count * lanes.rawValue
      return count
    case .csr: return encodeCSR(dense, chunk, before: before, into: &encoded)
    case .nm(let pattern): return try encodeNM(dense, chunk, pattern, into: &encoded)
    }
  }

  /// Splits a chunk into mask and values, and returns how many values there are.
  func split(_ dense: [UInt8], _ chunk: Chunk, mask: inout [UInt8], values: inout [UInt8]) -> Int {
    EncodedChunk.grow(&mask, to: chunk.rowCount * ((chunk.columnCount + 7) / 8))
    EncodedChunk.grow(&values, to: chunk.elementCount * lanes.rawValue)
    return dense.withUnsafeBufferPointer { dense in
      mask.withUnsafeMutableBufferPointer { mask in
        values.withUnsafeMutableBufferPointer { values in
          guard let dense = dense.baseAddress, let mask = mask.baseAddress, let values = values.baseAddress
          else { return 0 }
          return BitmaskCoding.encode(dense, chunk, lanes, mask: mask, values: values, kernels)
        }
      }
    }
  }

  /// Decodes a chunk to `dense`, and returns whether the parts are as they were surveyed.
  /// - Parameter rowEnds: for CSR, where each row of the chunk ends, counted from the chunk's first value.
  func decode(_ encoded: EncodedChunk, _ chunk: Chunk, rowEnds: [Int], into dense: inout [UInt8]) -> Bool {
    let byteCount = chunk.elementCount * lanes.rawValue
    EncodedChunk.grow(&dense, to: byteCount)
    return dense.withUnsafeMutableBufferPointer { dense in
      encoded.structure.withUnsafeBufferPointer { structure in
        encoded.values.withUnsafeBufferPointer { values in
          guard let dense = dense.baseAddress, let structure = structure.baseAddress,
            let values = values.baseAddress
          else { return true }
          switch layout {
          case .dense: preconditionFailure("dense chunks are copied, not decoded")
          case .bitmask:
            let population = BitmaskCoding.population(of: structure, chunk, kernels).count
            guard population * lanes.rawValue == encoded.valueByteCount else { return false }
            return BitmaskCoding.decode(
              mask: structure,
              values: values,
              chunk,
              lanes,
              to: dense,
              kernels
            ) == population
          case .csr:
            dense.update(repeating: 0, count: byteCount)
            return scatter(structure, values, chunk, rowEnds: rowEnds, to: dense)
          case .nm(let pattern):
            dense.update(repeating: 0, count: byteCount)
            return spread(structure, values, chunk, pattern, to: dense) == nil
          }
        }
      }
    }
  }

  private func scatter(
    _ columns: UnsafePointer<UInt8>,
    _ values: UnsafePointer<UInt8>,
    _ chunk: Chunk,
    rowEnds: [Int],
    to dense: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    /// Scatters indices and values of these widths.
    func run<Column: FixedWidthInteger & UnsignedInteger, Lane: FixedWidthInteger>(
      _ column: Column.Type,
      _ lane: Lane.Type
    ) -> Bool {
      CSRCoding.decode(
        rowEnds: rowEnds,
        columns: columns,
        values: values,
        chunk,
        to: dense,
        as: column,
        lane
      )
    }
    /// Scatters values of this width.
    func run<Lane: FixedWidthInteger>(_ lane: Lane.Type) -> Bool {
      switch columnWidth {
      case .bits8: run(UInt8.self, lane)
      case .bits16: run(UInt16.self, lane)
      case .bits32, .bits64: run(UInt32.self, lane)
      }
    }
    return switch lanes {
    case .bits8: run(UInt8.self)
    case .bits16: run(UInt16.self)
    case .bits32: run(UInt32.self)
    case .bits64: run(UInt64.self)
    }
  }

  /// Checks positions and, where there are values, spreads them; returns what is wrong.
  func spread(
    _ indices: UnsafePointer<UInt8>,
    _ values: UnsafePointer<UInt8>?,
    _ chunk: Chunk,
    _ pattern: NMPattern,
    to dense: UnsafeMutablePointer<UInt8>?
  ) -> NMCoding.Problem? {
    do throws(NMCoding.Problem) {
      switch lanes {
      case .bits8:
        try NMCoding.decode(indices: indices, values: values, chunk, pattern, to: dense, as: UInt8.self)
      case .bits16:
        try NMCoding.decode(indices: indices, values: values, chunk, pattern, to: dense, as: UInt16.self)
      case .bits32:
        try NMCoding.decode(indices: indices, values: values, chunk, pattern, to: dense, as: UInt32.self)
      case .bits64:
        try NMCoding.decode(indices: indices, values: values, chunk, pattern, to: dense, as: UInt64.self)
      }
      return nil
    } catch {
      return error
    }
  }
}
