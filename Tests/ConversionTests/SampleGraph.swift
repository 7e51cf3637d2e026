import TestSupport

/// An ONNX model of matrix products and a convolution, built field by field.
struct SampleGraph {
  /// A weight: its name, ONNX's number of its type, its extents and little-endian elements.
  struct Weight {
    var name: String
    var type: Int64
    var extents: [Int64]
    var data: [UInt8]
  }

  /// Which operator reads a weight.
  enum Reader {
    /// `MatMul`, as its second input.
    case product
    /// `Gemm` with `transB`.
    case turnedProduct
    /// `Gather`, as a table.
    case lookUp
  }

  var weights: [(weight: Weight, reader: Reader)] = []
  var version: Int64 = 10
  var operatorSet: Int64 = 21
  /// Where elements lie, if not in the model: the file, and where each weight's start.
  var external: (location: String, offsets: [UInt64])?

  /// The file.
  var bytes: [UInt8] {
    ProtoBuilder { model in
      model.integer(1, version)
      model.text(2, "sample")
      model.message(7) { graph in
        for (number, (weight, reader)) in weights.enumerated() {
          graph.message(1) { node in
            let isTable = reader == .lookUp
            node.text(1, isTable ? weight.name : "x\(number)")
            node.text(1, isTable ? "x\(number)" : weight.name)
            node.text(2, "y\(number)")
            node.text(3, "node \(number)")
            node.text(4, isTable ? "Gather" : reader == .product ? "MatMul" : "Gemm")
            if reader == .turnedProduct {
              node.message(5) { attribute in
                attribute.text(1, "transB")
                attribute.integer(3, 1)
                attribute.integer(20, 2)
              }
            }
          }
        }
        graph.text(2, "main")
        for (number, (weight, _)) in weights.enumerated() {
          graph.message(5) { tensor in
            tensor.tensorHead(weight.name, type: weight.type, weight.extents)
            if let external {
              tensor.external("location", external.location)
              tensor.external("offset", "\(external.offsets[number])")
              tensor.external("length", "\(weight.data.count)")
              tensor.integer(14, 1)
            } else {
              tensor.bytes(9, weight.data)
            }
          }
        }
      }
      model.message(8) { $0.integer(2, operatorSet) }
      model.message(14) { entry in
        entry.text(1, "purpose")
        entry.text(2, "test")
      }
    }.bytes
  }

  /// A weight of F32 elements by their bits.
  static func weight(_ name: String, _ extents: [Int64], _ bits: [UInt32]) -> Weight {
    Weight(
      name: name,
      type: 1,
      extents: extents,
      data: bits.flatMap { bits in (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32($0 * 8)) } }
    )
  }

  /// Random F32 bits, so many of a hundred of them zero; -0.0 and NaNs among the others.
  static func bits(_ count: Int, zeros: Int, _ generator: inout SeededGenerator) -> [UInt32] {
    (0..<count).map { _ in
      if Int(truncatingIfNeeded: generator.next() % 100) < zeros { return 0 }
      switch generator.next() % 16 {
      case 0: return 0x8000_0000
      case 1: return 0x7FC0_0001
      default: return UInt32(truncatingIfNeeded: generator.next()) | 1
      }
    }
  }
}
