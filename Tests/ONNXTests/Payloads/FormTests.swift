import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Forms of tensors")
struct FormTests {
  static let types: [ONNXDataType] = [
    .float, .double, .float16, .bfloat16, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64,
    .bool,
    .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ,
  ]

  /// The fields of a graph that hold a sample in a form.
  static func graph(_ sample: SparseSample, _ form: ONNXForm, _ indexForm: IndexForm) throws -> [UInt8] {
    let header = TensorMessages.Header(name: "w", type: sample.type, extents: sample.extents)
    let payloads: [WireMessage.Payload: [UInt8]] = [
      .values: form == .dense ? sample.dense : sample.values,
      .indices: sample.indices(indexForm),
      .mask: sample.flatMask,
    ]
    switch form {
    case .dense:
      return try TensorMessages.raw(header, byteCount: UInt64(sample.dense.count)).asField(5).filled(payloads)
    case .sparseInitializer:
      return try TensorMessages.sparse(header, indexForm, sample.counts, width: sample.width)
        .asField(15).filled(payloads)
    case .sparseValue:
      var unnamed = header
      unnamed.name = ""
      let sparse = try TensorMessages.sparse(unnamed, indexForm, sample.counts, width: sample.width)
      return try NodeMessages.constant("w", sparse: sparse).asField(1).filled(payloads)
    case .bitmask:
      let messages = BitmaskMessages(
        .init(tensor: "w"),
        header,
        sample.shape,
        nnz: sample.counts.nnz,
        width: sample.width
      )
      return try messages.nodes().flatMap { try $0.asField(1).filled(payloads) }
        + messages.initializers().flatMap { try $0.asField(5).filled(payloads) }
    }
  }

  /// The constants that bitmask tensors share.
  static func shared() throws -> [UInt8] {
    try BitmaskMessages.sharedInitializers(.init(tensor: "w")).flatMap { try $0.asField(5).filled([:]) }
  }

