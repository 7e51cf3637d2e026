internal import ModelIR

/// Encoding to the layouts whose structure is made from a mask.
extension ChunkCoder {
  func encodeCSR(
    _ dense: [UInt8],
    _ chunk: Chunk,
    before: UInt64,
    into encoded: inout EncodedChunk
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
                mask: mask,
                chunk,
                before: before,
                columns: columns,
                offsets: offsets,
                as: type,
                UInt64.self
              )
            } else {
              CSRCoding.encode(
                mask: mask,
                chunk,
                before: before,
                columns: columns,
                offsets: offsets,
                as: type,
                UInt32.self
              )
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

  func encodeNM(
    _ dense: [UInt8],
    _ chunk: Chunk,
    _ pattern: NMPattern,
    into encoded: inout EncodedChunk
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
                  dense,
                  mask: mask,
                  chunk,
                  pattern,
                  values: values,
                  indices: indices,
                  as: type
                )
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
}
