internal import ModelIR

/// How a scale lies over what it scales: its granularity, or what does not fit.
enum ParameterFit {
  /// It fits; axes are those of the value that the node reads.
  case fits(WeightQuantization.Granularity)
  /// It does not.
  case misfit(KnowledgeFinding.Problem, has: String, needs: String)

  /// The scale of `DequantizeLinear`: one, one per index of an axis, or one per block along it.
  /// (ONNX, DequantizeLinear-21.)
  static func linear(_ scale: Shape, over extents: [UInt64], axis wanted: Int64, block: Int64) -> ParameterFit
  {
    if block == 0, scale.elementCount == 1, scale.rank <= 1 { return .fits(.tensor) }
    guard let axis = TensorView.axis(wanted, rank: extents.count) else {
      return .misfit(.axis, has: "axis \(wanted)", needs: "an axis of a tensor of rank \(extents.count)")
    }
    if block == 0 {
      guard scale.rank == 1 else {
        return .misfit(
          .scaleShape,
          has: "shape \(scale)",
          needs: "one scale, or \(extents[axis]) for axis \(axis)"
        )
      }
      guard scale.extents[0] == extents[axis] else {
        return .misfit(
          .scaleLength,
          has: "\(scale.extents[0]) scales for axis \(axis)",
          needs: "\(extents[axis])"
        )
      }
      return .fits(.channel(axis: axis))
    }
    guard block > 0 else { return .misfit(.attribute, has: "block_size \(block)", needs: "1 or more") }
    return blocked(scale, over: extents, axis: axis, size: UInt64(block))
  }

  /// One scale per block of that size along an axis.
  static func blocked(_ scale: Shape, over extents: [UInt64], axis: Int, size: UInt64) -> ParameterFit {
    var needed = extents
    needed[axis] = blockCount(extents[axis], size)
    if scale.extents == needed { return .fits(.blocked(axis: axis, size: size)) }
    let needs = Shape(needed)?.description ?? "?"
    guard scale.rank == needed.count,
      scale.extents.indices.allSatisfy({ $0 == axis || scale.extents[$0] == needed[$0] })
    else { return .misfit(.scaleShape, has: "shape \(scale)", needs: "shape \(needs)") }
    return .misfit(
      .blockCount,
      has: "\(scale.extents[axis]) blocks along axis \(axis) (shape \(scale))",
      needs: "\(needed[axis]) (shape \(needs))"
    )
  }

  /// One scale, or one per index of an axis, as a list or with all other axes of extent 1; or one per row of the
  /// axes around the summed one. (ONNX, QLinearMatMul-21.)
  static func channel(_ scale: Shape, over extents: [UInt64], axis: Int?) -> ParameterFit {
    if scale.elementCount == 1, scale.rank <= max(extents.count, 1) { return .fits(.tensor) }
    guard let axis else {
      return .misfit(.scaleShape, has: "shape \(scale)", needs: "one scale")
    }
    if scale.rank == 1 {
      guard scale.extents[0] == extents[axis] else {
        return .misfit(
          .scaleLength,
          has: "\(scale.extents[0]) scales for axis \(axis)",
          needs: "\(extents[axis])"
        )
      }
      return .fits(.channel(axis: axis))
    }
    let isBroadcast =
      scale.rank == extents.count && scale.extents[axis] == extents[axis]
      && scale.extents.indices.allSatisfy { scale.extents[$0] == 1 || scale.extents[$0] == extents[$0] }
    guard isBroadcast else {
      return .misfit(
        .scaleShape,
        has: "shape \(scale)",
        needs: "one scale, or \(extents[axis]) for axis \(axis)"
      )
    }
    if scale.elementCount == extents[axis] { return .fits(.channel(axis: axis)) }
    return .fits(.blockShape(scale.extents.indices.map { scale.extents[$0] == 1 ? extents[$0] : 1 }))
  }

  /// One scale per direction, or per direction and gate, of `[dirs, inputs, gates]`.
  static func recurrent(_ scale: Shape, over extents: [UInt64]) -> ParameterFit {
    if extents.count == 3 {
      if scale.elementCount == 1 { return .fits(.tensor) }
      if scale.extents == [extents[0]] { return .fits(.channel(axis: 0)) }
      if scale.extents == [extents[0], extents[2]] { return .fits(.blockShape([1, extents[1], 1])) }
    }
    return .misfit(.scaleShape, has: "shape \(scale)", needs: "[directions] or [directions, gates]")
  }

  /// One scale per block along an axis; axes that scales have only once are shared. (ONNX Runtime's
  /// GatherBlockQuantized.)
  static func gathered(_ scale: Shape, over extents: [UInt64], axis wanted: Int64, block: Int64)
    -> ParameterFit
  {
    guard let axis = TensorView.axis(wanted, rank: extents.count) else {
      return .misfit(.axis, has: "axis \(wanted)", needs: "an axis of a tensor of rank \(extents.count)")
    }
    guard block > 0 else { return .misfit(.attribute, has: "block_size \(block)", needs: "1 or more") }
    let size = UInt64(block)
    if scale.rank == extents.count, scale.extents[axis] == blockCount(extents[axis], size),
      scale.extents.indices.contains(where: { $0 != axis && scale.extents[$0] == 1 && extents[$0] > 1 }),
      scale.extents.indices.allSatisfy({
        $0 == axis || scale.extents[$0] == 1 || scale.extents[$0] == extents[$0]
      })
    {
      return .fits(
        .blockShape(
          extents.indices.map { $0 == axis ? size : scale.extents[$0] == 1 ? extents[$0] : 1 }
        )
      )
    }
    return blocked(scale, over: extents, axis: axis, size: size)
  }

  /// The number of blocks of a size, the last one possibly shorter.
  static func blockCount(_ extent: UInt64, _ size: UInt64) -> UInt64 {
    extent / size + (extent % size == 0 ? 0 : 1)
  }
}

extension WeightQuantization.Granularity {
  /// The same in axes of the stored tensor; unknown where an axis is not there.
  func stored(_ view: TensorView, rank: Int) -> WeightQuantization.Granularity {
    guard let axes = view.axes else { return self == .tensor ? .tensor : .unknown }
    func source(_ axis: Int) -> Int? { axes.indices.contains(axis) ? axes[axis].source : nil }
    switch self {
    case .tensor, .unknown, .flatRuns: return self
    case .channel(let axis): return source(axis).map { .channel(axis: $0) } ?? .unknown
    case .blocked(let axis, let size): return source(axis).map { .blocked(axis: $0, size: size) } ?? .unknown
    case .blockShape(let extents):
      guard view.lostBy == nil, extents.count == axes.count else { return .unknown }
      var result = [UInt64](repeating: 1, count: rank)
      for (axis, extent) in zip(axes, extents) {
        if let source = axis.source { result[source] = extent }
      }
      return .blockShape(result)
    }
  }
}
