internal import Dialect
internal import GGUF
internal import ModelIR

/// What a model's tensors and their parts are called in a GGUF file.
///
/// A name has at most 63 bytes there. A tensor with a longer one, or whose parts would have one, is called
/// `lacuna.` and its number in the model, as the manifest says.
struct GGUFNames: Sendable {
  private let numbers: [TensorName: Int]

  /// The names for a model of these tensors.
  init(_ tensors: [Tensor]) {
    var numbers: [TensorName: Int] = [:]
    numbers.reserveCapacity(tensors.count)
    for (number, tensor) in tensors.enumerated() { numbers[tensor.name] = number }
    self.numbers = numbers
  }

  /// The name of a tensor in a layout, or what the names of its parts start with.
  func stem(of tensor: TensorName, in layout: Layout) -> TensorName {
    fits(tensor, in: layout) ? tensor : alias(of: tensor)
  }

  /// The name of a part.
  func name(_ role: PartRole, of tensor: TensorName, in layout: Layout) -> TensorName {
    PartForm.gguf.name(role, of: stem(of: tensor, in: layout))
  }

  /// The name of a part that another tensor of the model has.
  func taken(by tensor: TensorName, in layout: Layout) -> TensorName? {
    LayoutParts.roles(of: layout).lazy.map { name($0, of: tensor, in: layout) }
      .first { numbers[$0] != nil }
  }

  private func fits(_ tensor: TensorName, in layout: Layout) -> Bool {
    let roles = LayoutParts.roles(of: layout)
    // No part's name is shorter than the tensor's.
    guard tensor.text.utf8.count <= GGUFHeader.longestName else { return false }
    return roles.allSatisfy {
      PartForm.gguf.name($0, of: tensor).text.utf8.count <= GGUFHeader.longestName
    }
  }

  private func alias(of tensor: TensorName) -> TensorName {
    guard var number = numbers[tensor] else { preconditionFailure("a tensor of the model") }
    // Steps of the number of tensors lead to no other tensor's alias.
    while true {
      let alias = TensorName(Manifest.keyPrefix + String(number))
      let isTaken =
        numbers[alias] != nil
        || PartRole.allCases.contains { numbers[PartForm.gguf.name($0, of: alias)] != nil }
      if !isTaken { return alias }
      number += numbers.count
    }
  }
}
