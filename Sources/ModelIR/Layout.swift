/// How a tensor's elements lie in storage.
///
/// A tensor counts as a matrix of ``Shape/rows`` by ``Shape/columns``; rank 0 counts as `[1]`.
public enum Layout: Sendable, Hashable {
  /// Every element, row-major.
  case dense
  /// One bit an element (LSB first, rows padded to a byte) and the nonzero values in row-major order.
  case bitmask
  /// Row offsets, column indices and values.
  case csr
  /// For every group of M consecutive elements of a row, N values and their positions.
  case nm(NMPattern)
}

extension Layout: CustomStringConvertible, LosslessStringConvertible {
  /// The name in manifests, options and reports: `dense`, `bitmask`, `csr`, `nm:2:4`.
  public var description: String {
    switch self {
    case .dense: "dense"
    case .bitmask: "bitmask"
    case .csr: "csr"
    case .nm(let pattern): "nm:\(pattern)"
    }
  }

  /// Reads what ``description`` writes.
  public init?(_ description: String) {
    switch description {
    case "dense": self = .dense
    case "bitmask": self = .bitmask
    case "csr": self = .csr
    default:
      guard description.hasPrefix("nm:"), let pattern = NMPattern(String(description.dropFirst(3))) else {
        return nil
      }
      self = .nm(pattern)
    }
  }
}
