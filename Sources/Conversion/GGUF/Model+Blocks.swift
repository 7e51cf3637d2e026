internal import GGUF
internal import ModelIR
internal import Quantizing

extension Model {
  /// Gives tensors of ggml's blocks a view of their codes, where their type holds a zero.
  mutating func attachBlockCodes() {
    var files: [Int: DecodedFile] = [:]
    var places: [(tensor: Int, file: Int, region: Region)] = []
    for (index, tensor) in tensors.enumerated() where tensor.quantization != nil {
      guard let matrix = BlockMatrix(codesOf: tensor, in: source(of: tensor)) else { continue }
      let file = file(of: tensor)
      var decoded =
        files.removeValue(forKey: file)
        ?? DecodedFile(named: self.files[file].source.displayName, over: self.files.map(\.source))
      if let bytes = matrix.byteCount, let start = decoded.append(matrix) {
        places.append((index, file, Region(file: 0, offset: start, byteCount: bytes)))
      }
      files[file] = decoded
    }
    var numbers: [Int: Int] = [:]
    for (file, decoded) in files.sorted(by: { $0.key < $1.key }) {
      numbers[file] = self.files.count + views.count
      views.append(ModelView(source: decoded, file: file))
    }
    for (index, file, region) in places {
      let tensor = tensors[index]
      let codes = Tensor(
        name: tensor.name,
        elementType: .int8,
        shape: tensor.logicalShape,
        storage: .dense(
          Region(file: numbers[file] ?? 0, offset: region.offset, byteCount: region.byteCount)
        )
      )
      tensors[index].views = TensorViews(codes: codes)
    }
  }

  /// For each type that cannot store a zero, how many tensors there are of it, named in the words of a warning.
  var zerolessBlocks: [Diagnosis] {
    var counts: [GGMLType: Int] = [:]
    for tensor in tensors where tensor.quantization != nil {
      if let type = tensor.blockType, !type.holdsZero { counts[type, default: 0] += 1 }
    }
    return counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { type, count in
      Diagnosis(
        .badData,
        "\(type.name) cannot store a zero: its zeros, if any, are other numbers",
        expected: "\(count) \(count == 1 ? "tensor" : "tensors") without a count of zeros"
      )
    }
  }
}
