import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Payloads of golden models")
struct GoldenPayloadTests {
  /// A tensor as numpy_helper has it.
  struct Row: CustomTestStringConvertible {
    let file: String
    let name: String
    let isSparse: Bool
    let type: Int32
    let extents: [UInt64]
    let elements: [UInt8]
    var testDescription: String { "\(file) \(name)" }
  }

  /// The tensors of all golden models.
  static let rows: [Row] =
    ((try? Fixture.table("onnx/elements.tsv")) ?? []).map { cells in
      let digits = Array(cells[5])
      return Row(
        file: cells[0],
        name: cells[1].replacing("\\0", with: "\0"),
        isSparse: cells[2] == "sparse",
        type: Int32(cells[3]) ?? 0,
        extents: cells[4].split(separator: ",").compactMap { UInt64($0) },
        elements: stride(from: 0, to: digits.count, by: 2).compactMap {
          UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
      )
    }

  @Test("The table holds the tensors of all models")
  func tableIsRead() { #expect(Self.rows.count == 153) }

  @Test("Every tensor is what numpy_helper makes of it", arguments: rows)
  func elements(row: Row) throws {
    var model = try StoredModel(golden: row.file)
    let tensor = try model.tensor(row.name)
    #expect(tensor.type.rawValue == row.type)
    #expect(tensor.shape.extents == row.extents)
    #expect((tensor.indices != nil) == row.isSparse)
    try model.storage.checkIndices(of: tensor)
    #expect(try model.dense(row.name) == row.elements)
  }

  @Test("All typed fields hold what raw_data holds, for every type but strings")
  func typedIsRaw() throws {
    var (typed, raw) = (
      try StoredModel(golden: "dtypes_typed.onnx"), try StoredModel(golden: "dtypes_raw.onnx")
    )
    var seen: Set<ONNXDataType> = []
    for tensor in typed.model.tensors where tensor.type != .string {
      let name = tensor.name.replacing("typed_", with: "raw_")
      #expect(try typed.dense(tensor.name) == raw.dense(name), "\(name)")
      seen.insert(tensor.type)
    }
    #expect(seen == Set(ONNXDataType.allCases).subtracting([.string]))
  }

  @Test("Strings are refused as elements")
  func stringsAreRefused() throws {
    var model = try StoredModel(golden: "dtypes_typed.onnx")
    let tensor = try #require(model.model.tensors.first { $0.type == .string })
    #expect(throws: ONNXStorage.Obstacle.type(.string)) { try model.storage.storage(of: tensor) }
  }
}
