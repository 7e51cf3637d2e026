package import ModelIR
internal import Quantizing

/// A quantized weight in the form in which a graph has a weight: its codes, its scales, and where the graph stores
/// them its zero points, number by number the same.
///
/// Memory: descriptors; what is read is computed then.
package struct GraphForm: Sendable {
  /// Why a graph's form cannot say what a weight is.
  package struct Obstacle: Error, Hashable {
    /// The reason.
    package let reason: String

    /// An obstacle of this reason.
    package init(reason: String) { self.reason = reason }
  }

  /// Where tensors are found, and their parts.
  package struct Lookup {
    /// The tensor of a name.
    let tensor: (TensorName) -> Tensor?
    /// Where its parts lie.
    let source: (Tensor) -> any ByteSource

    /// Look-ups by these.
    package init(
      tensor: @escaping (TensorName) -> Tensor?,
      source: @escaping (Tensor) -> any ByteSource
    ) {
      self.tensor = tensor
      self.source = source
    }

    fileprivate var model: QuantizedWeight.Model { QuantizedWeight.Model(tensor: tensor, source: source) }
  }

  /// The elements of the graph's codes, as its bytes.
  package let codes: any RowDecoding
  /// The elements of the graph's scales, and whose they are.
  package let scales: (name: TensorName, matrix: any RowDecoding)
  /// The elements of the graph's zero points, where they are stored and are to be others.
  package let zeroPoints: (name: TensorName, matrix: any RowDecoding)?
  /// The tensors of the source that were used besides the codes.
  package let usedParts: [TensorName]

  /// Whether `tensor` is quantized and may take the place of a graph's weight.
  package static func isSource(_ tensor: Tensor) -> Bool {
    tensor.blockType != nil || (!tensor.isGraphWeight && BlockTranscoding.isWeight(tensor))
  }

  /// Whether a graph's nodes dequantize `tensor`.
  package static func isTarget(_ tensor: Tensor) -> Bool { tensor.isGraphWeight }

  /// What a graph calls the weight that `tensor` holds the codes of.
  package static func name(of tensor: Tensor) -> TensorName {
    let packed = ".weight_packed"
    guard tensor.name.text.hasSuffix(packed) else { return tensor.name }
    return TensorName(String(tensor.name.text.dropLast(packed.count)) + BlockTranscoding.ending)
  }

  /// `tensor` in the form of `target`, a weight of a graph.
  /// - Throws: ``Obstacle``, ``PartFault`` for parts of the source that contradict each other, what reading throws.
  package init(of tensor: Tensor, _ source: Lookup, as target: Tensor, _ graph: Lookup) throws {
    let weight = try Self.weight(tensor, source)
    let form = try TargetForm(target, graph)
    guard weight.shape == form.shape else {
      throw Obstacle(reason: "it has the shape \(weight.shape), and the graph's \(form.shape)")
    }
    codes = try form.codes(of: weight)
    scales = (form.scale.name, try form.scales(of: weight))
    zeroPoints = try form.zeroPoints()
    var used: [TensorName] = []
    for parameter in [tensor.quantization?.scale, tensor.quantization?.zeroPoint] {
      if case .tensor(let name)? = parameter { used.append(name) }
    }
    let packed = ".weight_packed"
    if tensor.name.text.hasSuffix(packed) {
      used.append(TensorName(String(tensor.name.text.dropLast(packed.count)) + ".weight_shape"))
    }
    usedParts = used
  }

  /// The codes and scales of what is to go into a graph.
  private static func weight(_ tensor: Tensor, _ lookup: Lookup) throws -> QuantizedWeight {
    guard tensor.logicalShape.elementCount > 0 else { throw Obstacle(reason: "it has no elements") }
    guard let type = tensor.blockType else {
      guard let weight = try QuantizedWeight.reading(tensor, in: lookup.model) else {
        throw Obstacle(reason: "nothing tells what its codes are")
      }
      if weight.zeroPoints != nil { throw Obstacle(reason: "it has zero points") }
      if weight.globalScale != nil { throw Obstacle(reason: "its scales are under another one") }
      if weight.quantization.groupIndex != nil {
        throw Obstacle(reason: "its columns are assigned to groups one by one")
      }
      return weight
    }
    guard [.q8_0, .q5_0, .q4_0, .mxfp4].contains(type), let quantization = tensor.quantization else {
      throw Obstacle(reason: "blocks of \(type.name) are no integers under one scale")
    }
    let isFloat = type == .mxfp4
    let source = lookup.source(tensor)
    let shape = tensor.logicalShape
    let granularity = Quantization.Granularity.group(axis: shape.rank - 1, size: type.blockElements)
    guard let codes = BlockParts(isFloat ? .nibbles : .integers, of: tensor, in: source),
      let scales = BlockParts(.scales, of: tensor, in: source),
      let map = ScaleMap(ofGraph: scales, granularity, shape)
    else { throw Obstacle(reason: "its blocks are sparse: --layout dense comes first") }
    let plain: any RowDecoding =
      isFloat ? FloatCodes(codes, packing: .nibbles, columns: shape.columns, asE4M3: false) : codes
    return QuantizedWeight(
      shape,
      quantization,
      codes: plain,
      numbers: plain,
      isFloat ? .e2m1 : .integers(bits: type.codeBits),
      scales: map,
      isFloat ? .float8E8M0 : .float16,
      zeroPoints: nil
    )
  }
}

