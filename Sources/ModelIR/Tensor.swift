/// A tensor of a model: what it is, and where its bytes lie. It holds no element.
public struct Tensor: Sendable {
  /// The name, unique in its model.
  public var name: TensorName
  /// The type of its elements.
  public var elementType: ElementType
  /// The logical shape, whatever the layout.
  public var shape: Shape
  /// The layout, and the regions of its parts.
  public var storage: Storage
  /// What turns stored codes into reals, for quantized data.
  public var quantization: Quantization?
  /// Along which axis a product with this tensor sums, where the source tells; nil where only convention
  /// can.
  public var reduction: ReductionAxis?

  /// How else the elements can be seen, where what is stored is not what counts.
  public var views: TensorViews?

  /// Who uses the tensor, where the source has a graph that tells.
  public var uses: TensorUses?

  /// A tensor of these parts.
  public init(
    name: TensorName,
    elementType: ElementType,
    shape: Shape,
    storage: Storage,
    quantization: Quantization? = nil,
    reduction: ReductionAxis? = nil
  ) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.storage = storage
    self.quantization = quantization
    self.reduction = reduction
  }

  /// The shape in elements: ``shape``, or the codes' where several codes share one stored unit.
  public var logicalShape: Shape { quantization?.logicalShape ?? shape }

  /// The tensor whose elements are counted: the codes as numbers around their zero point where the stored
  /// units are not those, else the tensor itself.
  public var counted: Tensor { views?.codes ?? self }

  /// The layout of the storage.
  public var layout: Layout { storage.layout }

  /// The bytes that files hold of the tensor.
  public var storedByteCount: UInt64 { views?.storedByteCount ?? storage.byteCount }

  /// Whether a few stored bytes claim to be a huge tensor: over 256 MiB, or 64 MiB of row offsets and the like that
  /// no file holds, and over a thousand times what is stored. Only a sparse layout with few values can say that;
  /// nothing is made of it unless it is asked for.
  public var isExpansion: Bool {
    let stored = storedByteCount
    return denseByteCount > 1 << 28 && denseByteCount / 1000 > stored
      || storage.byteCount > 1 << 26 && storage.byteCount / 1000 > stored
  }

  /// The bytes that the dense form takes; readers let no tensor in for which this is no number. Elements that share
  /// bytes may leave bits of the last one unused: then it is what is stored.
  public var denseByteCount: UInt64 {
    if let bytes = shape.byteCount(of: elementType) { return bytes }
    guard elementType.byteWidth == nil, case .dense(let region) = storage else { return 0 }
    return region.byteCount
  }
}

/// The axis along which a matrix product or convolution sums over a weight.
public struct ReductionAxis: Sendable, Hashable {
  /// How the axis is known.
  public enum Evidence: String, Sendable {
    /// The graph that consumes the weight says so.
    case graph
    /// The container's or framework's convention for such weights.
    case convention
    /// The user said so.
    case user
  }

  /// The axes, outermost 0; none where no product consumes the tensor, several where consumers differ.
  public var axes: [Int]
  /// How they are known.
  public var evidence: Evidence

  /// These axes, known by that.
  public init(axes: [Int], evidence: Evidence) {
    self.axes = axes
    self.evidence = evidence
  }
}
