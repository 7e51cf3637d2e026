internal import ModelIR

extension HeaderParser {
  mutating func readTensors(_ count: UInt64) throws {
    var seen = Set<TensorName>()
    var recentDims: [[UInt64]] = []
    for _ in 0..<count {
      let start = cursor.position
      let name = try readName()
      currentTensor = name
      guard seen.insert(name).inserted else { throw fault(.duplicateTensor, at: start) }
      let dims = try readDims(&recentDims)
      let type = try readTensorType(dims)
      let offset = try readWord(8, "a tensor's offset")
      header.tensors.append(GGUFTensorInfo(name: name, dims: dims, type: type, offset: offset))
      currentTensor = nil
    }
  }

  private mutating func readName() throws -> TensorName {
    let start = cursor.position
    let length = try readLength("a tensor's name")
    if length > UInt64(GGUFHeader.longestName) {
      try allow(.longName, or: .nameTooLong(length, limit: GGUFHeader.longestName), at: start)
    }
    guard length <= UInt64(GGUFHeader.longestLenientName) else {
      throw fault(.nameTooLong(length, limit: GGUFHeader.longestLenientName), at: start)
    }
    guard let text = try readText(length) else { throw fault(.nameNotUTF8, at: start) }
    if text.utf8.contains(0) { note(.nulInName, at: start) }
    return TensorName(text)
  }

  /// The extents, in memory of their own only if they differ from those of the tensors before.
  private mutating func readDims(_ recent: inout [[UInt64]]) throws -> [UInt64] {
    let start = cursor.position
    let rank = UInt32(truncatingIfNeeded: try readWord(4, "a tensor's number of dimensions"))
    guard rank <= UInt32(GGUFHeader.mostDimensions) else { throw fault(.tooManyDimensions(rank), at: start) }
    var dims: [UInt64] = []
    for _ in 0..<rank { dims.append(try readWord(lengthWidth, "a tensor's dimensions")) }
    if let known = recent.first(where: { $0 == dims }) { return known }
    if recent.count == 8 { recent.removeFirst() }
    recent.append(dims)
    return dims
  }

  /// The type, which goes together with the extents.
  private mutating func readTensorType(_ dims: [UInt64]) throws -> GGMLType {
    let start = cursor.position
    let number = UInt32(truncatingIfNeeded: try readWord(4, "a tensor's type"))
    guard let type = GGMLType(rawValue: number) else { throw fault(.unknownTensorType(number), at: start) }
    switch GGUFTensorInfo.byteCount(of: type, dims: dims) {
    case .success: return type
    case .failure(let problem): throw fault(GGUFFault.Rule(problem, type: type, dims: dims), at: start)
    }
  }
}

extension GGUFFault.Rule {
  /// The rule that extents break.
  init(_ problem: GGUFTensorInfo.SizeProblem, type: GGMLType, dims: [UInt64]) {
    switch problem {
    case .negative(let axis): self = .negativeDimension(axis: axis, dims[axis])
    case .tooManyElements: self = .tooManyElements
    case .rowNotBlocks: self = .rowNotBlocks(type, elements: dims.first ?? 1)
    case .tooManyBytes: self = .tooManyBytes
    }
  }
}