/// The form in which a graph has a weight.
private struct TargetForm {
  let target: Tensor
  let quantization: Quantization
  let graph: GraphForm.Lookup
  let scale: Tensor
  var shape: Shape { target.logicalShape }

  init(_ target: Tensor, _ graph: GraphForm.Lookup) throws {
    guard let quantization = target.quantization else {
      throw GraphForm.Obstacle(reason: "the graph's weight is not quantized")
    }
    if let obstacle = quantization.obstacle {
      throw GraphForm.Obstacle(reason: "of the graph's weight nobody knows what its codes are: \(obstacle)")
    }
    guard case .tensor(let name)? = quantization.scale, let scale = graph.tensor(name) else {
      throw GraphForm.Obstacle(reason: "the graph's scales are not stored")
    }
    self.target = target
    self.quantization = quantization
    self.graph = graph
    self.scale = scale
  }

  /// The bits of a code, whether it has a sign, and whether it is a float; nil for codes that are not written.
  private var code: (bits: Int, isUnsigned: Bool, isFloat: Bool)? {
    if quantization.packing != nil {
      return target.elementType == .uint8 && (2...8).contains(quantization.bits)
        ? (quantization.bits, true, false) : nil
    }
    return switch target.elementType {
    case .int8: (8, false, false)
    case .uint8: (8, true, false)
    case .int4: (4, false, false)
    case .uint4: (4, true, false)
    case .float4E2M1: (4, false, true)
    default: nil
    }
  }

  private var unknown: GraphForm.Obstacle {
    GraphForm.Obstacle(reason: "the graph's codes are \(target.elementType.name)")
  }

  func codes(of weight: QuantizedWeight) throws -> any RowDecoding {
    guard let code else { throw unknown }
    switch weight.kind {
    case .integers(let bits) where !code.isFloat:
      if bits > code.bits {
        throw GraphForm.Obstacle(reason: "its codes have \(bits) bits, and the graph's \(code.bits)")
      }
    case .e2m1 where code.isFloat: break
    case .integers: throw GraphForm.Obstacle(reason: "its codes are integers, and the graph's floats")
    case .e2m1, .e2m3, .e4m3:
      let what = code.isFloat ? "floats of four bits" : "integers"
      throw GraphForm.Obstacle(reason: "its codes are \(weight.kind.name), and the graph's \(what)")
    }
    let lift: UInt8 = code.isUnsigned ? 1 << UInt8(code.bits - 1) : 0
    if quantization.packing == nil {
      return PackedCodes(weight.codes, bits: code.bits, lift: lift)
    }
    let total = target.shape.elementCount
    let needed = shape.columns.multipliedReportingOverflow(by: UInt64(code.bits))
    guard shape.rows > 0, total % shape.rows == 0, !needed.overflow,
      needed.partialValue.dividedUp(by: 8) <= total / shape.rows
    else { throw GraphForm.Obstacle(reason: "the graph's codes have the shape \(target.shape)") }
    return PackedCodes(weight.codes, bits: code.bits, lift: lift, rowBytes: total / shape.rows)
  }

  /// The scales as the graph has them.
  func scales(of weight: QuantizedWeight) throws -> any RowDecoding {
    guard let (rows, columns) = ScaleMap.extents(quantization.granularity, shape),
      rows.multipliedReportingOverflow(by: columns) == (scale.shape.elementCount, false)
    else { throw GraphForm.Obstacle(reason: "the graph's scales have the shape \(scale.shape)") }
    let size = try reach(of: weight)
    let (from, to) = (weight.scaleType, scale.elementType)
    let isPower = from == .uint8 || from == .float8E8M0
    guard isPower ? to == .float8E8M0 : from == to || FloatCast(from: from, to: to) != nil else {
      throw GraphForm.Obstacle(
        reason: "its scales are \(isPower ? "powers of two" : from.name), the graph's \(to.name)"
      )
    }
    let cast = isPower || from == to ? nil : FloatCast(from: from, to: to)
    let matrix = RegroupedScales(weight.scales, rows: rows, columns: columns, size: size, shape.columns, cast)
    if let cast, to != .float32 { try requireExact(weight.scales, cast, to) }
    return matrix
  }

