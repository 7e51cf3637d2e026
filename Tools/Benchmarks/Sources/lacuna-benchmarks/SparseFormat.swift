/// The sparse forms of compressed-tensors that are measured.
enum SparseFormat: String, CaseIterable {
  case bitmask = "sparse-bitmask"
  case twoOfFour = "sparse-24-bitmask"

  /// What `--layout` calls it.
  var layout: String {
    switch self {
    case .bitmask: "bitmask"
    case .twoOfFour: "nm:2:4"
    }
  }
}
