internal import ModelIR
internal import Quantizing

/// Weights of compressed-tensors, and of graphs, on the way to ggml's blocks.
struct BlockMaking {
  private var assembly: Assembly
  private let original: Model
  private let parts: [TensorName: Tensor]
  private let places: [TensorName: Int]
  private let onlyType: GGMLType?
  private var parameters: SharedParameters
  private(set) var result = Transcoded()

  init(_ model: Model, _ others: [Tensor], only type: GGMLType?) {
    original = model
    assembly = Assembly(model, config: nil, assumptions: Assumptions())
    onlyType = type
    parameters = SharedParameters(model)
    var parts: [TensorName: Tensor] = [:]
    for tensor in others + model.tensors { parts[tensor.name] = tensor }
    self.parts = parts
    places = Dictionary(model.tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// Puts what was made into the model.
  func finish(_ model: inout Model) {
    model.tensors = assembly.tensors
    model.views = assembly.views
  }

  /// Why a weight has no blocks.
  private struct Obstacle: Error {
    let reason: String
    /// Whether the numbers of the weight can be read.
    var isReadable = true
  }

  mutating func run() throws {
    var replaced: [Int: [Tensor]] = [:]
    for (index, tensor) in original.tensors.enumerated() where BlockTranscoding.isWeight(tensor) {
      do {
        replaced[index] = try blocks(tensor, &replaced)
      } catch let obstacle as Obstacle {
        result.refusals.append(
          Transcoded.Refusal(
            name: tensor.name,
            scheme: tensor.quantization?.scheme ?? "",
            reason: obstacle.reason,
            isReadable: obstacle.isReadable
          )
        )
      }
    }
    assembly.replace(replaced)
  }

  private mutating func blocks(_ tensor: Tensor, _ replaced: inout [Int: [Tensor]]) throws -> [Tensor] {
    let (original, parts) = (original, parts)
    let model = QuantizedWeight.Model(tensor: { parts[$0] }, source: { original.source(of: $0) })
    guard tensor.logicalShape.elementCount > 0 else { throw Obstacle(reason: "has no elements") }
    if tensor.isGraphWeight && tensor.isExpansion {
      throw Obstacle(reason: "its blocks would take thousands of times the bytes that it is stored in")
    }
    let weight: QuantizedWeight
    do {
      guard let found = try QuantizedWeight.reading(tensor, in: model) else {
        throw Obstacle(reason: "\(tensor.quantization?.scheme ?? "") is no scheme that ggml has blocks for")
      }
      weight = found
    } catch let unreadable as UnreadableCodes {
      // Wide integers have no codes for blocks, but numbers.
      let wide = try? QuantizedWeight.wideNumbers(tensor, in: model)
      throw Obstacle(reason: unreadable.reason, isReadable: wide != nil)
    }
    let type = try Self.type(of: weight, tensor)
    if let onlyType, onlyType != type {
      throw Obstacle(reason: "is \(type.name), \(onlyType.name) is wanted")
    }
    let module = Self.module(of: tensor.name)
    let name = tensor.isGraphWeight ? tensor.name : TensorName(module + BlockTranscoding.ending)
    if name != tensor.name && places[name] != nil { throw assembly.fault(tensor, .storedTwice) }
    try requireExactScales(weight, type)
    guard let bytes = type.bytes(ofRow: weight.shape.columns),
      let stored = weight.shape.replacingColumns(with: bytes)
    else { throw assembly.fault(tensor, .tooLarge) }
    let matrix = WeightBlocks(weight, as: type, blaming: tensor.name, in: assembly.displayName(of: tensor))
    var made = try assembly.decodedTensor(name, .uint8, stored, from: matrix, blaming: tensor)
    made.quantization = Quantization(blocksOf: type, logicalShape: weight.shape)
    var tensors = [made]
    if case .tensor(let global)? = tensor.quantization?.globalScale, let scale = weight.globalScale {
      tensors += try reciprocal(scale, of: module, global, blaming: tensor)
    }
    var taken: [TensorName] = []
    var before = tensor.storage.byteCount
    let own =
      tensor.isGraphWeight
      ? parameters.freed(by: tensor)
      : [".weight_scale", ".weight_shape", ".weight_global_scale"].map { TensorName(module + $0) }
    for part in own {
      guard let place = places[part], part != tensor.name else { continue }
      replaced[place] = []
      taken.append(part)
      before &+= original.tensors[place].storage.byteCount
    }
    result.changes.append(
      TypeChange(
        name: name,
        from: tensor.quantization?.scheme ?? "",
        to: type.name,
        parts: taken,
        bytesBefore: before
      )
    )
    return tensors
  }

  private static func module(of name: TensorName) -> String {
    for ending in [".weight_packed", BlockTranscoding.ending] where name.text.hasSuffix(ending) {
      return String(name.text.dropLast(ending.count))
    }
    return name.text
  }

  /// The type whose blocks hold the codes of a weight.
  private static func type(of weight: QuantizedWeight, _ tensor: Tensor) throws(Obstacle) -> GGMLType {
    let quantization = weight.quantization
    if quantization.groupIndex != nil {
      throw Obstacle(reason: "its columns are assigned to groups one by one, and blocks are runs of columns")
    }
    if weight.zeroPoints != nil {
      throw Obstacle(reason: "it has zero points, and blocks of signed integers have none")
    }
    let type: GGMLType
    switch weight.kind {
    case .e2m3: throw Obstacle(reason: "ggml has no 6-bit floats")
    case .e4m3 where tensor.elementType == .float4E2M1:
      throw Obstacle(reason: "its scales are \(weight.scaleType.name), and MXFP4 has powers of two")
    case .e4m3: throw Obstacle(reason: "ggml has no 8-bit floats")
    case .e2m1: type = weight.scaleType == .float8E4M3 ? .nvfp4 : .mxfp4
    case .integers(let bits): type = bits <= 4 ? .q4_0 : bits == 5 ? .q5_0 : .q8_0
    }
    if tensor.isGraphWeight {
      if tensor.logicalShape.rank > 4 { throw Obstacle(reason: "it has \(tensor.logicalShape.rank) axes") }
      if weight.scales.isByColumn {
        throw Obstacle(
          reason: "its scales run along axis \(quantization.granularity.axis ?? 0), and blocks lie in rows"
        )
      }
    }
    let columns = weight.shape.columns
    if columns % UInt64(type.blockElements) != 0 {
      throw Obstacle(reason: "its rows of \(columns) are no whole blocks of \(type.blockElements)")
    }
    let reach = type == .nvfp4 ? 16 : type.blockElements
    let size: Int? =
      switch quantization.granularity {
      case .tensor, .channel: nil
      case .group(_, let size): size
      case .block(let extents): extents.last
      }
    if let size, size % reach != 0 {
      throw Obstacle(reason: "its groups of \(size) are no whole blocks of \(reach)")
    }
    return type
  }

  /// How many scales are looked through at a time.
  private static let scalesAtATime: UInt64 = 1 << 14

  /// Looks through all scales for one that blocks cannot hold.
  private func requireExactScales(_ weight: QuantizedWeight, _ type: GGMLType) throws {
    let (rows, columns) = (weight.scales.rows, weight.scales.columns)
    let columnsAtATime = min(columns, Self.scalesAtATime)
    let rowsAtATime = max(1, Self.scalesAtATime / max(1, columnsAtATime))
    let width = weight.scales.elementBytes
    var row: UInt64 = 0
    while row < rows {
      let end = min(rows, row + rowsAtATime)
      var column: UInt64 = 0
      while column < columns {
        let last = min(columns, column + columnsAtATime)
        let bytes = try weight.scales.stored(row..<end, column..<last)
        for index in 0..<bytes.count / width {
          let bits = (0..<width).reduce(UInt32(0)) {
            $0 | UInt32(bytes[index * width + $1]) << UInt32($1 * 8)
          }
          if let problem = Self.problem(bits, weight.scaleType, type) {
            let place = UInt64(index)
            let count = last - column
            throw Obstacle(
              reason: "its scale at row \(row + place / count), column \(column + place % count) \(problem)"
            )
          }
        }
        column = last
      }
      row = end
    }
  }

  private static func problem(_ bits: UInt32, _ type: ElementType, _ blocks: GGMLType) -> String? {
    switch blocks {
    case .mxfp4: bits & 0xFF == 0xFF ? "is NaN" : nil
    case .nvfp4: bits < 0x7F ? nil : "is negative or NaN, which ggml reads as another number"
    default: HalfScale.bits(bits, type) == nil ? "is no number that half precision holds" : nil
    }
  }

  /// The scale over all as ggml has it: a factor instead of a divisor; none if it is 1.
  private mutating func reciprocal(
    _ scale: Float,
    of module: String,
    _ name: TensorName,
    blaming tensor: Tensor
  ) throws -> [Tensor] {
    if scale == 1 { return [] }
    let factor = 1 / scale
    let isExact = scale.significand == 1 && factor.isNormal
    guard isExact || (onlyType == .nvfp4 && factor.isNormal) else {
      throw Obstacle(
        reason: "its global scale \(scale) divides, ggml's multiplies, and 1/\(scale) is no float"
      )
    }
    let target = TensorName(module + ".scale")
    if places[target] != nil { throw assembly.fault(tensor, .storedTwice) }
    let shape = Shape([1])
    guard let shape else { return [] }
    return [try assembly.decodedTensor(target, .float32, shape, from: ConstantRow(factor), blaming: tensor)]
  }
}

extension Quantization.Granularity {
  /// The axis along which scales differ, where there is one.
  fileprivate var axis: Int? {
    switch self {
    case .channel(let axis), .group(let axis, _): axis
    case .tensor, .block: nil
    }
  }
}
