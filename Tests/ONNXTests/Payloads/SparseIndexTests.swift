import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Indices of sparse tensors")
struct SparseIndexTests {
  /// A sparse tensor of bytes with these indices.
  private func model(
    _ extents: [UInt64],
    nnz: Int,
    _ indices: [UInt64],
    coordinates: Bool,
    raw: Bool,
    values: [UInt8]
  ) -> [UInt8] {
    let shape = coordinates ? [UInt64(nnz), UInt64(extents.count)] : [UInt64(nnz)]
    let data =
      raw
      ? WireBytes.field(9, indices.flatMap { WireBytes.littleEndian($0, 8) })
      : WireBytes.field(7, indices.flatMap { WireBytes.varint($0) })
    let sparse =
      WireBytes.field(1, WireBytes.tensor("w", 2, [UInt64(nnz)]) + WireBytes.field(9, values))
      + WireBytes.field(2, WireBytes.tensor("", 7, shape) + data)
      + extents.flatMap { WireBytes.field(3, $0) }
    return WireBytes.model(graph: WireBytes.field(15, sparse))
  }

  private func coordinates(_ index: Int, _ extents: [UInt64]) -> [UInt64] {
    var rest = UInt64(index)
    return extents.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed()
  }

  @Test(
    "Linear indices and coordinates, raw and varint, give the elements back",
    arguments: [false, true],
    [false, true]
  )
  func roundTrip(areCoordinates: Bool, raw: Bool) throws {
    try withSeed { generator in
      for extents in [
        [1], [7], [300], [1, 1], [13, 70], [70, 300], [3, 5, 7], [2, 1, 3, 90], [9000, 2],
      ] as [[UInt64]] {
        let count = Int(extents.reduce(1, *))
        for percentage in [0, 3, 50, 100] {
          let dense: [UInt8] = (0..<count).map { _ in
            Int.random(in: 0..<100, using: &generator) < percentage
              ? .random(in: 1...255, using: &generator) : 0
          }
          let places = dense.indices.filter { dense[$0] != 0 }
          let indices = places.flatMap { areCoordinates ? coordinates($0, extents) : [UInt64($0)] }
          let file = model(
            extents,
            nnz: places.count,
            indices,
            coordinates: areCoordinates,
            raw: raw,
            values: places.map { dense[$0] }
          )
          var stored = try StoredModel(file)
          try #require(try stored.dense("w") == dense, "\(extents) \(percentage)")
          try stored.storage.checkIndices(of: stored.tensor("w"))
        }
      }
    }
  }

  @Test("Row offsets and columns can be asked for in any range")
  func anyRange() throws {
    try withSeed { generator in
      let extents: [UInt64] = [3000, 11]
      let places = (0..<33_000).filter { _ in UInt8.random(in: 0...3, using: &generator) == 0 }
      let file = model(
        extents,
        nnz: places.count,
        places.map(UInt64.init),
        coordinates: false,
        raw: false,
        values: generator.bytes(places.count)
      )
      var stored = try StoredModel(file)
      let found = try stored.storage.storage(of: stored.tensor("w")).storage
      guard case .csr(let offsets, .bits32, let columns, .bits8, _) = found else {
        throw StoredModel.Missing(name: "CSR")
      }
      let expectedOffsets = (0...3000).flatMap { row in
        WireBytes.littleEndian(UInt64(places.partitioningIndex { $0 >= row * 11 }), 4)
      }
      let expectedColumns = places.map { UInt8($0 % 11) }
      for (region, expected) in [(offsets, expectedOffsets), (columns, expectedColumns)] {
        #expect(region.byteCount == UInt64(expected.count))
        for _ in 0..<50 {
          let start = Int.random(in: 0..<expected.count, using: &generator)
          let end = Int.random(in: start...expected.count, using: &generator)
          let part = Region(
            file: Int(region.file),
            offset: region.offset + UInt64(start),
            byteCount: UInt64(end - start)
          )
          try #require(try stored.bytes(part) == Array(expected[start..<end]))
        }
      }
    }
  }

