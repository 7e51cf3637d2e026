import Inspection
import ModelIR
import Testing

@Suite("What a tensor is for")
struct WeightKindTests {
  static func tensor(_ name: String, _ type: ElementType, _ shape: [UInt64]) throws -> Tensor {
    Tensor(
      name: TensorName(name),
      elementType: type,
      shape: try #require(Shape(shape)),
      storage: .dense(Region(file: 0, offset: 0, byteCount: 0))
    )
  }

  @Test(
    "names, types and shapes tell what a tensor is for",
    arguments: [
      ("model.layers.0.mlp.up_proj.weight", .bfloat16, [8, 8], .matrix),
      ("model.embed_tokens.weight", .bfloat16, [8, 8], .embedding),
      ("embeddings.word_embeddings.weight", .float32, [8, 8], .embedding),
      ("transformer.wte.weight", .float32, [8, 8], .embedding),
      ("lm_head.weight", .float32, [8, 8], .outputHead),
      ("output.weight", .float16, [8, 8], .outputHead),
      ("encoder.layer.0.attention.output.dense.weight", .float16, [8, 8], .matrix),
      ("encoder.layer.0.output.weight", .float16, [8, 8], .matrix),
      ("model.norm.weight", .float32, [8], .vector),
      ("scalar", .float32, [], .vector),
      ("embeddings.position_ids", .int64, [1, 8], .notWeight),
      ("mask", .bool, [8, 8], .notWeight),
      ("codes.weight", .int8, [8, 8], .matrix),
      ("packed.weight", .uint8, [8, 8], .matrix),
      ("LM_HEAD.weight", .float32, [8, 8], .outputHead),
      ("", .float32, [2, 2], .matrix),
      ("token_embd.weight", .float16, [8, 8], .embedding),
      ("position_embd.weight", .float32, [8, 8], .embedding),
      ("token_types.weight", .float32, [2, 8], .embedding),
      ("blk.0.ffn_down.weight", .float16, [8, 8], .matrix),
      ("blk.0.attn_output.weight", .float16, [8, 8], .matrix),
      ("blk.0.ffn_norm.weight", .float32, [8], .vector),
    ] as [(String, ElementType, [UInt64], WeightKind)]
  )
  func kind(_ name: String, _ type: ElementType, _ shape: [UInt64], _ kind: WeightKind) throws {
    #expect(WeightKind(try Self.tensor(name, type, shape)) == kind)
  }

  @Test(
    "the axis that a product sums over is the last, and a convolution's its input channels",
    arguments: [
      ("linear.weight", [8, 16], 1),
      ("conv1.weight", [8, 16, 3, 3], 1),
      ("patch_embed.proj.weight", [8, 3, 16, 16], 1),
      ("conv3d.weight", [8, 16, 3, 3, 3], 1),
      ("encoder.conv.weight", [8, 16, 31], 1),
      ("x.weight", [8, 16, 4], 1),
      ("experts.up_proj", [8, 128, 64], 2),
      ("pointwise.weight", [8, 16, 1, 1], 1),
    ] as [(String, [UInt64], Int)]
  )
  func axis(_ name: String, _ shape: [UInt64], _ axis: Int) throws {
    let found = ReductionAxis.byConvention(try Self.tensor(name, .float32, shape))
    #expect(found?.axes == [axis])
    #expect(found?.evidence == .convention)
  }

  @Test("a vector has no such axis, and what the source says comes first")
  func others() throws {
    #expect(ReductionAxis.byConvention(try Self.tensor("b", .float32, [8])) == nil)
    var tensor = try Self.tensor("w", .float32, [8, 8])
    tensor.reduction = ReductionAxis(axes: [0], evidence: .graph)
    #expect(ReductionAxis.byConvention(tensor)?.axes == [0])
  }

  @Test(
    "where a graph tells, its roles say what a tensor is for and what a parameter is",
    arguments: [
      (.weight, .float32, [0], .matrix, true), (.weight, .uint8, [0], .matrix, true),
      (.weight, .float32, nil, .matrix, true), (.weight, .float32, [], .embedding, true),
      // A shape that elements are picked from.
      (.weight, .int64, [], .notWeight, false), (.bias, .float32, [], .vector, true),
      (.scale, .float32, [], .auxiliary, false), (.zeroPoint, .uint8, [], .auxiliary, false),
      (.shape, .int64, [], .notWeight, false), (.parameter, .float32, [], .notWeight, true),
      (.unused, .float32, nil, .matrix, true), (.unknown, .int64, nil, .notWeight, false),
    ] as [(TensorUses.Role, ElementType, [Int]?, WeightKind, Bool)]
  )
  func graph(
    _ role: TensorUses.Role,
    _ type: ElementType,
    _ axes: [Int]?,
    _ kind: WeightKind,
    _ isParameter: Bool
  ) throws {
    var tensor = try Self.tensor("w", type, [8, 8])
    tensor.uses = TensorUses(role: role, consumers: "", evidence: [])
    tensor.reduction = axes.map { ReductionAxis(axes: $0, evidence: .graph) }
    #expect(WeightKind(tensor) == kind)
    #expect(WeightKind.isParameter(tensor) == isParameter)
  }

  @Test("codes are parameters, however wide the integers that they are seen as")
  func codes() throws {
    var tensor = try Self.tensor("w", .uint8, [8, 8])
    tensor.views = TensorViews(codes: try Self.tensor("w", .int16, [8, 16]))
    #expect(WeightKind.isParameter(tensor))
    #expect(!WeightKind.isParameter(try Self.tensor("w", .int16, [8, 8])))
  }
}
