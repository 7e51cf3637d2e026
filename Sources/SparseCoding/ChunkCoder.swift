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
  private let kernels: KernelSet
  private let columnWidth: IndexWidth
  private let offsetWidth: IndexWidth

  /// A coder for a tensor of this type cut by `grid`.
  ///
  /// - Parameters:
  ///   - columnWidth: the width of column indices, for CSR.
  ///   - offsetWidth: the width of row offsets, for CSR.
  /// - Returns: nil for types that share bytes.
  public init?(
    layout: Layout, elementType: ElementType, grid: ChunkGrid, columnWidth: IndexWidth = .bits32,
    offsetWidth: IndexWidth = .bits64, kernels: KernelSet = .current
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
    _ dense: [UInt8], _ chunk: Chunk, _ pattern: NMPattern, scratch encoded: inout EncodedChunk
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
    _ dense: [UInt8], _ chunk: Chunk, before: UInt64, into encoded: inout EncodedChunk
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
  private func split(_ dense: [UInt8], _ chunk: Chunk, mask: inout [UInt8], values: inout [UInt8]) -> Int {
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

  private func encodeCSR(
    _ dense: [UInt8], _ chunk: Chunk, before: UInt64, into encoded: inout EncodedChunk
  ) -> Int {
    let count = split(dense, chunk, mask: &encoded.mask, values: &encoded.values)
    encoded.valueByteCount = count * lanes.rawValue
    EncodedChunk.grow(&encoded.structure, to: count * columnWidth.byteWidth)
    EncodedChunk.grow(&encoded.rowOffsets, to: chunk.rowCount * offsetWidth.byteWidth)
    encoded.structureByteCount = count * columnWidth.byteWidth
    encoded.rowOffsetByteCount = grid.rowOffsetRange(of: chunk, width: offsetWidth).byteCount
    encoded.mask.withUnsafeBufferPointer { mask in
      encoded.structure.withUnsafeMutableBufferPointer { columns in
        encoded.rowOffsets.withUnsafeMutableBufferPointer { offsets in
          guard let mask = mask.baseAddress, let columns = columns.baseAddress,
            let offsets = offsets.baseAddress
          else { return }
          /// Writes indices and offsets of these widths.
          func write<Column: FixedWidthInteger>(_ type: Column.Type) {
            if offsetWidth == .bits64 {
              CSRCoding.encode(
                mask: mask, chunk, before: before, columns: columns, offsets: offsets, as: type, UInt64.self)
            } else {
              CSRCoding.encode(
                mask: mask, chunk, before: before, columns: columns, offsets: offsets, as: type, UInt32.self)
            }
          }
          switch columnWidth {
          case .bits8: write(UInt8.self)
          case .bits16: write(UInt16.self)
          case .bits32, .bits64: write(UInt32.self)
          }
        }
      }
    }
    return count
  }

  private func encodeNM(
    _ dense: [UInt8], _ chunk: Chunk, _ pattern: NMPattern, into encoded: inout EncodedChunk
  ) throws -> Int {
    let kept = grid.keptRange(of: chunk, pattern: pattern).byteCount
    let indexBytes = grid.indexRange(of: chunk, pattern: pattern).byteCount
    let count = split(dense, chunk, mask: &encoded.mask, values: &encoded.values)
    EncodedChunk.grow(&encoded.values, to: kept)
    EncodedChunk.grow(&encoded.structure, to: indexBytes)
    encoded.valueByteCount = kept
    encoded.structureByteCount = indexBytes
    do {
      try dense.withUnsafeBufferPointer { dense in
        try encoded.mask.withUnsafeBufferPointer { mask in
          try encoded.values.withUnsafeMutableBufferPointer { values in
            try encoded.structure.withUnsafeMutableBufferPointer { indices in
              guard let dense = dense.baseAddress, let mask = mask.baseAddress,
                let values = values.baseAddress, let indices = indices.baseAddress
              else { return }
              /// Writes values of this width.
              func write<Lane: FixedWidthInteger>(_ type: Lane.Type) throws {
                try NMCoding.encode(
                  dense, mask: mask, chunk, pattern, values: values, indices: indices, as: type)
              }
              switch lanes {
              case .bits8: try write(UInt8.self)
              case .bits16: try write(UInt16.self)
              case .bits32: try write(UInt32.self)
              case .bits64: try write(UInt64.self)
              }
            }
          }
        }
      }
    } catch is NMCoding.Violation {
      throw LayoutObstacle.notCompliant(pattern, groups: 1)
    }
    return count
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
            let population = BitmaskCoding.population(of: structure, chunk).count
            guard population * lanes.rawValue == encoded.valueByteCount else { return false }
            return BitmaskCoding.decode(
              mask: structure, values: values, chunk, lanes, to: dense, kernels) == population
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
    _ columns: UnsafePointer<UInt8>, _ values: UnsafePointer<UInt8>, _ chunk: Chunk, rowEnds: [Int],
    to dense: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    /// Scatters indices and values of these widths.
    func run<Column: FixedWidthInteger & UnsignedInteger, Lane: FixedWidthInteger>(
      _ column: Column.Type, _ lane: Lane.Type
    ) -> Bool {
      CSRCoding.decode(
        rowEnds: rowEnds, columns: columns, values: values, chunk, to: dense, as: column, lane)
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
    _ indices: UnsafePointer<UInt8>, _ values: UnsafePointer<UInt8>?, _ chunk: Chunk, _ pattern: NMPattern,
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

  /// Decodes what was just encoded and compares it with the dense chunk it was made of.
  /// - Parameters:
  ///   - count: how many values the chunk has.
  ///   - before: how many values of the tensor stand before it.
  ///   - scratch: a buffer used for the decoded chunk.
  public func proves(
    _ encoded: EncodedChunk, _ chunk: Chunk, count: Int, before: UInt64, equals dense: [UInt8],
    scratch: inout [UInt8]
  ) -> Bool {
    var rowEnds: [Int] = []
    if layout == .csr {
      guard let ends = encoded.rowEnds(of: chunk, count: count, before: before, width: offsetWidth) else {
        return false
      }
      rowEnds = ends
    }
    return decode(encoded, chunk, rowEnds: rowEnds, into: &scratch)
      && Self.areEqual(scratch, dense, byteCount: chunk.elementCount * lanes.rawValue)
  }

  /// How many elements of two dense chunks differ in their bits, and which is the first.
  public static func differences(
    _ left: [UInt8], _ right: [UInt8], elementBytes: Int, count: Int
  ) -> (count: Int, first: Int?) {
    if areEqual(left, right, byteCount: elementBytes * count) { return (0, nil) }
    var differing = 0
    var first: Int?
    for element in 0..<count {
      let bytes = element * elementBytes..<(element + 1) * elementBytes
      if left[bytes] == right[bytes] { continue }
      differing += 1
      if first == nil { first = element }
    }
    return (differing, first)
  }

  /// Whether the first bytes of two buffers are the same.
  public static func areEqual(_ left: [UInt8], _ right: [UInt8], byteCount: Int) -> Bool {
    precondition(left.count >= byteCount && right.count >= byteCount)
    return left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        guard let left = left.baseAddress, let right = right.baseAddress else { return true }
        return memcmp(left, right, byteCount) == 0
      }
    }
  }
}

extension EncodedChunk {
  /// Where the rows of a chunk end, counted from its first value, as the row offsets have it; nil where these
  /// do not ascend from the chunk's first value to its last.
  func rowEnds(of chunk: Chunk, count: Int, before: UInt64, width: IndexWidth) -> [Int]? {
    // A piece of a row other than its first has no offset.
    if chunk.firstColumn > 0 { return [count] }
    return rowOffsets.withUnsafeBytes { bytes in
      var ends: [Int] = []
      ends.reserveCapacity(chunk.rowCount)
      var least: UInt64 = 0
      for row in 0..<chunk.rowCount {
        let offset =
          width == .bits64
          ? bytes.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self)
          : UInt64(bytes.loadUnaligned(fromByteOffset: row * 4, as: UInt32.self))
        let start = offset &- before
        guard start >= least, start <= (row == 0 ? 0 : UInt64(count)) else { return nil }
        if row > 0 { ends.append(Int(start)) }
        least = start
      }
      ends.append(count)
      return ends
    }
  }
}
