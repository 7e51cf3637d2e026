import ModelIR
import SparseCoding
import Testing

@Suite("Survey")
struct SurveyTests {
  @Test("Parts that break a rule are refused for that rule", arguments: BrokenParts.all)
  func rulesAreKept(broken: BrokenParts) {
    for chunkBytes in [1, 70, 1 << 20] {
      var reader = broken.parts.reader(broken.layout, .uint8, broken.shape, chunkBytes: chunkBytes)
      #expect(
        throws: LayoutFault(file: "memory", tensor: "tensor", broken.rule),
        "chunks of \(chunkBytes)"
      ) {
        // In order, as a lower row's rule may hide behind a later one's otherwise.
        var workspace = DenseReader.Workspace()
        try reader.finishSurvey((0..<reader.grid.count).map { try reader.survey($0, &workspace) })
      }
    }
  }

  @Test("A broken rule of a long N:M row names its group, wherever the row is split")
  func splitGroupsAreNamed() throws {
    let shape = Shape.of(2, 300)
    let pattern = try #require(NMPattern("2:4"))
    let zeros = DenseSample(type: .uint8, shape: shape, elements: [UInt64](repeating: 0, count: 600))
    var parts = try #require(NaiveCoding.encode(zeros, .nm(pattern)))
    // A row has 75 groups of half a byte each.
    parts.structure[38 + 70 / 2] = 0b01_00_00_01
    for chunkBytes in [1, 1 << 20] {
      var reader = parts.reader(.nm(pattern), .uint8, shape, chunkBytes: chunkBytes)
      #expect(reader.grid.splitsRows == (chunkBytes == 1))
      let expected = LayoutFault.Rule.positionsNotAscending(row: 1, group: 70)
      #expect(throws: LayoutFault(file: "memory", tensor: "tensor", expected)) { try reader.surveyAll() }
    }
  }

  @Test("Columns pass if and only if they ascend within the row, wherever the row is split")
  func columnsAscendOrFail() throws {
    var generator = SeededGenerator(stream: "columns")
    var (passed, failed) = (0, 0)
    for _ in 0..<300 {
      let columns = UInt64.random(in: 2...250, using: &generator)
      let count = Int.random(in: 1...Int(columns), using: &generator)
      var indices = Array((0..<columns).shuffled(using: &generator).prefix(count)).sorted()
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: break
      case 1:
        indices.swapAt(.random(in: 0..<count, using: &generator), .random(in: 0..<count, using: &generator))
      case 2: indices[.random(in: 0..<count, using: &generator)] = .random(in: 0..<256, using: &generator)
      default: indices[.random(in: 0..<count, using: &generator)] = indices[0]
      }
      let isRight =
        zip(indices, indices.dropFirst()).allSatisfy { $0 < $1 } && indices.allSatisfy { $0 < columns }
      let parts = Parts(
        rowOffsets: littleEndianBytes([0, UInt64(count)], width: 4),
        structure: littleEndianBytes(indices, width: 1),
        values: [UInt8](repeating: 1, count: count)
      )
      for chunkBytes in [1, 128, 1 << 20] {
        var reader = parts.reader(.csr, .uint8, .vector(columns), chunkBytes: chunkBytes)
        let story = "\(columns) columns, \(indices), chunks of \(chunkBytes), \(SeededGenerator.note)"
        if isRight {
          #expect(throws: Never.self, "\(story)") { try reader.surveyAll() }
        } else {
          #expect(throws: LayoutFault.self, "\(story)") { try reader.surveyAll() }
        }
      }
      if isRight { passed += 1 } else { failed += 1 }
    }
    #expect(passed > 20 && failed > 20, "\(SeededGenerator.note)")
  }

  @Test("Every broken rule tells the file, the tensor and the problem", arguments: BrokenParts.all)
  func faultsTell(broken: BrokenParts) {
    let diagnosis = LayoutFault(file: "a file", tensor: "a tensor", broken.rule).diagnosis
    #expect(diagnosis.kind == .badData)
    #expect(diagnosis.file == "a file")
    #expect(diagnosis.tensor == "a tensor")
    #expect(!diagnosis.problem.isEmpty)
  }

  @Test("Parts that changed are a failed read, not bad data")
  func changeIsAFailedRead() {
    #expect(LayoutFault(file: "", tensor: "", .changed).diagnosis.kind == .readOrWriteFailed)
  }
}
