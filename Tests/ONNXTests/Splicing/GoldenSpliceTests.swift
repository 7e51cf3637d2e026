import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Splicing golden models")
struct GoldenSpliceTests {
  @Test("A plan without changes is the file, whatever its writer's habits", arguments: GoldenModel.all)
  func identity(model: GoldenModel) throws {
    let file = try model.bytes()
    let reader = try model.reader(file)
    let plan = try SplicePlan(reader, changes: [])
    #expect(plan.pieces == [.copied(0..<UInt64(file.count))] && plan.byteCount == UInt64(file.count))
    // What is set to what it is, and what is not there and taken out, change nothing either.
    var metadata: [(key: String, value: String?)] = [("lacuna.none", nil)]
    if reader.model.metadata.count == 1 { metadata.append(reader.model.metadata[0]) }
    #expect(try Splicing.bytes(file, reader, [], metadata: metadata) == file)
  }

  /// A model, a way to store, and how indices are written.
  static let cases: [(GoldenModel, SpliceTarget)] = GoldenModel.all.flatMap { model in
    [SpliceTarget.raw, .sparseValue, .sparseInitializer, .bitmask].map { (model, $0) }
  }

  @Test("A tensor in another form is the same tensor, in a model that says the same", arguments: cases)
  func forms(model: GoldenModel, target: SpliceTarget) throws {
    let file = try model.bytes()
    let reader = try model.reader(file)
    let rules = try SpliceRules(reader)
    let before = try ModelText(reader)
    for subject in try Splicing.subjects(reader) where rules.obstacle(to: target, of: subject) == nil {
      for form in target == .sparseValue ? IndexForm.allCases : [.linearVarints] {
        let spliced = try Splicing.bytes(file, reader, [(subject, target)], indices: form)
        let after = try model.reader(spliced)
        try #require(ModelText(after).lines == before.lines)
        // Back to all elements: dense again, in the same model.
        let back = try Splicing.subjects(after).filter { same($0, subject, after, reader) }
        try #require(back.count == 1)
        let dense = try Splicing.bytes(spliced, after, [(back[0], .raw)])
        let end = try model.reader(dense)
        try #require(ModelText(end).lines == before.lines)
        try #require(end.model.tensors.count == reader.model.tensors.count - removed(subject, reader))
      }
    }
  }

  /// How many tensors an expansion is made of, but for the one that takes their place.
  private func removed(_ subject: SplicePlan.Subject, _ reader: ONNXReader) -> Int {
    guard case .expansion(let expansion) = subject else { return 0 }
    return Set(expansion.constants + [expansion.mask, expansion.values]).count - 1
  }

  /// Whether two subjects are the same tensor of two models, by their names.
  private func same(
    _ subject: SplicePlan.Subject,
    _ other: SplicePlan.Subject,
    _ reader: ONNXReader,
    _ otherReader: ONNXReader
  ) -> Bool { name(subject, reader) == name(other, otherReader) }

  private func name(_ subject: SplicePlan.Subject, _ reader: ONNXReader) -> String {
    switch subject {
    case .tensor(let index):
      let tensor = reader.model.tensors[index]
      return "\(tensor.graph) \(tensor.name.isEmpty ? tensor.scopedName.text : tensor.name)"
    case .expansion(let expansion): return "\(expansion.graph) \(expansion.output)"
    }
  }

  @Test("All tensors of a model at once", arguments: GoldenModel.all)
  func everything(model: GoldenModel) throws {
    let file = try model.bytes()
    let reader = try model.reader(file)
    let before = try ModelText(reader)
    for first in [SpliceTarget.sparseValue, .sparseInitializer, .bitmask] {
      // Every subject as the first form that it can have, in a round.
      let rules = try SpliceRules(reader)
      let order = [first] + [.bitmask, .sparseInitializer, .sparseValue, .raw].filter { $0 != first }
      var changes: [(SplicePlan.Subject, SpliceTarget)] = []
      for (number, subject) in try Splicing.subjects(reader).enumerated() {
        let turn = number % 3 == 2 ? order.reversed() : order
        if let target = turn.first(where: { rules.obstacle(to: $0, of: subject) == nil }) {
          changes.append((subject, target))
        }
      }
      let spliced = try Splicing.bytes(file, reader, changes)
      let after = try model.reader(spliced)
      try #require(ModelText(after).lines == before.lines)
      let dense = try Splicing.bytes(
        spliced,
        after,
        Splicing.subjects(after).compactMap { subject in
          let obstacle = try SpliceRules(after).obstacle(to: .raw, of: subject)
          return obstacle == nil ? (subject, .raw) : nil
        }
      )
      try #require(ModelText(model.reader(dense)).lines == before.lines)
    }
  }

  @Test("Dense tensors and their way back touch nothing but the tensor and the lengths around it")
  func locality() throws {
    for model in GoldenModel.all {
      let reader = try model.reader(model.bytes())
      let rules = try SpliceRules(reader)
      for (index, tensor) in reader.model.tensors.enumerated()
      where rules.obstacle(to: .raw, of: .tensor(index)) == nil {
        let plan = try SplicePlan(reader, changes: [.init(.tensor(index), to: .raw)])
        let copied = plan.pieces.reduce(UInt64(0)) { sum, piece in
          if case .copied(let range) = piece { sum + range.upperBound - range.lowerBound } else { sum }
        }
        let frame = reader.structure.tensorFrames[index]
        var touched =
          reader.structure.frames[Int(frame)].range.upperBound
          - reader.structure.frames[Int(frame)].range.lowerBound
        if case .attribute = tensor.place, tensor.indices != nil { touched += 64 }
        for around in reader.structure.enclosing(frame) {
          let length = reader.structure.frames[Int(around)].length
          touched += length.upperBound - length.lowerBound
        }
        #expect(copied + touched >= reader.source.byteCount, "\(model.name) \(tensor.scopedName.text)")
      }
    }
  }
}
