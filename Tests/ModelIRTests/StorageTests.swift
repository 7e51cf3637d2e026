import ModelIR
import Testing

@Suite("Storage")
struct StorageTests {
  static let columnWidths: [(columns: UInt64, width: IndexWidth?)] = [
    (0, .bits8), (1, .bits8), (256, .bits8), (257, .bits16), (65_536, .bits16), (65_537, .bits32),
    (1 << 32, .bits32), (1 << 32 + 1, nil), (.max, nil),
  ]

  @Test("Column indices take the smallest width that holds the last column", arguments: columnWidths)
  func columnWidth(columns: UInt64, width: IndexWidth?) {
    #expect(IndexWidth.columns(columns) == width)
  }

  @Test("Row offsets take 32 bits where they hold the number of nonzeros, else 64")
  func rowOffsetWidth() {
    #expect(IndexWidth.rowOffsets(nnz: 0) == .bits32)
    #expect(IndexWidth.rowOffsets(nnz: (1 << 32) - 1) == .bits32)
    #expect(IndexWidth.rowOffsets(nnz: 1 << 32) == .bits64)
  }

  @Test("An index width is an unsigned element type", arguments: ElementType.allCases)
  func elementType(type: ElementType) {
    let width = IndexWidth(type)
    #expect((width != nil) == [.uint8, .uint16, .uint32, .uint64].contains(type))
    if let width {
      #expect(width.elementType == type)
      #expect(width.byteWidth == type.byteWidth)
    }
  }

  static func region(_ offset: UInt64) -> Region { Region(file: 3, offset: offset, byteCount: offset + 1) }

  static let storages: [(storage: Storage, layout: Layout, offsets: [UInt64])] =
    [
      (.dense(region(1)), .dense, [1]),
      (.bitmask(mask: region(1), values: region(2)), .bitmask, [1, 2]),
      (
        .csr(
          rowOffsets: region(1),
          offsetWidth: .bits32,
          columnIndices: region(2),
          columnWidth: .bits8,
          values: region(3)
        ), .csr, [1, 2, 3]
      ),
    ]
    + NMPattern.common.prefix(1).map { pattern in
      (.nm(pattern, values: region(1), indices: region(2)), .nm(pattern), [1, 2])
    }

  @Test("A storage lists its parts' regions in order and sums their bytes", arguments: storages)
  func regions(storage: Storage, layout: Layout, offsets: [UInt64]) {
    #expect(storage.layout == layout)
    #expect(storage.regions == offsets.map(Self.region))
    #expect(storage.byteCount == offsets.reduce(0) { $0 + $1 + 1 })
    #expect(storage.file == 3)
  }

  @Test("A model sums its tensors, and the sum of their elements saturates")
  func model() throws {
    func tensor(_ extents: [UInt64]) throws -> Tensor {
      Tensor(
        name: "a",
        elementType: .float4E2M1,
        shape: try #require(Shape(extents)),
        storage: .dense(Region(file: 0, offset: 0, byteCount: 7))
      )
    }
    let model = Model(container: .safetensors, files: [], tensors: [try tensor([6]), try tensor([2, 4])])
    #expect(model.storedByteCount == 14)
    #expect(model.elementCount == 14)
    #expect(model.tensors.map(\.denseByteCount) == [3, 4])
    #expect(model.tensors.map(\.layout) == [.dense, .dense])
    let huge = Model(container: .safetensors, files: [], tensors: [try tensor([.max]), try tensor([1])])
    #expect(huge.elementCount == .max)
  }
}