  /// The columns that a scale of the graph is for; all where it is for a row or more.
  private func reach(of weight: QuantizedWeight) throws -> UInt64 {
    let all = shape.columns
    /// The columns of the graph's scale, and whether it is for several rows.
    let wanted: (size: UInt64, hasRows: Bool)
    switch quantization.granularity {
    case .tensor: wanted = (all, shape.rows > 1)
    case .channel(let axis) where axis < shape.rank - 1:
      wanted = (all, axis != shape.rank - 2 || shape.rank != 2)
    case .group(let axis, let size) where axis == shape.rank - 1: wanted = (min(UInt64(size), all), false)
    case .block(let extents) where extents.dropLast().allSatisfy({ $0 == 1 }):
      wanted = (min(UInt64(extents.last ?? 1), all), false)
    case .channel, .group, .block:
      // Any column has the only scale.
      if case .tensor = weight.quantization.granularity { return 1 }
      throw GraphForm.Obstacle(reason: "the graph's scales do not run along rows, as its own do")
    }
    switch weight.quantization.granularity {
    case .tensor: return wanted.size
    case _ where wanted.hasRows:
      throw GraphForm.Obstacle(reason: "each of its rows has scales, and the graph's are for several rows")
    case .channel: return wanted.size
    case .group(_, let size):
      let own = min(UInt64(size), all)
      if own % wanted.size == 0 || own == all { return wanted.size }
      throw GraphForm.Obstacle(reason: "its groups have \(size) columns, and the graph's \(wanted.size)")
    case .block(let extents):
      let own = min(UInt64(extents.last ?? 1), all)
      if own % wanted.size == 0 || own == all { return wanted.size }
      throw GraphForm.Obstacle(
        reason: "its blocks are \(own) columns wide, and the graph's groups \(wanted.size)"
      )
    }
  }

  /// Looks through all scales for one that the graph's type does not hold.
  private func requireExact(_ scales: ScaleMap, _ cast: FloatCast, _ type: ElementType) throws {
    let columnsAtATime = min(scales.columns, 1 << 14)
    let rowsAtATime = max(1, (1 << 14) / max(1, columnsAtATime))
    for row in stride(from: 0, to: scales.rows, by: Int(rowsAtATime)) {
      for column in stride(from: 0, to: scales.columns, by: Int(columnsAtATime)) {
        let stored = try scales.stored(
          row..<min(scales.rows, row + rowsAtATime),
          column..<min(scales.columns, column + columnsAtATime)
        )
        let count = stored.count / scales.elementBytes
        var numbers = [UInt8](repeating: 0, count: count * (type.byteWidth ?? 4))
        if cast.cast(stored, from: 0, count: count, into: &numbers, at: 0) > 0 {
          throw GraphForm.Obstacle(
            reason: "the graph's scales are \(type.name), which does not hold all of its own"
          )
        }
      }
    }
  }

  /// The middle of the range as the zero points that the graph stores.
  func zeroPoints() throws -> (name: TensorName, matrix: any RowDecoding)? {
    guard let code else { throw unknown }
    let middle = code.isUnsigned ? 1 << (code.bits - 1) : 0
    switch quantization.zeroPoint {
    case nil: return nil
    case .constant(let text)?:
      guard Int(text) == middle else {
        throw GraphForm.Obstacle(
          reason: "the graph's zero point is \(text) and not stored, and \(middle) is needed"
        )
      }
      return nil
    case .tensor(let name)?:
      guard let points = graph.tensor(name) else {
        throw GraphForm.Obstacle(reason: "the graph's zero points are not stored")
      }
      let isPacked = quantization.packing != nil && code.bits < 8
      guard points.elementType == (quantization.packing == nil ? target.elementType : .uint8) else {
        throw GraphForm.Obstacle(reason: "the graph's zero points are \(points.elementType.name)")
      }
      guard let (rows, columns) = ScaleMap.extents(quantization.granularity, shape) else { throw unknown }
      let middles = ConstantMatrix(value: 0, rows: rows, columns: columns)
      let lift = UInt8(truncatingIfNeeded: middle)
      let rowBytes = (columns * UInt64(code.bits)).dividedUp(by: 8)
      let matrix =
        isPacked
        ? PackedCodes(middles, bits: code.bits, lift: lift, rowBytes: rowBytes, filling: 0 &- lift)
        : PackedCodes(middles, bits: code.bits, lift: lift)
      let needed = isPacked ? rowBytes.multipliedReportingOverflow(by: rows).partialValue : rows * columns
      guard points.shape.elementCount == needed else {
        throw GraphForm.Obstacle(reason: "the graph's zero points have the shape \(points.shape)")
      }
      return (name, matrix)
    }
  }
}

extension QuantizedWeight.Kind {
  /// In words.
  fileprivate var name: String {
    switch self {
    case .integers(let bits): "integers of \(bits) bits"
    case .e2m1: "floats of four bits"
    case .e2m3: "floats of six bits"
    case .e4m3: "floats of eight bits"
    }
  }
}
