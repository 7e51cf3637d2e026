package import ModelIR

/// A tensor as a mask and its nonzeros, which nodes put together again when the model is loaded.
///
/// Every byte of the mask is shifted left by 7, 6 ... 0 and then right by 7, which leaves one bit in each of eight
/// columns. Their running sum numbers the nonzeros from 1 on; times the bit it is 0 for zeros, and so is the first
/// of the values. Such nodes fold to a constant in onnxruntime, at about 37 bytes of memory an element while it
/// loads.
package struct BitmaskMessages: Sendable {
  /// The names that the nodes and initializers of a tensor get. None may be in use.
  package struct Names: Sendable {
    /// The tensor's own: what the last node defines.
    package var tensor: String
    /// What the names of its own parts start with, before a dot: its own name, mostly.
    package var parts: String
    /// What the names of constants that all such tensors share start with.
    package var shared: String

    /// Names for a tensor.
    package init(tensor: String, parts: String? = nil, shared: String = "bitmask.") {
      self.tensor = tensor
      self.parts = parts ?? tensor
      self.shared = shared
    }

    /// A name of this tensor's parts.
    func part(_ part: String) -> String { "\(parts).\(part)" }

    /// The names that are new in the graph, the shared ones not among them.
    package var new: [String] {
      [
        "mask", "values", "shape", "count", "left", "bits", "integers", "flags", "cut", "sums", "places",
        "gathered",
      ]
      .map(part)
    }

    /// The names of the shared constants.
    package var newShared: [String] { ["shifts", "seven", "minusOne", "zero", "start"].map { shared + $0 } }
  }

  /// The names.
  package let names: Names
  /// The tensor, dense.
  package let header: TensorMessages.Header
  /// The nonzeros.
  package let nnz: UInt64
  private let elementCount: UInt64
  private let width: Int

  /// A tensor of one element at least.
  /// - Parameters:
  ///   - header: what it is, dense; its name is not used.
  ///   - shape: the same extents.
  ///   - nnz: how many nonzeros it has.
  ///   - width: the bytes of an element.
  package init(_ names: Names, _ header: TensorMessages.Header, _ shape: Shape, nnz: UInt64, width: Int) {
    self.names = names
    self.header = header
    self.nnz = nnz
    self.width = width
    elementCount = shape.elementCount
  }

  /// The bytes of the mask.
  package var maskByteCount: UInt64 { elementCount / 8 + (elementCount % 8 == 0 ? 0 : 1) }

  /// The initializers of this tensor, each a `TensorProto`; the payloads ``WireMessage/Payload/mask`` and
  /// ``WireMessage/Payload/values`` are to be streamed.
  /// - Throws: ``WireMessage/TooLarge``.
  package func initializers() throws(WireMessage.TooLarge) -> [WireMessage] {
    let (valueBytes, overflow) = nnz.multipliedReportingOverflow(by: UInt64(width))
    if overflow { throw WireMessage.TooLarge() }
    var values = header
    (values.name, values.extents) = (names.part("values"), [nnz + 1])
    let zero = [UInt8](repeating: 0, count: width)
    var messages = [
      try TensorMessages.raw(
        .init(name: names.part("mask"), type: .uint8, extents: [maskByteCount, 1]),
        .mask,
        byteCount: maskByteCount
      ),
      try TensorMessages.raw(values, byteCount: valueBytes, after: zero),
      Self.integers(names.part("shape"), header.extents, extents: [UInt64(header.extents.count)]),
    ]
    if isCut {
      messages.append(Self.integers(names.part("count"), [elementCount], extents: [1]))
    }
    return messages
  }

  /// Whether the mask has more bits than there are elements, so that some are cut off.
  var isCut: Bool { elementCount % 8 != 0 }

  /// The initializers that all such tensors of a model share, each a `TensorProto`.
  /// - Parameter isCut: whether some of them have a mask of more bits than elements.
  package static func sharedInitializers(_ names: Names, isCut: Bool = true) -> [WireMessage] {
    let all = [
      TensorMessages.raw(
        .init(name: names.shared + "shifts", type: .uint8, extents: [1, 8]),
        [7, 6, 5, 4, 3, 2, 1, 0]
      ),
      TensorMessages.raw(.init(name: names.shared + "seven", type: .uint8, extents: []), [7]),
      integers(names.shared + "minusOne", [.max], extents: [1]),
      integers(names.shared + "zero", [0], extents: []),
      integers(names.shared + "start", [0], extents: [1]),
    ]
    // Only cutting needs a start.
    return isCut ? all : all.dropLast()
  }

  /// The nodes, each a `NodeProto`, in the order in which they have to stand before those that read the tensor.
  /// - Throws: ``WireMessage/TooLarge``.
  package func nodes() throws(WireMessage.TooLarge) -> [WireMessage] {
    let shared = names.shared
    let integerType: ONNXDataType = nnz > UInt64(Int32.max) ? .int64 : .int32
    var nodes: [WireMessage] = []
    var flags = names.part("flags")
    nodes.append(
      try NodeMessages.node(
        "BitShift",
        [names.part("mask"), shared + "shifts"],
        names.part("left"),
        NodeMessages.attribute("direction", "LEFT")
      )
    )
    nodes.append(
      try NodeMessages.node(
        "BitShift",
        [names.part("left"), shared + "seven"],
        names.part("bits"),
        NodeMessages.attribute("direction", "RIGHT")
      )
    )
    nodes.append(
      try NodeMessages.node(
        "Cast",
        [names.part("bits")],
        names.part("integers"),
        NodeMessages.attribute("to", UInt64(integerType.rawValue))
      )
    )
    nodes.append(try NodeMessages.node("Reshape", [names.part("integers"), shared + "minusOne"], flags))
    if isCut {
      let cut = names.part("cut")
      nodes.append(try NodeMessages.node("Slice", [flags, shared + "start", names.part("count")], cut))
      flags = cut
    }
    nodes.append(try NodeMessages.node("CumSum", [flags, shared + "zero"], names.part("sums")))
    nodes.append(try NodeMessages.node("Mul", [names.part("sums"), flags], names.part("places")))
    nodes.append(
      try NodeMessages.node(
        "Gather",
        [names.part("values"), names.part("places")],
        names.part("gathered"),
        NodeMessages.attribute("axis", 0)
      )
    )
    nodes.append(
      try NodeMessages.node("Reshape", [names.part("gathered"), names.part("shape")], names.tensor)
    )
    return nodes
  }

  /// The bytes of initializers and nodes in their graph, tags and lengths included.
  /// - Throws: ``WireMessage/TooLarge``.
  func byteCountInGraph() throws(WireMessage.TooLarge) -> UInt64 {
    var graph = WireMessage()
    for initializer in try initializers() { try graph.append(5, initializer) }
    for node in try nodes() { try graph.append(1, node) }
    return graph.byteCount
  }

  /// A `TensorProto` of 64-bit integers.
  private static func integers(_ name: String, _ values: [UInt64], extents: [UInt64]) -> WireMessage {
    let bytes = values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
    return TensorMessages.raw(.init(name: name, type: .int64, extents: extents), bytes)
  }
}
