public import ModelIR

/// What the header says of a tensor.
public struct GGUFTensorInfo: Sendable, Hashable {
  /// The name.
  public var name: TensorName
  /// The extents as the file has them: the fastest axis first, at most 4, none for a scalar.
  public var dims: [UInt64]
  /// The type.
  public var type: GGMLType
  /// Where the data start, in bytes from the start of the data section.
  public var offset: UInt64

  /// A tensor of these parts.
  public init(name: TensorName, dims: [UInt64], type: GGMLType, offset: UInt64) {
    self.name = name
    self.dims = dims
    self.type = type
    self.offset = offset
  }

  /// The bytes of the data, without padding; nil where type and extents do not go together.
  public var byteCount: UInt64? { try? GGUFTensorInfo.byteCount(of: type, dims: dims).get() }

  /// Why extents cannot be those of a tensor.
  enum SizeProblem: Error, Hashable {
    case negative(axis: Int)
    case tooManyElements
    case rowNotBlocks
    case tooManyBytes
  }

  /// The bytes of a tensor, by llama.cpp's rules: extents are signed 64-bit, no product of the first of
  /// them reaches 2^63 - 1 unless one is 0, rows are whole blocks, and the bytes fit 64 bits.
  static func byteCount(of type: GGMLType, dims: [UInt64]) -> Result<UInt64, SizeProblem> {
    if let axis = dims.firstIndex(where: { $0 > UInt64(Int64.max) }) {
      return .failure(.negative(axis: axis))
    }
    let limit = UInt64(Int64.max)
    var elements = dims.first ?? 1
    if dims.contains(0) {
      elements = 0
    } else {
      // ggml asserts this with "<" and its reader once checked "<=": the equal case aborts it. A missing
      // second extent counts as 1.
      if dims.count < 2 && elements >= limit { return .failure(.tooManyElements) }
      for extent in dims.dropFirst() {
        if limit / extent <= elements { return .failure(.tooManyElements) }
        elements *= extent
      }
    }
    let (blocks, rest) = (dims.first ?? 1).quotientAndRemainder(dividingBy: UInt64(type.blockElements))
    if rest != 0 { return .failure(.rowNotBlocks) }
    if elements == 0 || blocks == 0 { return .success(0) }
    let (bytes, overflow) = (elements / UInt64(type.blockElements)).multipliedReportingOverflow(
      by: UInt64(type.blockBytes)
    )
    return overflow ? .failure(.tooManyBytes) : .success(bytes)
  }
}

extension UInt64 {
  /// The next multiple of `alignment`, a power of two; nil where it exceeds 64 bits.
  func padded(to alignment: UInt64) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }
}
