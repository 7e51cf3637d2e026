import TestSupport

/// An ONNX model in which a weight is dequantized, built field by field.
struct QuantizedGraph {
  /// A stored tensor: its name, ONNX's number of its type, its extents and its bytes.
  struct Stored {
    var name: String
    var type: Int64
    var extents: [Int]
    var data: [UInt8]
  }

  /// ONNX's numbers of types.
  enum Number {
    static let float: Int64 = 1
    static let uint8: Int64 = 2
    static let int8: Int64 = 3
    static let int32: Int64 = 6
    static let half: Int64 = 10
    static let brain: Int64 = 16
    static let uint4: Int64 = 21
    static let int4: Int64 = 22
    static let e2m1: Int64 = 23
    static let e8m0: Int64 = 24
  }

  /// A node: an operator, its domain, and what it reads and makes.
  struct Node {
    var operation: String
    var domain = ""
    var inputs: [String]
    var output: String
    var attributes: [(name: String, value: Int64)] = []
  }

  var tensors: [Stored] = []
  var nodes: [Node] = []

  /// Adds a weight that `DequantizeLinear` reads, and a product with it.
  mutating func add(
    _ weight: Stored,
    scale: Stored,
    zeroPoint: Stored? = nil,
    axis: Int = 1,
    block: Int = 0,
    turned: Bool = false
  ) {
    tensors += [weight, scale] + (zeroPoint.map { [$0] } ?? [])
    nodes.append(
      Node(
        operation: "DequantizeLinear",
        inputs: [weight.name, scale.name] + (zeroPoint.map { [$0.name] } ?? []),
        output: weight.name + "_reals",
        attributes: [("axis", Int64(axis))] + (block == 0 ? [] : [("block_size", Int64(block))])
      )
    )
    nodes.append(
      Node(
        operation: turned ? "Gemm" : "MatMul",
        inputs: ["x", weight.name + "_reals"],
        output: weight.name + "_y",
        attributes: turned ? [("transB", 1)] : []
      )
    )
  }

  /// Adds a weight of `MatMulNBits`.
  mutating func addNBits(
    _ weight: Stored,
    scale: Stored,
    zeroPoint: Stored? = nil,
    rows: Int,
    columns: Int,
    bits: Int,
    block: Int
  ) {
    tensors += [weight, scale] + (zeroPoint.map { [$0] } ?? [])
    nodes.append(
      Node(
        operation: "MatMulNBits",
        domain: "com.microsoft",
        inputs: ["x", weight.name, scale.name] + (zeroPoint.map { [$0.name] } ?? []),
        output: weight.name + "_y",
        attributes: [
          ("K", Int64(columns)), ("N", Int64(rows)), ("bits", Int64(bits)), ("block_size", Int64(block)),
        ]
      )
    )
  }

  /// The file.
  var bytes: [UInt8] {
    ProtoBuilder { model in
      model.integer(1, 11)
      model.message(7) { graph in
        for node in nodes {
          graph.message(1) { message in
            for input in node.inputs { message.text(1, input) }
            message.text(2, node.output)
            message.text(4, node.operation)
            for (name, value) in node.attributes {
              message.message(5) {
                $0.text(1, name)
                $0.integer(3, value)
                $0.integer(20, 2)
              }
            }
            if !node.domain.isEmpty { message.text(7, node.domain) }
          }
        }
        graph.text(2, "main")
        for tensor in tensors {
          graph.message(5) {
            $0.tensorHead(tensor.name, type: tensor.type, tensor.extents.map(Int64.init))
            $0.bytes(9, tensor.data)
          }
        }
      }
      model.message(8) { $0.integer(2, 23) }
      model.message(8) {
        $0.text(1, "com.microsoft")
        $0.integer(2, 1)
      }
    }.bytes
  }

  /// Numbers of so many bits, the lowest first, without gaps.
  static func packed(_ numbers: [Int], bits: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (numbers.count * bits + 7) / 8)
    for (index, number) in numbers.enumerated() {
      for bit in 0..<bits where number >> bit & 1 == 1 {
        bytes[(index * bits + bit) / 8] |= 1 << UInt8((index * bits + bit) % 8)
      }
    }
    return bytes
  }

  /// Little-endian elements of so many bytes.
  static func bytes(_ elements: [UInt64], width: Int) -> [UInt8] {
    elements.flatMap { element in (0..<width).map { UInt8(truncatingIfNeeded: element >> UInt64($0 * 8)) } }
  }
}
