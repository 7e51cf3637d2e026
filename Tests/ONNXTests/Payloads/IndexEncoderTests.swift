import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Encoding indices")
struct IndexEncoderTests {
  /// Pieces that cover a matrix: whole rows, or parts of each row at multiples of 8.
  private func pieces(
    rows: UInt64,
    columns: UInt64,
    _ generator: inout SeededGenerator
  ) -> [MaskPiece] {
    var pieces: [MaskPiece] = []
    if Bool.random(using: &generator) {
      var row: UInt64 = 0
      while row < rows {
        let count = min(rows - row, UInt64.random(in: 1...9, using: &generator))
        pieces.append(
          MaskPiece(firstRow: row, rowCount: Int(count), firstColumn: 0, columnCount: Int(columns))
        )
        row += count
      }
    } else {
      for row in 0..<rows {
        var column: UInt64 = 0
        while column < columns {
          let count = min(columns - column, 8 * UInt64.random(in: 1...40, using: &generator))
          pieces.append(
            MaskPiece(firstRow: row, rowCount: 1, firstColumn: column, columnCount: Int(count))
          )
          column += count
        }
      }
    }
    return pieces
  }

  /// What this machine can encode and compare with.
  static let kernels = IndexKernels.allCases.filter(\.isAvailable)

  static let extents: [[UInt64]] = [
    [1], [130], [20_000], [3, 5], [129, 3], [20, 300], [3, 2, 70], [2, 130, 1, 5],
  ]

  @Test("Pieces of a mask give the indices in every form, and their counts", arguments: extents)
  func formsAreEncoded(extents: [UInt64]) throws {
    try withSeed { generator in
      for percentage in [0, 5, 60, 100] {
        let sample = SparseSample(.uint8, extents, percentage: percentage, using: &generator)
        for isOneRow in [false, true] {
          let space = try #require(IndexSpace(sample.shape, isOneRow: isOneRow))
          let (rows, columns) =
            isOneRow ? (1, sample.shape.elementCount) : (sample.shape.rows, sample.shape.columns)
          let pieces = pieces(rows: rows, columns: columns, &generator)
          let counts = pieces.map { IndexCounts(sample.mask($0, columns: columns), $0, space) }
          let total = counts.reduce(IndexCounts(), +)
          try #require(total.nnz == UInt64(sample.places.count))
          for form in IndexForm.allCases {
            let kernels = Self.kernels.randomElement(using: &generator) ?? .scalar
            guard let encoder = IndexEncoder(form, space, kernels: kernels) else {
              // Coordinates of one row are those of no other tensor than a vector.
              try #require(form == .coordinateVarints && isOneRow && extents.count > 1)
              try #require(total.byteCount(of: form) == nil)
              continue
            }
            var (found, buffer): ([UInt8], [UInt8]) = ([], [])
            for (piece, count) in zip(pieces, counts) {
              let bytes = encoder.encode(sample.mask(piece, columns: columns), piece, into: &buffer)
              try #require(count.byteCount(of: form) == UInt64(bytes))
              found += buffer.prefix(bytes)
            }
            try #require(found == sample.indices(form), "\(sample) \(form)")
            try #require(total.byteCount(of: form) == UInt64(found.count))
          }
        }
      }
    }
  }

  @Test(
    "Indices of every length are encoded, across the borders between them too",
    arguments: [7, 14, 21, 28, 35, 42, 49] as [UInt64],
    kernels
  )
  func allLengths(bits: UInt64, kernels: IndexKernels) throws {
    let border: UInt64 = 1 << bits
    let shape = try #require(Shape([border + 4096]))
    let space = try #require(IndexSpace(shape, isOneRow: true))
    for first in [border - 64, border - 40, border - 1, border] {
      let piece = MaskPiece(firstRow: 0, rowCount: 1, firstColumn: first, columnCount: 100)
      let mask: [UInt8] = (0..<13).map { $0 % 2 == 0 ? 0xA7 : 0xFF }
      let isSet: (Int) -> Bool = { bit in (mask[bit / 8] >> UInt8(bit % 8)) & 1 == 1 }
      let places: [UInt64] = (0..<100).filter(isSet).map { bit in first + UInt64(bit) }
      let encoder = try #require(IndexEncoder(.linearVarints, space, kernels: kernels))
      var buffer: [UInt8] = []
      let count = encoder.encode(mask, piece, into: &buffer)
      #expect(IndexProof.matches(buffer, count: count, mask, piece, space, kernels: kernels))
      #expect(Array(buffer.prefix(count)) == places.flatMap { WireBytes.varint($0) })
      let counts = IndexCounts(mask, piece, space)
      #expect(counts.linearBytes == UInt64(count))
      // Where the piece crosses the border, the number of nonzeros does not tell.
      let known = IndexCounts(nnz: counts.nnz, piece, space)
      #expect(known?.linearBytes == (first == border ? counts.linearBytes : nil))
      #expect(known.map(\.nnz) == (first == border ? counts.nnz : nil))
    }
  }

