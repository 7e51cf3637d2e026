import TestSupport

/// A dense GGUF file of many types, shapes, names and keys, laid out as llama.cpp does it.
struct SampleGGUF {
  /// ggml's number of a type, and the bytes of an element.
  private static let types: [(name: String, number: UInt32, width: Int)] = [
    ("F32", 0, 4), ("F16", 1, 2), ("BF16", 30, 2), ("F64", 28, 8), ("I8", 24, 1), ("I16", 25, 2),
    ("I32", 26, 4), ("I64", 27, 8),
  ]
  /// The innermost extent first, as in the file.
  private static let dims: [[UInt64]] = [
    [], [7], [5, 3], [64, 2], [130, 1, 4], [4, 0], [9, 33], [3, 2, 2, 5], [300, 3],
  ]

  private(set) var bytes: [UInt8] = []

  /// Tensors whose elements are zero by `zeros` percent; every second one holds 2:4 besides.
  /// - Parameter isOrdinary: whether the file has an architecture that is another's.
  init(zeros: Int, isOrdinary: Bool = false, _ generator: inout SeededGenerator) {
    var file = GGUFBuilder()
    let alignment = [nil, 8, 64, 256][Int(generator.next() % 4)] as Int?
    file.alignment = alignment ?? 32
    let architecture =
      isOrdinary ? "llama" : ["", "llama", "lacuna", nil][Int(generator.next() % 4)] as String?
    if generator.next() % 2 == 0 { file.add("general.name", type: 8, file.form.text("naïve \"name\"")) }
    if let architecture { file.add("general.architecture", type: 8, file.form.text(architecture)) }
    file.add(
      "tokenizer.tokens",
      arrayOf: 8,
      count: 3,
      file.form.text("a") + file.form.text("") + file.form.text("\n")
    )
    if let alignment { file.add("general.alignment", u32: UInt32(alignment)) }
    file.add("last.number", type: 10, file.form.word(generator.next(), 8))
    var order = Self.types.indices.flatMap { type in Self.dims.indices.map { (type, $0) } }
    order.shuffle(using: &generator)
    for (number, (type, dims)) in order.enumerated() {
      let (type, dims) = (Self.types[type], Self.dims[dims])
      var name = "\(type.name).\(dims.count).\(number).weight"
      // Some that have no room for a suffix, and some for the shorter ones only.
      if number % 7 == 0 {
        name += String(repeating: "n", count: 60 + Int(generator.next() % 4) - name.utf8.count)
      }
      let data = Self.elements(type.width, dims, zeros: zeros, holds: number % 2 == 0, &generator)
      file.append(tensor: name, dims: dims, type: type.number, data)
    }
    // Blocks of Q8_0.
    file.append(tensor: "blocks", dims: [64, 2], type: 8, generator.bytes(4 * 34))
    bytes = file.bytes
  }

  private static func elements(
    _ width: Int,
    _ dims: [UInt64],
    zeros: Int,
    holds: Bool,
    _ generator: inout SeededGenerator
  ) -> [UInt8] {
    let columns = Int(dims.first ?? 1)
    let count = Int(dims.reduce(1, *))
    var bytes = [UInt8](repeating: 0, count: count * width)
    for element in 0..<count where Int(generator.next() % 100) >= zeros {
      if holds && (element % columns) % 4 > 1 { continue }
      for byte in 0..<width {
        bytes[element * width + byte] = UInt8(truncatingIfNeeded: generator.next())
      }
      // -0.0 is kept as well: its bits are not all zero.
      if generator.next() % 8 == 0 {
        for byte in 0..<width { bytes[element * width + byte] = byte == width - 1 ? 0x80 : 0 }
      }
    }
    return bytes
  }
}
