internal import ModelIR

/// Nodes that put a tensor together from a mask and its nonzeros, as ``BitmaskMessages`` writes them.
package struct BitmaskExpansion: Sendable, Hashable {
  /// The graph that holds all of them, as an index into ``ONNXModel/graphs``.
  package var graph: Int
  /// The nodes, from the first shift to the last reshape, as indices into the graph's. Nothing else reads what lies
  /// between.
  package var nodes: [Int]
  /// The name that the last one defines.
  package var output: String
  /// The mask, as an index into ``ONNXModel/tensors``.
  package var mask: Int
  /// A zero and the nonzeros, as an index into ``ONNXModel/tensors``.
  package var values: Int
  /// The tensors that say how, of which other expansions may share some, as indices into ``ONNXModel/tensors``.
  package var constants: [Int]
  /// The extents of the tensor, outermost first.
  package var extents: [UInt64]
}

extension BitmaskExpansion {
  /// Whether nothing but its own nodes reads what lies between them.
  func isClosed(in graph: ONNXGraph, uses: [TensorName: Int]) -> Bool {
    var own: [TensorName: Int] = [:]
    for node in nodes {
      for input in graph.nodes[node].inputs { own[TensorName(input), default: 0] += 1 }
    }
    return nodes.dropLast().allSatisfy { node in
      let name = TensorName(graph.nodes[node].outputs[0])
      return own[name] == uses[name]
    }
  }
}
