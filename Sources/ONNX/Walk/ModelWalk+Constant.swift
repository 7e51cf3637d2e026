internal import ModelIR

/// A `Constant` that holds plain numbers or strings instead of a tensor.
extension ModelWalk {
  /// Adds the tensor that it stands for; its message is the attribute's.
  mutating func addPlainConstant(
    _ fields: AttributeFields,
    _ field: WireField,
    _ frame: Int32,
    named name: String,
    of owner: AttributeOwner
  ) throws {
    let constant: (type: ONNXDataType, shape: Shape?, values: ONNXPayload)
    let scalar = Shape([])
    switch fields.name {
    case "value_float":
      guard let float = fields.float else { return }
      constant = (.float, scalar, .raw(float.content))
    case "value_int":
      guard let integer = fields.integer else { return }
      constant = (.int64, scalar, .typed(runs: [integer.content], encoding: .varint))
    case "value_string": constant = (.string, scalar, .none)
    case "value_floats":
      let runs = fields.floats.runs
      constant = (
        .float, .vector(fields.floats.count),
        runs.count > 1 ? .typed(runs: runs, encoding: .fixed32) : runs.first.map { .raw($0) } ?? .none
      )
    case "value_ints":
      let runs = fields.integers.runs
      constant = (
        .int64, .vector(fields.integers.count), runs.isEmpty ? .none : .typed(runs: runs, encoding: .varint)
      )
    case "value_strings": constant = (.string, .vector(fields.stringCount), .none)
    default: return
    }
    guard let shape = constant.shape else { return }
    let home = TensorHome(
      graph: owner.graph,
      place: owner.place(fields.name, number: nil),
      label: owner.label(fields.name, number: nil)
    )
    _ = try add(field, frame, home, name: name, constant.type, shape, constant.values, nil)
  }
}