  /// Indices that are refused: extents, indices, whether coordinates, the rule.
  static let hostile: [([UInt64], [UInt64], Bool, PayloadFault.Rule)] = [
    ([4, 6], [1, 24], false, .indexOutOfRange(position: 1, index: 24, limit: 24)),
    ([4, 6], [UInt64.max, 3], false, .indexOutOfRange(position: 0, index: .max, limit: 24)),
    ([4, 6], [1 << 63], false, .indexOutOfRange(position: 0, index: 1 << 63, limit: 24)),
    ([4, 6], [5, 3], false, .indicesNotAscending(position: 1)),
    ([4, 6], [3, 3], false, .indicesNotAscending(position: 1)),
    ([4, 6], [1, 7, 2], false, .indicesNotAscending(position: 2)),
    ([4, 6], [9, 2, 99], false, .indicesNotAscending(position: 1)),
    ([4, 6], [0, 6], true, .indexOutOfRange(position: 0, index: 6, limit: 6)),
    ([4, 6], [0, 5, 4, 0], true, .indexOutOfRange(position: 1, index: 4, limit: 4)),
    ([4, 6], [0, 5, 0, UInt64.max], true, .indexOutOfRange(position: 1, index: .max, limit: 6)),
    ([4, 6], [1, 1, 1, 0], true, .indicesNotAscending(position: 1)),
    ([4, 6], [1, 1, 0, 5], true, .indicesNotAscending(position: 1)),
    ([4, 6], [1, 1, 1, 1], true, .indicesNotAscending(position: 1)),
  ]

  @Test("An index that is out of range or does not ascend is refused by its position", arguments: hostile)
  func hostileIndices(
    extents: [UInt64],
    indices: [UInt64],
    areCoordinates: Bool,
    rule: PayloadFault.Rule
  ) throws {
    let nnz = areCoordinates ? indices.count / extents.count : indices.count
    for raw in [false, true] {
      let file = model(
        extents,
        nnz: nnz,
        indices,
        coordinates: areCoordinates,
        raw: raw,
        values: [UInt8](repeating: 1, count: nnz)
      )
      var stored = try StoredModel(file)
      let tensor = try stored.tensor("w")
      for check in [{ try stored.storage.checkIndices(of: tensor) }, { _ = try stored.dense("w") }] {
        let fault = try #require(throws: PayloadFault.self) { try check() }
        #expect(fault.rule == rule)
        #expect(fault.diagnosis.tensor == "w")
        #expect(fault.field == (raw ? "indices.raw_data" : "indices.int64_data"))
      }
    }
  }

  /// Golden models with such indices.
  static let golden: [(String, PayloadFault.Rule)] = [
    ("sparse_unsorted", .indicesNotAscending(position: 1)),
    ("sparse_duplicate", .indicesNotAscending(position: 1)),
    ("sparse_oob", .indexOutOfRange(position: 2, index: 6, limit: 6)),
    ("sparse_negative", .indexOutOfRange(position: 0, index: .max, limit: 6)),
    ("sparse_coo_oob", .indexOutOfRange(position: 1, index: 3, limit: 3)),
    ("sparse_coo_unsorted", .indicesNotAscending(position: 1)),
  ]

  @Test("Indices that other readers refuse or let pass are refused in golden models", arguments: golden)
  func goldenIndices(name: String, rule: PayloadFault.Rule) throws {
    var stored = StoredModel(try ONNXReader(path: Fixture.path("onnx/hostile/\(name).onnx")))
    let tensor = try #require(stored.model.tensors.first { $0.indices != nil })
    let fault = try #require(throws: PayloadFault.self) { try stored.storage.checkIndices(of: tensor) }
    #expect(fault.rule == rule)
    #expect(throws: PayloadFault.self) { try stored.dense(tensor.name) }
  }

  @Test("A fall between two blocks is found", arguments: [false, true])
  func fallBetweenBlocks(raw: Bool) throws {
    for nnz in [8192, 8193, 16_384, 16_385] {
      var indices = (0..<UInt64(nnz)).map { $0 * 2 }
      for position in [8191, 8192, nnz - 1] where position < nnz {
        let kept = indices[position]
        indices[position] = indices[position - 1]
        let file = model(
          [4, 10_000],
          nnz: nnz,
          indices,
          coordinates: false,
          raw: raw,
          values: [UInt8](repeating: 1, count: nnz)
        )
        indices[position] = kept
        var stored = try StoredModel(file)
        let fault = try #require(throws: PayloadFault.self) { _ = try stored.dense("w") }
        #expect(fault.rule == .indicesNotAscending(position: UInt64(position)))
        // Columns that are read from there on are compared with the one before too.
        let tensor = try stored.tensor("w")
        guard case .csr(_, _, let columns, let width, _) = try stored.storage.storage(of: tensor).storage
        else {
          throw StoredModel.Missing(name: "CSR")
        }
        let start = UInt64(position * width.byteWidth)
        let rest = Region(
          file: Int(columns.file),
          offset: columns.offset + start,
          byteCount: columns.byteCount - start
        )
        let late = try #require(throws: PayloadFault.self) { _ = try stored.bytes(rest) }
        #expect(late.rule == .indicesNotAscending(position: UInt64(position)))
      }
    }
  }
}

extension Array {
  /// The first index from which on all elements satisfy the predicate, as those do behind it.
  fileprivate func partitioningIndex(_ predicate: (Element) -> Bool) -> Int {
    firstIndex(where: predicate) ?? count
  }
}
