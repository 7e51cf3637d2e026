import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Inspector")
struct InspectorTests {
  /// A model of dense tensors in memory: name, type, shape, bytes.
  static func model(_ tensors: [(name: String, type: ElementType, shape: [UInt64], bytes: [UInt8])]) throws
    -> Model
  {
    var all: [UInt8] = []
    var described: [Tensor] = []
    for tensor in tensors {
      let region = Region(file: 0, offset: UInt64(all.count), byteCount: UInt64(tensor.bytes.count))
      described.append(
        Tensor(
          name: TensorName(tensor.name),
          elementType: tensor.type,
          shape: try #require(Shape(tensor.shape)),
          storage: .dense(region)
        )
      )
      all += tensor.bytes
    }
    let file = ModelFile(
      source: MemorySource(all, named: "memory"),
      name: "memory",
      skeleton: Region(file: 0, offset: 0, byteCount: 0),
      metadata: Metadata(),
      declaresMetadata: false
    )
    return Model(container: .safetensors, files: [file], tensors: described)
  }

  static func inspect(_ model: Model, threads: Int = 2, chunkBytes: Int = 1024) throws -> [TensorReport] {
    try Inspector(pool: ChunkPool(threads: threads), chunkBytes: chunkBytes, progress: WorkProgress())
      .inspect(model)
  }

  /// Random bytes of which a share is zero, element by element.
  static func sparseBytes(
    _ count: Int,
    width: Int,
    zeros: Int,
    _ generator: inout SeededGenerator
  ) -> [UInt8] {
    (0..<count).flatMap { _ in
      Int.random(in: 0..<100, using: &generator) < zeros
        ? [UInt8](repeating: 0, count: width) : [1] + generator.bytes(width - 1)
    }
  }

  @Test(
    "counts along any axis are those of a naive walk, whatever the chunks and threads",
    arguments: [1, 2, 3]
  )
  func naive(threads: Int) throws {
    try withSeed { generator in
      for extents in [[40, 48], [7, 33], [5, 32, 3, 3], [4, 6, 20], [3, 16, 1, 1], [1, 1000], [33, 1]] {
        let count = extents.reduce(1, *)
        let bytes = Self.sparseBytes(count, width: 2, zeros: 55, &generator)
        let model = try Self.model([
          ("w", .uint16, extents.map(UInt64.init), bytes),
          ("i8", .int8, [4, 4], [UInt8](repeating: 0, count: 16)),
        ])
        // 16-bit unsigned numbers are no weights by type, but they are counted all the same.
        let report = try #require(try Self.inspect(model, threads: threads).first)
        let statistics = try #require(report.statistics)
        let occupied = (0..<count).map { bytes[2 * $0] | bytes[2 * $0 + 1] != 0 }
        try #require(statistics.nonzeros == UInt64(occupied.count { $0 }))
        let axis = try #require(report.axis?.axes.first)
        try #require(axis == (extents.count == 2 || extents.last == 20 ? extents.count - 1 : 1))
        let inner = extents[(axis + 1)...].reduce(1, *)
        let outer = extents[..<axis].reduce(1, *)
        for result in statistics.patterns {
          let (n, m) = (result.pattern.kept, result.pattern.group)
          var violations: UInt64 = 0
          for o in 0..<outer {
            for i in 0..<inner {
              for group in 0..<extents[axis] / m {
                let found = (0..<m).count { occupied[(o * extents[axis] + group * m + $0) * inner + i] }
                violations += found > n ? 1 : 0
              }
            }
          }
          try #require(result.count.violations == violations, "\(extents) \(result.pattern)")
          try #require(result.count.groups == UInt64(outer * inner * (extents[axis] / m)))
          try #require(result.count.raggedGroups == UInt64(extents[axis] % m == 0 ? 0 : outer * inner))
        }
      }
    }
  }

  @Test("the smallest layout is the one whose parts take the fewest bytes")
  func best() throws {
    let dense = [UInt8](repeating: 1, count: 64 * 64)
    var half = dense
    for index in stride(from: 0, to: half.count, by: 2) { half[index] = 0 }
    var empty = [UInt8](repeating: 0, count: 64 * 64)
    empty[5] = 1
    let shape: [UInt64] = [64, 64]
    let reports = try Self.inspect(
      Self.model([("d", .int8, shape, dense), ("h", .int8, shape, half), ("e", .int8, shape, empty)])
    )
    let layouts = reports.map { $0.statistics?.best.layout }
    // Half of 4096 bytes are kept: a bit each says which (512), or 1:2 does with a bit for each pair (256).
    #expect(layouts[0] == .dense)
    #expect(layouts[1] == Layout("nm:1:2"))
    #expect(reports[1].statistics?.best.byteCount == 2048 + 256)
    #expect(layouts[2] == .csr)
    #expect(reports[2].statistics?.best.byteCount == 65 * 4 + 2)
  }

  @Test("a negative zero is a zero by value, and is stored")
  func negativeZeros() throws {
    let reports = try Self.inspect(
      Self.model([("w", .bfloat16, [2, 2], [0, 0x80, 0, 0, 0x80, 0x7F, 0xC1, 0x7F])])
    )
    let statistics = try #require(reports[0].statistics)
    #expect(statistics.zeros == 2)
    #expect(statistics.negativeZeros == 1)
    #expect(statistics.infinite == 1)
    #expect(statistics.nan == 1)
  }

  @Test("types that share bytes, and tensors without elements, have no or empty statistics")
  func uncounted() throws {
    let reports = try Self.inspect(
      Self.model([("f4", .float4E2M1, [2, 2], [0, 0]), ("none", .float32, [0, 4], [])])
    )
    #expect(reports[0].statistics == nil)
    #expect(reports[1].statistics?.elements == 0)
    #expect(reports[1].statistics?.sparsity == 0)
    #expect(reports[1].statistics?.best.layout == .dense)
  }

  @Test("a scale whose bits are all clear is a number, and no kind of zero")
  func scales() throws {
    let reports = try Self.inspect(
      Self.model([("s", .float8E8M0, [2, 4], [UInt8](repeating: 0, count: 8))])
    )
    let statistics = try #require(reports[0].statistics)
    #expect(statistics.zeros == 0)
    #expect(statistics.negativeZeros == 0)
    #expect(statistics.stored == 0)
  }

  @Test("headers alone read no data")
  func headers() throws {
    var model = try Self.model([("w", .int8, [1], [1])])
    model.files[0].source = MemorySource([], named: "nothing")
    #expect(Inspector.headers(of: model).map(\.tensor.name) == ["w"])
  }
}