  @Test("What is written in any form is read back, and is as long as was said", arguments: types)
  func roundTrip(type: ONNXDataType) throws {
    try withSeed { generator in
      for extents in [[1], [40], [17, 24], [9, 13], [3, 4, 5], [2, 3, 1, 70]] as [[UInt64]] {
        for percentage in [0, 10, 100] {
          let sample = SparseSample(type, extents, percentage: percentage, using: &generator)
          let header = TensorMessages.Header(name: "w", type: type, extents: extents)
          for form in ONNXForm.allCases where form.obstacle(type, extents) == nil {
            for indexForm in IndexForm.allCases {
              let graph = try Self.graph(sample, form, indexForm)
              let sizes = FormSizes(header, sample.shape, sample.counts, indexForm: indexForm)
              try #require(sizes[form] == UInt64(graph.count), "\(sample) \(form) \(indexForm)")
              let shared = form == .bitmask ? try Self.shared() : []
              var model = try StoredModel(WireBytes.model(graph: graph + shared))
              if form == .bitmask {
                let expansion = try #require(try model.storage.bitmaskExpansions(in: model.model).first)
                try #require(expansion.output == "w" && expansion.extents == extents)
                try #require(try model.dense(expansion) == sample.dense, "\(sample)")
                break
              }
              let tensor = try model.tensor("w")
              try #require(tensor.type == type && tensor.shape.extents == extents)
              try #require(
                (tensor.indices?.areCoordinates == true)
                  == (form != .dense && indexForm == .coordinateVarints)
              )
              try #require(try model.dense("w") == sample.dense, "\(sample) \(form) \(indexForm)")
              if form == .dense { break }
            }
          }
        }
      }
    }
  }

  @Test("The smallest form is the one whose bytes are fewest, and dense in a tie")
  func smallest() throws {
    try withSeed { generator in
      let header = TensorMessages.Header(name: "w", type: .float, extents: [64, 640])
      let percentages = [
        (0, ONNXForm.sparseValue), (1, .sparseValue), (30, .sparseValue), (90, .dense), (100, .dense),
      ]
      for (percentage, expected) in percentages {
        let sample = SparseSample(.float, header.extents, percentage: percentage, using: &generator)
        let sizes = FormSizes(header, sample.shape, sample.counts)
        try #require(sizes.smallest() == expected, "\(percentage)")
        for form in ONNXForm.allCases {
          let graph = try Self.graph(sample, form, sizes.indexForm)
          try #require(sizes[form] == UInt64(graph.count))
        }
        let all = sizes.smallest(of: ONNXForm.allCases)
        let bytes = ONNXForm.allCases.compactMap { sizes[$0] }.min()
        try #require(all.flatMap { sizes[$0] } == bytes)
      }
    }
  }

  @Test("Coordinates are chosen only where they are shorter")
  func indexForm() throws {
    try withSeed { generator in
      // One byte for each of two coordinates, and linear indices mostly of three.
      let small = SparseSample(.uint8, [127, 1, 127 * 2], percentage: 20, using: &generator)
      let sizes = FormSizes(.init(name: "w", type: .uint8, extents: small.extents), small.shape, small.counts)
      let isShorter = small.indices(.coordinateVarints).count < small.indices(.linearVarints).count
      try #require((sizes.indexForm == .coordinateVarints) == isShorter)
      let square = SparseSample(.uint8, [127, 127], percentage: 20, using: &generator)
      let tie = FormSizes(.init(name: "w", type: .uint8, extents: [127, 127]), square.shape, square.counts)
      try #require(square.indices(.coordinateVarints).count >= square.indices(.linearVarints).count)
      try #require(tie.indexForm == .linearVarints)
    }
  }

  /// Types and shapes that a form cannot have.
  static let obstacles: [(ONNXForm, ONNXDataType, [UInt64], ONNXForm.Obstacle)] = [
    (.dense, .string, [2], .type(.string)),
    (.sparseValue, .int4, [2], .type(.int4)),
    (.sparseValue, .complex64, [2], .type(.complex64)),
    (.sparseValue, .float8E8M0, [2], .type(.float8E8M0)),
    (.sparseInitializer, .string, [2], .type(.string)),
    (.bitmask, .float8E4M3FN, [2], .type(.float8E4M3FN)),
    (.sparseValue, .float, [2, 0], .empty),
    (.bitmask, .float, [0], .empty),
    (.sparseValue, .float, [], .scalar),
    (.sparseInitializer, .float, [], .scalar),
  ]

  @Test("A form that a tensor cannot have has no size", arguments: obstacles)
  func obstacle(form: ONNXForm, type: ONNXDataType, extents: [UInt64], expected: ONNXForm.Obstacle) throws {
    #expect(form.obstacle(type, extents) == expected)
    let shape = try #require(Shape(extents))
    let sizes = FormSizes(.init(name: "w", type: type, extents: extents), shape, IndexCounts())
    #expect(sizes[form] == nil)
  }

  @Test("Lengths beyond 63 bits are refused before anything is written")
  func overflow() throws {
    let header = TensorMessages.Header(name: "w", type: .double, extents: [1 << 60])
    #expect(throws: WireMessage.TooLarge.self) { try TensorMessages.raw(header, byteCount: 1 << 63) }
    #expect(throws: WireMessage.TooLarge.self) {
      try TensorMessages.raw(header, byteCount: .max, after: [0])
    }
    let shape = try #require(Shape([1 << 62]))
    let sizes = FormSizes(.init(name: "w", type: .double, extents: [1 << 62]), shape, IndexCounts())
    #expect(sizes.dense == nil)
    #expect(sizes.sparseValue != nil)
  }

  @Test("Messages of over 2 GiB have their exact length, with longer prefixes")
  func largeMessages() throws {
    let header = TensorMessages.Header(name: "w", type: .float, extents: [1 << 30])
    let message = try TensorMessages.raw(header, byteCount: 1 << 32).asField(5)
    // Tag and length; extents; type; name; tag and length of the elements; elements.
    #expect(message.byteCount == 1 + 5 + (1 + 5) + 2 + 3 + (1 + 5) + 1 << 32)
    #expect(message.byteCount > WireMessage.largest)
  }

  @Test("Elements in another file are found by place and length, and what followed is kept")
  func external() throws {
    let header = TensorMessages.Header(
      name: "w",
      type: .float,
      extents: [4],
      trailing: WireBytes.field(12, "about it")
    )
    let message = TensorMessages.external(header, location: "valid/external.bin", offset: 4096, byteCount: 16)
    let file = try WireBytes.model(graph: message.asField(5).filled([:]))
    let folder = try TemporaryFolder()
    try folder.createFolder("valid")
    try folder.write([UInt8](repeating: 7, count: 5000), to: "valid/external.bin")
    let reader = try ONNXReader(path: folder.write(file, to: "m.onnx"))
    var model = StoredModel(reader)
    #expect(try model.dense("w") == [UInt8](repeating: 7, count: 16))
    #expect(reader.externalFiles.map(\.location) == ["valid/external.bin"])
    #expect(file.count(of: Array("about it".utf8)) == 1)
  }
}

extension [UInt8] {
  /// How often a run of bytes occurs.
  fileprivate func count(of run: [UInt8]) -> Int {
    indices.count { self[$0...].starts(with: run) }
  }
}
