/// What turns a tensor's stored codes into reals.
///
/// A final class, so that the many tensors without one pay a pointer only.
public final class Quantization: Sendable, Hashable {
  /// How far one scale reaches.
  public enum Granularity: Sendable, Hashable {
    /// One scale for all.
    case tensor
    /// One scale per index of an axis.
    case channel(axis: Int)
    /// One scale per `size` consecutive elements along an axis.
    case group(axis: Int, size: Int)
    /// One scale per block of these extents.
    case block([Int])
  }

  /// A quantity that is stored beside the codes or is a constant of the scheme.
  public enum Parameter: Sendable, Hashable {
    /// Another tensor holds it.
    case tensor(TensorName)
    /// It is the same everywhere; an integer in text, or a float's bits in hexadecimal, so that no digit is
    /// lost.
    case constant(String)
  }

  /// The scheme's name: `int-quantized`, `Q8_0`, `mxfp4` ...
  public let scheme: String
  /// The bits of a code.
  public let bits: Int
  /// How codes share bytes, by name; nil where one element is one code.
  public let packing: String?
  /// The shape in codes where several share one stored unit; nil where the tensor's shape is that.
  public let logicalShape: Shape?
  /// How far one scale reaches.
  public let granularity: Granularity
  /// The scale.
  public let scale: Parameter?
  /// The code of zero; nil for symmetric schemes.
  public let zeroPoint: Parameter?
  /// A second scale over all, as NVFP4 has it.
  public let globalScale: Parameter?
  /// For each column the group that it belongs to, where groups are no runs of columns.
  public let groupIndex: Parameter?
  /// Why codes cannot be turned into reals from what is stored; nil where they can, as far as this tells.
  public let obstacle: String?

  /// A quantization of these parts.
  public init(
    scheme: String,
    bits: Int,
    packing: String? = nil,
    logicalShape: Shape? = nil,
    granularity: Granularity,
    scale: Parameter? = nil,
    zeroPoint: Parameter? = nil,
    globalScale: Parameter? = nil,
    groupIndex: Parameter? = nil,
    obstacle: String? = nil
  ) {
    self.scheme = scheme
    self.bits = bits
    self.packing = packing
    self.logicalShape = logicalShape
    self.granularity = granularity
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.globalScale = globalScale
    self.groupIndex = groupIndex
    self.obstacle = obstacle
  }

  /// Whether all parts are the same.
  public static func == (left: Quantization, right: Quantization) -> Bool {
    left.scheme == right.scheme && left.bits == right.bits && left.packing == right.packing
      && left.logicalShape == right.logicalShape
      && left.granularity == right.granularity && left.scale == right.scale
      && left.zeroPoint == right.zeroPoint && left.globalScale == right.globalScale
      && left.groupIndex == right.groupIndex && left.obstacle == right.obstacle
  }

  /// Feeds all parts.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(scheme)
    hasher.combine(bits)
    hasher.combine(packing)
    hasher.combine(logicalShape)
    hasher.combine(granularity)
    hasher.combine(scale)
    hasher.combine(zeroPoint)
    hasher.combine(globalScale)
    hasher.combine(groupIndex)
    hasher.combine(obstacle)
  }
}
