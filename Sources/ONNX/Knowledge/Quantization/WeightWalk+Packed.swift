internal import ModelIR

extension WeightWalk {
  /// A weight of an operator that packs codes into bytes.
  mutating func consume(packed form: PackedForm, _ reader: ValueIndex.Reader, at position: Position) {
    guard position.view.isStored else {
      return record(
        .product,
        node: reader.node,
        input: reader.input,
        at: position,
        absence: .malformed("packed codes behind a change of shape")
      )
    }
    switch form {
    case .nBits(let rows, let scale, let zeroPoint, let groupIndex):
      consumeNBits(rows, scale: scale, zeroPoint: zeroPoint, groupIndex: groupIndex, reader, at: position)
    case .bnb4: consumeBnb4(reader, at: position)
    case .fp4: consumeFP4(reader, at: position)
    case .experts(let bits, let scale, let zeroPoint):
      consumeExperts(bits, scale: scale, zeroPoint: zeroPoint, reader, at: position)
    case .opaque(let layout):
      record(.product, node: reader.node, input: reader.input, at: position, absence: .opaque(layout))
    }
  }

  private mutating func useLogical(
    _ shape: Shape,
    _ reader: ValueIndex.Reader,
    at position: Position,
    refusal: String? = nil
  ) {
    record(
      .product,
      node: reader.node,
      input: reader.input,
      at: position,
      axes: refusal == nil ? [shape.rank - 1] : [],
      axisName: "K",
      absence: refusal.map { .opaque($0) },
      logicalShape: shape
    )
  }

  private mutating func refuse(
    _ what: String,
    needs: String,
    _ reader: ValueIndex.Reader,
    at position: Position
  ) {
    report(.attribute, has: what, needs: needs, node: reader.node)
    record(.product, node: reader.node, input: reader.input, at: position, absence: .malformed(what))
  }

  private func integer(
    _ name: String,
    _ reader: ValueIndex.Reader,
    _ position: Position,
    default fallback: Int64? = nil
  )
    -> Int64?
  { lookups.integer(name, of: reader.node, in: position.context, default: fallback) }

  /// Whether the tensor has as many bytes as demanded.
  private mutating func checkStored(_ needed: [UInt64], _ reader: ValueIndex.Reader) {
    guard shape.extents != needed, shape.elementCount != Shape(needed)?.elementCount else { return }
    report(
      .packedShape,
      has: "shape \(shape)",
      needs: "shape \(Shape(needed)?.description ?? "beyond 64 bits")",
      node: reader.node
    )
  }

  /// Scales of a shape, possibly flat.
  private mutating func checkScales(_ scale: WeightQuantization.Parameter, _ needed: [UInt64], node: Int) {
    guard let has = shape(of: scale), let needs = Shape(needed) else { return }
    if has.extents == needed || has.elementCount == needs.elementCount && has.rank <= 1 { return }
    let isCount = has.rank <= 1 || has.extents.dropLast() == needs.extents.dropLast()
    report(
      isCount ? .blockCount : .scaleShape,
      of: scale,
      has: "\(has.elementCount) scales (shape \(has))",
      needs: "\(needs.elementCount) (shape \(needs))",
      node: node
    )
  }

  private mutating func checkZeroPoints(
    _ statement: inout WeightQuantization,
    _ needed: PackedShape,
    node: Int
  ) {
    guard case .tensor(let number) = statement.zeroPoint else { return }
    let zero = lookups.model.tensors[number]
    let isPacked = !zero.type.isFloat
    statement.zeroPointPacking = isPacked ? .rows : .none
    guard let shape = isPacked ? needed.packedZeroPoints : needed.plainZeroPoints, let needs = Shape(shape)
    else {
      return
    }
    if zero.shape.extents == shape || zero.shape.rank <= 1 && zero.shape.elementCount == needs.elementCount {
      return
    }
    report(
      .zeroPointShape,
      of: statement.zeroPoint,
      has: "shape \(zero.shape)",
      needs: "shape \(needs)",
      node: node
    )
  }

