import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Sparse files whose parts contradict each other")
struct BrokenPartsTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static func u32(_ values: [UInt32]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
  }

  /// A file of one logical U8 tensor `w` of shape [2, 6].
  func write(_ layout: String, _ parts: [(role: String, type: String, shape: [UInt64], bytes: [UInt8])])
    throws
  {
    let roles = parts.map { #"\"\#($0.role)\":\"w.\#($0.role)\""# }.joined(separator: ",")
    let manifest =
      #"{\"tensors\":[{\"name\":\"w\",\"dtype\":\"U8\",\"shape\":[2,6],\"layout\":\"\#(layout)\",\"parts\":{\#(roles)}}]}"#
    let builder = SafetensorsBuilder(
      parts.map { .init("w.\($0.role)", $0.type, $0.shape, $0.bytes) },
      metadata: [("lacuna.version", "1"), ("lacuna.manifest", manifest)]
    )
    try bench.temporary.write(builder.bytes, to: "in.safetensors")
  }

  /// The rule that reading breaks, by every command that reads; none leaves an output.
  func rule() throws -> LayoutFault.Rule? {
    var found: [LayoutFault.Rule?] = []
    for layout in ["dense", "bitmask", "keep", "auto"] {
      do {
        var options = ConversionBench.options(layout)
        options.force = true
        try bench.convert("in.safetensors", "out.safetensors", options)
        try bench.temporary.remove("out.safetensors")
        found.append(nil)
      } catch let fault as LayoutFault {
        found.append(fault.rule)
      }
    }
    #expect(try bench.temporary.entries() == ["in.safetensors"])
    let opened = try OpenedModel(bench.path("in.safetensors"))
    let check = try IntegrityChecker(pool: ChunkPool(threads: 1), chunkBytes: 4096, progress: WorkProgress())
      .check(opened)
    #expect(check.isWhole == (found[0] == nil))
    #expect(Set(found).count == 1)
    return found[0]
  }

  @Test(
    "a mask that does not fit its values",
    arguments: [
      (nil, [0b11, 0b100000], 3), (.populationDiffers(mask: 3, values: 2), [0b11, 0b100000], 2),
      (.populationDiffers(mask: 3, values: 4), [0b11, 0b100000], 4),
      (.spareBitSet(row: 1), [0b11, 0b1000000], 3), (.populationDiffers(mask: 0, values: 1), [0, 0], 1),
    ] as [(LayoutFault.Rule?, [UInt8], Int)]
  )
  func mask(_ rule: LayoutFault.Rule?, _ mask: [UInt8], _ values: Int) throws {
    try write(
      "bitmask",
      [
        ("bitmask", "U8", [2, 1], mask),
        ("values", "U8", [UInt64(values)], [UInt8](repeating: 9, count: values)),
      ]
    )
    #expect(try self.rule() == rule)
  }

  @Test(
    "row offsets and column indices that do not fit",
    arguments: [
      (nil, [0, 2, 3], [1, 4, 5]), (.firstOffsetNotZero(1), [1, 2, 3], [1, 4, 5]),
      (.offsetsFall(row: 0), [0, 3, 2], [1, 4, 5]),
      (.offsetOverruns(row: 0, offset: 9, nnz: 3), [0, 9, 9], [1, 4, 5]),
      (.lastOffsetDiffers(2, nnz: 3), [0, 1, 2], [1, 4, 5]),
      (.columnOutOfRange(row: 1, column: 6, columns: 6), [0, 2, 3], [1, 4, 6]),
      (.columnsNotAscending(row: 0), [0, 2, 3], [4, 1, 5]),
      (.columnsNotAscending(row: 0), [0, 2, 3], [4, 4, 5]),
    ] as [(LayoutFault.Rule?, [UInt32], [UInt8])]
  )
  func csr(_ rule: LayoutFault.Rule?, _ offsets: [UInt32], _ columns: [UInt8]) throws {
    // A fall to 2 after 3 is seen in the second row.
    let expected = rule == .offsetsFall(row: 0) ? LayoutFault.Rule.offsetsFall(row: 1) : rule
    try write(
      "csr",
      [
        ("crow_indices", "U32", [3], Self.u32(offsets)), ("col_indices", "U8", [3], columns),
        ("values", "U8", [3], [7, 8, 9]),
      ]
    )
    #expect(try self.rule() == expected)
  }

  @Test(
    "positions that do not fit their groups",
    arguments: [
      // 2:4 over 6 columns: a group of 4 and one of 2, four positions of 2 bits in a byte.
      (nil, [0b01_00_01_00, 0b01_00_11_10]),
      (.positionsNotAscending(row: 0, group: 0), [0b01_00_00_01, 0b01_00_01_00]),
      (.positionsNotAscending(row: 1, group: 0), [0b01_00_01_00, 0b01_00_01_01]),
      (.positionOutOfRange(row: 0, group: 1, position: 2), [0b10_00_01_00, 0b01_00_01_00]),
    ] as [(LayoutFault.Rule?, [UInt8])]
  )
  func pattern(_ rule: LayoutFault.Rule?, _ positions: [UInt8]) throws {
    try write(
      "nm:2:4",
      [("nm_values", "U8", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), ("nm_indices", "U8", [2, 1], positions)]
    )
    #expect(try self.rule() == rule)
  }
}
