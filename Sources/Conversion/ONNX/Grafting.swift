internal import CompressedTensors
internal import Inspection
public import ModelIR
internal import ONNX

/// Puts the tensors of a model into a graph, by name.
///
/// A tensor takes the place of one of the same name, type and shape; a matrix also if its axes are swapped, and then it
/// is transposed on the way. A quantized tensor takes the place of a weight that the graph's nodes dequantize, with its
/// scales. What the graph has besides stays.
struct Grafting {
  /// The graph.
  let graph: ONNXImport
  /// The graph's path, for messages.
  let graphPath: String
  /// The tensors.
  let model: Model

  /// What was found.
  struct Result {
    /// The tensors with places in the graph.
    var changes: [ONNXChange] = []
    /// What should be known.
    var notes: [String] = []
    /// What may be wrong.
    var warnings: [Diagnosis] = []
  }

  /// Finds the places.
  /// - Throws: ``GraftFault`` where nothing matches, or where a tensor does not fit the place of its name.
  func run() throws -> Result {
    var places: [TensorName: Int] = [:]
    for (place, tensor) in graph.model.tensors.enumerated() { places[tensor.name] = place }
    var result = Result()
    var transposed: [TensorName] = []
    var strangers: [TensorName] = []
    var used: Set<Int> = []
    let quantized = try quantizedChanges(places)
    for change in quantized.changes { used.insert(change.place) }
    result.changes += quantized.changes
    for tensor in model.tensors where !quantized.taken.contains(tensor.name) {
      guard let place = places[tensor.name] else {
        strangers.append(tensor.name)
        continue
      }
      used.insert(place)
      let (change, isTransposed) = try change(tensor, at: place)
      if isTransposed { transposed.append(tensor.name) }
      if !isTransposed, let warning = squareWarning(tensor, graph.model.tensors[place]) {
        result.warnings.append(warning)
      }
      result.changes.append(change)
    }
    if result.changes.isEmpty { throw GraftFault(file: graphPath, tensor: nil, rule: .nothingMatches) }
    /// The first names of several.
    func list(_ names: [TensorName]) -> String {
      names.prefix(3).map(\.text).joined(separator: ", ") + (names.count > 3 ? " ..." : "")
    }
    if !transposed.isEmpty {
      result.notes.append("transposed to the graph's shape: \(transposed.count) (\(list(transposed)))")
    }
    if !strangers.isEmpty {
      result.notes.append("not in the graph, and left out: \(strangers.count) (\(list(strangers)))")
    }
    let kept = graph.model.tensors.enumerated().filter { place, tensor in
      !used.contains(place) && tensor.uses?.role == .weight
    }.map(\.element.name)
    if !kept.isEmpty {
      result.notes.append("the graph's own, as they were: \(kept.count) weights (\(list(kept)))")
    }
    return result
  }

  private func change(_ tensor: Tensor, at place: Int) throws -> (ONNXChange, isTransposed: Bool) {
    let target = graph.model.tensors[place]
    if tensor.quantization?.packing != nil,
      tensor.elementType != target.elementType || tensor.shape != target.shape
    {
      throw GraftFault(file: graphPath, tensor: tensor.name, rule: .packed(tensor.quantization?.scheme ?? ""))
    }
    guard tensor.elementType == target.elementType else {
      throw GraftFault(
        file: graphPath,
        tensor: tensor.name,
        rule: .otherType(found: tensor.elementType, expected: target.elementType)
      )
    }
    let source = model.source(of: tensor)
    let subject = graph.subject(at: place)
    if tensor.shape == target.shape {
      return (ONNXChange(place: place, subject, tensor, in: source, isGrafted: true), false)
    }
    if Self.isParameter(target), tensor.shape.hasSameExtents(as: target.shape), case .dense = tensor.storage {
      var reshaped = tensor
      reshaped.shape = target.shape
      return (ONNXChange(place: place, subject, reshaped, in: source, isGrafted: true), false)
    }
    guard tensor.shape.rank == 2, target.shape.rank == 2,
      tensor.shape.extents == target.shape.extents.reversed(),
      case .dense(let region) = tensor.storage, let width = tensor.elementType.byteWidth
    else {
      throw GraftFault(
        file: graphPath,
        tensor: tensor.name,
        rule: .otherShape(found: tensor.shape, expected: target.shape)
      )
    }
    let matrix = TransposedMatrix(of: tensor.shape, elementBytes: width, at: region.offset, in: source)
    var decoded = DecodedFile(named: source.displayName, over: [source])
    guard let bytes = matrix.byteCount, let start = decoded.append(matrix) else {
      throw GraftFault(
        file: graphPath,
        tensor: tensor.name,
        rule: .otherShape(found: tensor.shape, expected: target.shape)
      )
    }
    var turned = tensor
    turned.shape = target.shape
    turned.storage = .dense(Region(file: 0, offset: start, byteCount: bytes))
    var change = ONNXChange(place: place, subject, turned, in: decoded, isGrafted: true)
    change.isDecoded = true
    return (change, true)
  }

  /// Of a square matrix the shape does not tell whether it is turned: checkpoints of PyTorch sum over the last axis.
  private func squareWarning(_ tensor: Tensor, _ target: Tensor) -> Diagnosis? {
    guard tensor.shape.rank == 2, tensor.shape.rows == tensor.shape.columns, tensor.shape.rows > 1,
      model.container != .onnx, target.reduction?.axes == [0]
    else { return nil }
    return Diagnosis(
      .badData,
      file: graphPath,
      tensor: tensor.name,
      "is square and was taken as it lies, although the graph sums over its first axis and checkpoints mostly have "
        + "sums over the last one",
      expected: "an export that keeps [out, in], as Gemm with transB does"
    )
  }
}

/// A tensor that does not fit the graph that it was to be put into.
public struct GraftFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// No tensor has a name that the graph has.
    case nothingMatches
    /// The element types differ.
    case otherType(found: ElementType, expected: ElementType)
    /// The shapes differ, and not by swapped axes alone.
    case otherShape(found: Shape, expected: Shape)
    /// The tensor is quantized, with codes that share bytes.
    case packed(String)
    /// The tensor is quantized in a way that the graph's weight is not.
    case noExactForm(scheme: String, graph: String, reason: String)
  }

  /// The graph.
  public let file: String
  /// The tensor.
  public let tensor: TensorName?
  /// The broken rule.
  public let rule: Rule

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected): (String, String?) =
      switch rule {
      case .nothingMatches:
        ("none of the input's tensors has a name that the graph has", "the same names in both")
      case .otherType(let found, let expected):
        (
          "is \(found.name) in the input and \(expected.name) in the graph",
          "--type \(expected.name.lowercased()), where weights are to change"
        )
      case .otherShape(let found, let expected):
        (
          "has the shape \(found) in the input and \(expected) in the graph",
          found.rank == 2 && expected.rank == 2 && found.extents == expected.extents.reversed()
            ? "a dense input can be transposed: --layout dense comes first" : nil
        )
      case .noExactForm(let scheme, let graph, let reason):
        (
          "\(scheme) has no exact form in the graph's \(graph): \(reason)",
          "a graph whose weight is plain, and --type with its type"
        )
      case .packed(let scheme): ("is quantized as \(scheme)", "--type bf16 gives plain numbers")
      }
    return Diagnosis(.badData, file: file, tensor: tensor, problem, expected: expected)
  }
}
