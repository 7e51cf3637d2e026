internal import ModelIR

extension KnowledgeFinding {
  /// The finding in one line, for people: `tensor "w_scale": 3 blocks along axis 0 (shape [3, 6]), needs 4 (shape
  /// [4, 6]) for weight "w" of DequantizeLinear "dq"`. Names are the file's: escape the line before it reaches a
  /// terminal.
  package func text(in model: ONNXModel) -> String {
    func name(_ number: Int) -> String {
      model.tensors.indices.contains(number) ? model.tensors[number].scopedName.text : "?"
    }
    let what = tensor == weight ? "" : " for weight \"\(name(weight))\""
    return
      "tensor \"\(name(tensor))\": \(has), needs \(needs)\(what) of \(model.title(ofNode: node, in: graph))"
  }
}