  private mutating func consumeNBits(
    _ rows: String,
    scale: Int,
    zeroPoint: Int?,
    groupIndex: Int?,
    _ reader: ValueIndex.Reader,
    at position: Position
  ) {
    let bits = integer("bits", reader, position, default: 4)
    guard let n = integer(rows, reader, position), let k = integer("K", reader, position), let bits,
      let block = integer("block_size", reader, position)
    else {
      return refuse("\(rows), K, bits, or block_size missing", needs: "integers", reader, at: position)
    }
    guard let packed = PackedShape.nBits(rows: n, columns: k, bits: bits, block: block) else {
      return refuse(
        "\(rows) \(n), K \(k), bits \(bits), block_size \(block)",
        needs: "a matrix, 2 to 8 bits, a power of two from 16",
        reader,
        at: position
      )
    }
    var result = statement(.operand, of: reader.node, bits: Int(bits))
    if integer("weight_prepacked", reader, position, default: 0) != 0 { result.refusal = "weight_prepacked" }
    if let groupIndex, lookups.index.input(groupIndex, of: reader.node) != nil { result.refusal = "g_idx" }
    result.packing = .blocks
    result.logicalShape = packed.logical
    result.granularity = .blocked(axis: 1, size: UInt64(block))
    result.scale = parameter(at: scale, of: reader.node, in: position.context)
    let zero = parameter(at: zeroPoint, of: reader.node, in: position.context)
    result.zeroPoint = zero == .none ? .constant(1 << Int(bits - 1)) : zero
    if result.refusal != "weight_prepacked" { checkStored(packed.stored, reader) }
    checkScales(result.scale, packed.scales, node: reader.node)
    checkZeroPoints(&result, packed, node: reader.node)
    record(result)
    useLogical(packed.logical, reader, at: position, refusal: result.refusal)
  }

  private mutating func consumeBnb4(_ reader: ValueIndex.Reader, at position: Position) {
    guard let n = integer("N", reader, position), let k = integer("K", reader, position), n > 0, k > 0,
      let block = integer("block_size", reader, position), block >= 16, block & (block - 1) == 0,
      let kind = integer("quant_type", reader, position), kind == 0 || kind == 1,
      let logical = Shape([UInt64(n), UInt64(k)])
    else {
      return refuse(
        "N, K, block_size, or quant_type missing or out of range",
        needs: "a matrix",
        reader,
        at: position
      )
    }
    var result = statement(.operand, of: reader.node, bits: 4)
    result.packing = .flat
    result.codes = kind == 0 ? .bnbFP4 : .bnbNF4
    result.logicalShape = logical
    result.granularity = .flatRuns(size: UInt64(block))
    result.scale = parameter(at: 2, of: reader.node, in: position.context)
    // NF4 has its zero in the middle of the book.
    result.zeroPoint = .constant(kind == 0 ? 0 : 7)
    if integer("transB", reader, position, default: 1) != 1 { result.refusal = "transB 0" }
    checkStored([PackedShape.bytes(of: logical.elementCount, bits: 4)], reader)
    checkScales(
      result.scale,
      [ParameterFit.blockCount(logical.elementCount, UInt64(block))],
      node: reader.node
    )
    record(result)
    useLogical(logical, reader, at: position, refusal: result.refusal)
  }

  private mutating func consumeFP4(_ reader: ValueIndex.Reader, at position: Position) {
    let (columns, overflow) = shape.columns.multipliedReportingOverflow(by: 2)
    guard shape.rank == 2, !overflow, let logical = shape.replacingColumns(with: columns) else {
      report(.packedShape, has: "shape \(shape)", needs: "shape [N, K / 2]", node: reader.node)
      return record(
        .product,
        node: reader.node,
        input: reader.input,
        at: position,
        absence: .malformed("shape \(shape)")
      )
    }
    var result = statement(.operand, of: reader.node, bits: 4)
    result.packing = .rows
    result.codes = .e2m1
    result.logicalShape = logical
    result.scale = parameter(at: 2, of: reader.node, in: position.context)
    result.globalScale = parameter(at: 3, of: reader.node, in: position.context)
    result.zeroPoint = .constant(0)
    if let block = integer("block_size", reader, position, default: 16), block > 0 {
      result.granularity = .blocked(axis: 1, size: UInt64(block))
      let blocks = ParameterFit.blockCount(columns, UInt64(block))
      checkScales(result.scale, [logical.extents[0], blocks], node: reader.node)
    }
    record(result)
    useLogical(logical, reader, at: position)
  }

