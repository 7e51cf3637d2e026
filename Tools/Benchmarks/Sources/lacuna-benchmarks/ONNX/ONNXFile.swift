/// Writes ONNX models: chains of matrix products with elementwise steps between them.
struct ONNXFile {
  /// What lies between two products: Relu, Sigmoid and Mul in turn.
  private static let steps = ["Relu", "Sigmoid", "Mul"]

  /// The extents of each product's weight, the reduced one first.
  var weights: [(rows: Int, columns: Int)]
  /// The steps behind each product.
  var stepsPerProduct = 0

  /// The nodes of the graph.
  var nodeCount: Int { weights.count * (1 + stepsPerProduct) }

  /// The bytes of all weights.
  var byteCount: Int { weights.reduce(0) { $0 + 4 * $1.rows * $1.columns } }

  /// As many products as that, of about `byteCount` bytes of weights, from `wide` features to few and back.
  init(products: Int, byteCount: Int, wide: Int, stepsPerProduct: Int) {
    let narrow = (byteCount / products / 4 / wide + 31) / 32 * 32
    weights = (0..<products).map { $0 % 2 == 0 ? (wide, narrow) : (narrow, wide) }
    self.stepsPerProduct = stepsPerProduct
  }

  /// One product with a square weight.
  init(square extent: Int) { weights = [(extent, extent)] }

  /// Writes the model, with weights that repeat the elements of `tiles` in turn.
  func write(_ tiles: [[UInt8]], to path: String) throws {
    let initializers = weights.enumerated().map { number, weight in initializer(number, weight) }
    var ends = WireBytes()
    ends.add(11, Self.value("x", features: weights[0].rows))
    ends.add(12, Self.value(output(of: weights.count - 1), features: weights[weights.count - 1].columns))
    let nodes = nodes()
    let graphBytes =
      nodes.bytes.count + initializers.reduce(0) { $0 + $1.bytes.count } + byteCount + ends.bytes.count
    var start = WireBytes()
    start.add(1, 8)
    start.add(2, "lacuna-benchmarks")
    start.open(7, byteCount: graphBytes)

    let file = try OpenFile(path)
    try file.write((start.bytes + nodes.bytes)[...])
    for (number, weight) in weights.enumerated() {
      try file.write(initializers[number].bytes[...])
      let tile = tiles[number % tiles.count]
      var left = 4 * weight.rows * weight.columns
      while left > 0 {
        let count = min(left, tile.count)
        try file.write(tile[..<count])
        left -= count
      }
    }
    var imports = WireBytes()
    imports.add(2, 17)
    var end = ends
    end.add(8, imports)
    try file.write(end.bytes[...])
  }

  /// The output of a product and its steps.
  private func output(of product: Int) -> String { "layer.\(product)/\(stepsPerProduct)" }

  private func nodes() -> WireBytes {
    var graph = WireBytes()
    for product in weights.indices {
      for step in 0...stepsPerProduct {
        let input =
          step > 0 ? "layer.\(product)/\(step - 1)" : product > 0 ? output(of: product - 1) : "x"
        let type = step == 0 ? "MatMul" : Self.steps[step % Self.steps.count]
        var node = WireBytes()
        node.add(1, input)
        if step == 0 { node.add(1, "layer.\(product).weight") }
        if type == "Mul" { node.add(1, input) }
        node.add(2, "layer.\(product)/\(step)")
        node.add(3, "/layer.\(product)/\(type)_\(step)")
        node.add(4, type)
        graph.add(1, node)
      }
    }
    graph.add(2, "main")
    return graph
  }

  /// What stands before the elements of an initializer.
  private func initializer(_ number: Int, _ weight: (rows: Int, columns: Int)) -> WireBytes {
    let byteCount = 4 * weight.rows * weight.columns
    var tensor = WireBytes()
    tensor.add(1, weight.rows)
    tensor.add(1, weight.columns)
    tensor.add(2, 1)
    tensor.add(8, "layer.\(number).weight")
    tensor.open(9, byteCount: byteCount)
    var field = WireBytes()
    field.open(5, byteCount: tensor.bytes.count + byteCount)
    return WireBytes(field, tensor)
  }

  /// A value of the type float and the shape [1, features].
  private static func value(_ name: String, features: Int) -> WireBytes {
    var shape = WireBytes()
    for extent in [1, features] {
      var dimension = WireBytes()
      dimension.add(1, extent)
      shape.add(1, dimension)
    }
    var tensor = WireBytes()
    tensor.add(1, 1)
    tensor.add(2, shape)
    var type = WireBytes()
    type.add(1, tensor)
    var value = WireBytes()
    value.add(1, name)
    value.add(2, type)
    return value
  }
}