  @Test("Counts of nonzeros tell the bytes of rows whose indices have one length")
  func countsOfRows() throws {
    let shape = try #require(Shape([400, 100]))
    let space = try #require(IndexSpace(shape, isOneRow: false))
    let mask = [UInt8](repeating: 0x83, count: 2 * 13)
    for (row, isKnown) in [(0, false), (1, false), (2, true), (163, false), (164, true)] as [(UInt64, Bool)] {
      let piece = MaskPiece(firstRow: row, rowCount: 2, firstColumn: 0, columnCount: 100)
      let counts = IndexCounts(mask, piece, space)
      #expect(IndexCounts(nnz: counts.nnz, piece, space)?.linearBytes == (isKnown ? counts.linearBytes : nil))
    }
  }

  @Test(
    "Only the indices of the mask's set bits match it, each as short as it can be",
    arguments: [0, 64, 100, 16_320, 16_370, 2_097_130] as [UInt64],
    kernels
  )
  func proof(first: UInt64, kernels: IndexKernels) throws {
    let space = try #require(IndexSpace(.vector(1 << 22), isOneRow: true))
    let piece = MaskPiece(firstRow: 0, rowCount: 1, firstColumn: first / 8 * 8, columnCount: 100)
    let mask: [UInt8] = (0..<13).map { $0 % 3 == 0 ? 0x91 : 0x0C }
    var buffer: [UInt8] = []
    let encoder = try #require(IndexEncoder(.linearVarints, space, kernels: kernels))
    let count = encoder.encode(mask, piece, into: &buffer)
    #expect(IndexProof.matches(buffer, count: count, mask, piece, space, kernels: kernels))
    #expect(!IndexProof.matches(buffer, count: count - 1, mask, piece, space, kernels: kernels))
    #expect(!IndexProof.matches(buffer + [0], count: count + 1, mask, piece, space, kernels: kernels))
    for place in 0..<(8 * count) {
      var broken = buffer
      broken[place / 8] ^= 1 << UInt8(place % 8)
      #expect(!IndexProof.matches(broken, count: count, mask, piece, space, kernels: kernels), "bit \(place)")
    }
    for bit in 0..<100 {
      var other = mask
      other[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(
        !IndexProof.matches(buffer, count: count, other, piece, space, kernels: kernels),
        "element \(bit)"
      )
    }
    // The first index in one byte more.
    let length = try #require(buffer.firstIndex { $0 < 0x80 })
    var longer = buffer
    longer[length] |= 0x80
    longer.insert(0, at: length + 1)
    #expect(!IndexProof.matches(longer, count: count + 1, mask, piece, space, kernels: kernels))
  }

  @Test("Bits behind the last column count for nothing")
  func spareBits() throws {
    let space = try #require(IndexSpace(.vector(5), isOneRow: false))
    let piece = MaskPiece(firstRow: 0, rowCount: 1, firstColumn: 0, columnCount: 5)
    var buffer: [UInt8] = []
    #expect(IndexCounts([0xF1], piece, space).nnz == 2)
    #expect(IndexEncoder(.linearVarints, space)?.encode([0xF1], piece, into: &buffer) == 2)
    #expect(buffer.prefix(2) == [0, 4])
  }

  @Test("Tensors whose places exceed 56 bits have no indices")
  func tooLarge() throws {
    #expect(IndexSpace(.vector(1 << 56), isOneRow: true) != nil)
    #expect(IndexSpace(.vector(1 << 56 + 1), isOneRow: true) == nil)
  }

  @Test("Rows that end within a byte are joined without gaps")
  func flatMask() throws {
    try withSeed { generator in
      for extents in [[1, 1], [9, 1], [5, 3], [40, 13], [7, 64], [3, 1001]] as [[UInt64]] {
        let sample = SparseSample(.uint8, extents, percentage: 50, using: &generator)
        var flat = FlatMask()
        var (found, buffer): ([UInt8], [UInt8]) = ([], [])
        for piece in pieces(rows: extents[0], columns: extents[1], &generator) {
          let count = flat.append(sample.mask(piece, columns: extents[1]), piece, into: &buffer)
          found += buffer.prefix(count)
        }
        if let last = flat.finish() { found.append(last) }
        try #require(found == sample.flatMask, "\(extents)")
      }
    }
  }
}