  private mutating func consumeExperts(
    _ bitsName: String,
    scale: Int,
    zeroPoint: Int,
    _ reader: ValueIndex.Reader,
    at position: Position
  ) {
    let common = integer("expert_weight_bits", reader, position, default: 4)
    var own = integer(bitsName, reader, position)
    if let given = own, given <= 0 { own = nil }
    let bits = own ?? common
    guard shape.rank == 3, let bits, bits == 2 || bits == 4 || bits == 8 else {
      return refuse(
        "shape \(shape), bits \(bits ?? 0)",
        needs: "rank 3, 2, 4, or 8 bits",
        reader,
        at: position
      )
    }
    var isInteger = true
    if case .value(let value) = lookups.attribute("quant_type", of: reader.node, in: position.context) {
      if case .string("int") = value {} else { isInteger = false }
    }
    let (columns, overflow) = shape.columns.multipliedReportingOverflow(by: UInt64(8 / bits))
    guard isInteger, !overflow, let logical = shape.replacingColumns(with: columns) else {
      return record(
        .product,
        node: reader.node,
        input: reader.input,
        at: position,
        absence: .opaque("quant_type of QMoE")
      )
    }
    var result = statement(.operand, of: reader.node, bits: Int(bits))
    if integer("weights_prepacked", reader, position, default: 0) ?? 1 > 0 {
      result.refusal = "weights_prepacked"
    }
    result.packing = .rows
    result.logicalShape = logical
    result.scale = parameter(at: scale, of: reader.node, in: position.context)
    let zero = parameter(at: zeroPoint, of: reader.node, in: position.context)
    result.zeroPoint = zero == .none ? .constant(1 << Int(bits - 1)) : zero
    let (experts, rows) = (logical.extents[0], logical.extents[1])
    var needed = PackedShape(logical: logical, stored: shape.extents, scales: [experts, rows])
    if let block = integer("block_size", reader, position, default: 0), block > 0 {
      let blocks = ParameterFit.blockCount(columns, UInt64(block))
      result.granularity = .blocked(axis: 2, size: UInt64(block))
      needed.scales = [experts, rows, blocks]
      needed.packedZeroPoints = [experts, rows, PackedShape.bytes(of: blocks, bits: UInt64(bits))]
    } else {
      result.granularity = .blockShape([1, 1, max(columns, 1)])
      needed.packedZeroPoints = [experts, PackedShape.bytes(of: rows, bits: UInt64(bits))]
    }
    checkScales(result.scale, needed.scales, node: reader.node)
    checkZeroPoints(&result, needed, node: reader.node)
    record(result)
    useLogical(logical, reader, at: position, refusal: result.refusal)
  }

  /// `GatherBlockQuantized`: a table of which rows are picked and dequantized.
  mutating func quantize(
    gathered operand: QuantizedOperand,
    _ reader: ValueIndex.Reader,
    at position: Position
  ) {
    let type = lookups.model.tensors[tensor].type
    guard position.view.isStored,
      let bits = type == .uint8 ? integer("bits", reader, position, default: 4) : Int64(type.bitWidth),
      bits == 2 || bits == 4 || bits == 8
    else { return }
    var result = statement(.operand, of: reader.node, bits: Int(bits))
    var logical = shape
    var zeroIsPacked = false
    if type == .uint8, bits < 8 {
      let (columns, overflow) = shape.columns.multipliedReportingOverflow(by: UInt64(8 / bits))
      guard !overflow, shape.rank > 0, let unpacked = shape.replacingColumns(with: columns) else { return }
      logical = unpacked
      result.logicalShape = unpacked
      result.packing = .rows
      zeroIsPacked = true
    }
    result.scale = parameter(at: operand.scale, of: reader.node, in: position.context)
    let zero = parameter(at: operand.zeroPoint, of: reader.node, in: position.context)
    result.zeroPoint = zero == .none ? .constant(type == .uint8 ? 1 << Int(bits - 1) : 0) : zero
    let axis = integer("quantize_axis", reader, position, default: 1)
    let block = integer("block_size", reader, position, default: 128)
    if let scale = shape(of: result.scale), let axis, let block {
      let fit = ParameterFit.gathered(scale, over: logical.extents, axis: axis, block: block)
      result.granularity = granularity(fit, of: result.scale, node: reader.node, view: position.view)
    }
    if zeroIsPacked, case .tensor = result.zeroPoint, let scale = shape(of: result.scale), scale.rank > 0 {
      result.zeroPointPacking = .rows
      let bytes = PackedShape.bytes(of: scale.columns, bits: UInt64(bits))
      let has = shape(of: result.zeroPoint)
      if let needs = scale.replacingColumns(with: bytes), has != needs, let has {
        report(
          .zeroPointShape,
          of: result.zeroPoint,
          has: "shape \(has)",
          needs: "shape \(needs)",
          node: reader.node
        )
      }
    } else {
      checkZeroPoint(of: result, node: reader.node)
    }
    record(result)
  }
}
