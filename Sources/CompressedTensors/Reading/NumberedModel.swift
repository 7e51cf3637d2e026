package import ModelIR
internal import Quantizing
internal import SparseCoding

/// A model's weights as the numbers that they stand for, each on its own: one that has none does not stand in the way
/// of the others.
///
/// Memory: a tensor's description for each weight; numbers are computed while they are read.
package struct NumberedModel: Sendable {
  /// How far from zero rounding makes zeros of a weight's elements.
  package enum Reach: Sendable {
    /// As far for each.
    case same(Double)
    /// As far as this tells for each.
    case each(any ReachTelling)
    /// Why it is not known.
    case unknown(String)
  }

  /// A weight.
  package struct Weight: Sendable {
    /// Its numbers, in its logical shape, under the name that it has where nothing is quantized.
    package let numbers: Tensor
    /// How far from zero rounding makes zeros.
    package let reach: Reach
  }

  /// What a tensor is found to be.
  package enum Entry: Sendable {
    /// A weight with its numbers.
    case weight(Weight)
    /// A weight of this name, and why it has no numbers.
    case refused(TensorName, reason: String)
    /// No weight: a scale, a mask, an index.
    case other
  }

  /// The model with what is decoded.
  package private(set) var model: Model
  /// For each tensor of the model what it is.
  package private(set) var entries: [Entry] = []

  /// The numbers of the tensors of `model` that `isWanted` says are weights.
  /// - Parameter others: tensors that are no part of the model and may be looked up.
  /// - Throws: what reading throws; a weight that breaks a rule is an entry, not an error.
  package init(_ model: Model, lookingUp others: [Tensor], where isWanted: (Tensor) -> Bool) throws {
    var parts: [TensorName: Tensor] = [:]
    for tensor in others { parts[tensor.name] = tensor }
    for tensor in model.tensors { parts[tensor.name] = tensor }
    let weights = WeightNumbers(model: model, parts: parts)
    var assembly = Assembly(model, config: nil, assumptions: Assumptions())
    entries.reserveCapacity(model.tensors.count)
    for tensor in model.tensors {
      if !isWanted(tensor) {
        entries.append(.other)
        continue
      }
      let name = WeightNumbers.name(of: tensor)
      do {
        if name != tensor.name && parts[name] != nil { throw assembly.fault(tensor, .storedTwice) }
        entries.append(.weight(try Self.weight(name, tensor, weights, &assembly)))
      } catch let fault as PartFault {
        entries.append(.refused(name, reason: fault.diagnosis.reason))
      } catch let fault as ExpansionFault {
        entries.append(.refused(name, reason: fault.diagnosis.problem))
      }
    }
    self.model = model
    self.model.views = assembly.views
  }

  private static func weight(
    _ name: TensorName,
    _ tensor: Tensor,
    _ weights: WeightNumbers,
    _ assembly: inout Assembly
  ) throws -> Weight {
    if tensor.isExpansion { throw ExpansionFault(tensor, in: assembly.source(of: tensor)) }
    let isBlocks = tensor.quantization?.packing == Quantization.blockPacking
    guard isBlocks || BlockTranscoding.isWeight(tensor) else {
      let (type, name) = (tensor.elementType, tensor.name.text)
      guard ElementNumbers(type) != nil else {
        throw assembly.fault(tensor, .wrongScheme("\(type.name) stands for no numbers"))
      }
      // Codes without their scale are other numbers.
      if !type.isFloatingPoint || type.bitWidth == 8,
        ["_scale", "_scale_inv"].contains(where: { weights.parts[TensorName(name + $0)] != nil })
      {
        throw assembly.fault(tensor, .wrongScheme("has a scale and no scheme that can be dequantized"))
      }
      var plain = tensor
      plain.quantization = nil
      return Weight(numbers: plain, reach: Reach(of: type))
    }
    if tensor.logicalShape.elementCount == 0 {
      var none = tensor
      (none.name, none.elementType, none.shape, none.quantization) = (
        name, .float32, tensor.logicalShape, nil
      )
      none.storage = .dense(Region(file: tensor.storage.file, offset: 0, byteCount: 0))
      return Weight(numbers: none, reach: .same(0))
    }
    let found = isBlocks ? try weights.numbers(ofBlocks: tensor) : try weights.numbers(of: tensor)
    return Weight(
      numbers: try assembly.decodedTensor(
        name,
        found.type,
        tensor.logicalShape,
        from: found.matrix,
        blaming: tensor
      ),
      reach: found.reaches.map(Reach.each) ?? .unknown(tensor.blockType.stepProblem)
    )
  }
}

extension NumberedModel.Reach {
  /// That of elements that are numbers as they are stored: half the smallest subnormal for floats. A cast to nearest
  /// gives half-way cases to zero, whose code is even.
  fileprivate init(of type: ElementType) {
    if type.isFloatingPoint, let format = FloatFormat(type) {
      self = .same(format.value(ofBits: 1) / 2)
    } else {
      self = .unknown("\(type.name) without a scale")
    }
  }
}

extension GGMLType? {
  /// Why the steps between the numbers of a type do not start at zero.
  fileprivate var stepProblem: String {
    switch self {
    case let type? where [.q4_1, .q5_1, .q2_K, .q4_K, .q5_K].contains(type):
      "\(type.name) counts its steps from a minimum, not from zero"
    case let type?: "\(type.name) takes its numbers from a code book without steps"
    case nil: "its scheme has no steps that are known"
    }
  }
}

extension Diagnosis {
  /// What is wrong and what would be right, without where.
  fileprivate var reason: String { problem + (expected.map { " (\($0))" } ?? "") }
}
