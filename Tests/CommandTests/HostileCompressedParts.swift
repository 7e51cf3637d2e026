import TestSupport

extension HostileCompressedFolder {
  /// Parts that are missing: each of each format.
  static let missing: [Self] = missingParts.map { golden, name, format in
    tensors("without \(name) of \(golden)", golden, name, "missing", format) { $0[name] = nil }
  }

  private static let missingParts: [(String, String, String)] = [
    ("01", "fc1.bitmask", "sparse-bitmask"), ("01", "fc1.compressed", "sparse-bitmask"),
    ("01", "fc1.shape", "sparse-bitmask"), ("01", "fc1.row_offsets", "sparse-bitmask"),
    ("04", "fc2.bitmask", "sparse"), ("04", "fc2.compressed", "sparse"), ("04", "fc2.shape", "sparse"),
    ("22", "fc1.weight.bitmask", "sparse-bitmask"), ("22", "norm.weight.shape", "sparse-bitmask"),
    ("08", "fc1.weight_packed", "marlin-24"), ("08", "fc1.scale_packed", "marlin-24"),
    ("08", "fc1.meta", "marlin-24"),
    ("10", "fc1.weight_scale", "pack-quantized"), ("10", "fc2.weight_shape", "pack-quantized"),
    ("10", "fc1.weight_zero_point", "pack-quantized"), ("11", "fc2.weight_zero_point", "int-quantized"),
    ("10", "fc1.weight_packed", "pack-quantized"), ("16", "fc1.weight_packed", "nvfp4-pack-quantized"),
    ("11", "fc1.weight", "int-quantized"), ("12", "fc3.weight", "float-quantized"),
    ("16", "fc1.weight_scale", "nvfp4-pack-quantized"),
    ("16", "fc1.weight_global_scale", "nvfp4-pack-quantized"),
    ("17", "fc1.weight_scale", "mxfp4-pack-quantized"), ("19", "fc1.weight", "mxfp8-quantized"),
  ]

  /// Tensors that stand beside the parts that make them.
  static let doubled: [Self] = [
    tensors("a dense weight beside sparse-bitmask", "01", "fc1.weight", "beside") {
      $0["fc1.weight"] = .init("fc1.weight", "F32", [1, 1], [0, 0, 0, 0])
    },
    tensors("a dense weight beside sparse-24-bitmask", "04", "fc2.weight", "beside") {
      $0["fc2.weight"] = .init("fc2.weight", "F32", [1, 1], [0, 0, 0, 0])
    },
    tensors("parts under both namings", "01", "fc1.weight", "beside", to: ["--type", "bf16"]) { tensors in
      for part in ["bitmask", "compressed", "shape", "row_offsets"] {
        guard let entry = tensors["fc1." + part] else { continue }
        tensors["fc1.weight." + part] = .init("fc1.weight." + part, entry.type, entry.shape, entry.data)
      }
    },
    tensors("a scale beside marlin's", "08", "fc1.weight_scale", "beside") {
      $0["fc1.weight_scale"] = .init("fc1.weight_scale", "F16", [64, 4], [UInt8](repeating: 0, count: 512))
    },
    tensors("a shape beside marlin's", "09", "fc1.weight_shape", "beside") {
      $0["fc1.weight_shape"] = .init("fc1.weight_shape", "I64", [2], elements: [64, 256])
    },
    tensors(
      "a dense weight beside packed words",
      "10",
      "fc1.weight_packed",
      "beside",
      to: ["--type", "bf16"]
    ) {
      $0["fc1.weight"] = .init("fc1.weight", "BF16", [1, 1], [0, 0])
    },
  ]

  /// Parts of a wrong type.
  static let types: [Self] =
    wrongTypes.map { golden, name, type in
      tensors("\(name) of \(golden) as \(type)", golden, name, "dtype", type) { $0.reshape(name, type: type) }
    } + scaleTypes

  private static let wrongTypes: [(String, String, String)] = [
    ("01", "fc1.bitmask", "I8"), ("01", "fc1.shape", "I32"), ("01", "fc1.row_offsets", "I32"),
    ("04", "fc1.shape", "U8"), ("08", "fc1.weight_packed", "F32"), ("08", "fc1.meta", "F16"),
    ("08", "fc1.scale_packed", "F32"), ("10", "fc1.weight_packed", "I64"), ("10", "fc1.weight_shape", "F32"),
    ("10", "fc1.weight_zero_point", "U8"), ("10", "fc1.weight_scale", "F64"),
    ("11", "fc1.weight_scale", "I16"), ("11", "fc2.weight_zero_point", "U8"),
    ("16", "fc1.weight_global_scale", "BF16"), ("17", "fc1.weight_scale", "I8"),
    ("18", "fc1.weight_scale", "BF16"),
  ]

  private static let scaleTypes: [Self] = [
    // The type of the scales tells the formats apart.
    tensors("scales of another format", "16", "fc1.weight_packed", "nvfp4-pack-quantized") {
      $0.reshape("fc1.weight_scale", type: "BF16")
    },
    tensors("scales that are no powers of two", "19", "fc1.weight", "mxfp8-quantized") {
      $0.reshape("fc1.weight_scale", type: "BF16")
    },
  ]

  /// Parts of a wrong shape.
  static let shapes: [Self] = wrongShapes.map { golden, name, shape in
    tensors("\(name) of \(golden) as \(shape)", golden, name, "shape") { $0.reshape(name, shape: shape) }
  }

  private static let wrongShapes: [(String, String, [UInt64])] = [
    ("01", "fc1.bitmask", [24, 4]), ("01", "fc1.bitmask", [23, 3]), ("01", "fc1.bitmask", [72]),
    ("01", "fc1.row_offsets", [25]), ("01", "fc1.row_offsets", [24, 1]), ("01", "fc1.compressed", [231, 1]),
    ("01", "fc1.shape", []), ("01", "fc1.shape", [2, 1, 1]), ("01", "fc1.shape", [1, 2]),
    ("01", "fc1.shape", [65]), ("04", "fc1.compressed", [32, 31]), ("04", "fc1.compressed", [1024]),
    ("08", "fc1.scale_packed", [4, 63]), ("08", "fc1.scale_packed", [0, 64]),
    ("08", "fc1.scale_packed", [2, 64]),
    ("09", "fc1.scale_packed", [3, 64]), ("10", "fc1.weight_shape", [3]), ("10", "fc1.weight_shape", [2, 1]),
    ("10", "fc1.weight_packed", [24, 9]), ("10", "fc1.weight_packed", [192]),
    ("10", "fc1.weight_scale", [24, 3]),
    ("10", "fc1.weight_scale", [2, 24]), ("10", "fc2.weight_scale", [20]),
    ("10", "fc2.weight_scale", [19, 1]),
    ("10", "fc1.weight_zero_point", [3, 3]), ("10", "fc1.weight_zero_point", [24, 2]),
    ("11", "fc2.weight_zero_point", [12]), ("11", "fc1.weight", [512]), ("12", "fc1.weight_scale", [2]),
    ("12", "fc3.weight_scale", [2, 3]), ("12", "fc3.weight_scale", [1, 2]),
    ("16", "fc1.weight_packed", [16, 33]), ("16", "fc1.weight_scale", [16, 5]),
    ("16", "fc1.weight_global_scale", [2]), ("16", "fc1.weight_packed", [512]),
    ("17", "fc1.weight_packed", [16, 40]), ("17", "fc1.weight_scale", [16]),
    ("18", "fc1.weight_packed", [16, 47]),
    ("18", "fc1.weight_scale", [16, 3]), ("19", "fc1.weight", [16, 65]), ("19", "fc1.weight_scale", [16, 3]),
  ]

  /// Shapes in tensors that lie.
  static let lies: [Self] =
    lyingShapes.map { description, blamed, extents in
      tensors("\(description) in .shape", "01", blamed) {
        $0["fc1.shape"] = .init("fc1.shape", "I64", [UInt64(extents.count)], elements: extents)
      }
    } + otherLies

  private static let lyingShapes: [(String, String, [UInt64])] = [
    ("other rows", "fc1.bitmask", [23, 20]), ("other mask bytes", "fc1.bitmask", [24, 25]),
    ("a shape with a negative extent", "fc1.shape", [24, UInt64(bitPattern: -20)]),
    ("a shape of 2^62 elements of 4 bytes", "fc1.shape", [1 << 31, 1 << 31]),
    ("a shape beyond 64 bits", "fc1.shape", [1 << 62, 1 << 62]),
    ("an empty shape with a huge extent", "fc1.bitmask", [0, UInt64(Int64.max)]),
    ("a scalar", "fc1.bitmask", []), ("three axes", "fc1.bitmask", [24, 4, 5]),
  ]

  private static let otherLies: [Self] = [
    tensors("columns that hide within the last byte", "01", "fc1.weight", "row 0") {
      $0["fc1.shape"] = .init("fc1.shape", "I64", [2], elements: [24, 17])
    },
    tensors("65 axes in .shape", "01", "fc1.shape", "shape") {
      $0["fc1.shape"] = .init("fc1.shape", "I64", [65], elements: [UInt64](repeating: 1, count: 65))
    },
    tensors("an odd length in .shape of two of four", "04", "fc2.shape") {
      $0["fc2.shape"] = .init("fc2.shape", "I64", [2, 1], elements: [8, 19])
    },
    tensors("weight_shape with other rows", "10", "fc1.weight_shape", "rows") {
      $0["fc1.weight_shape"] = .init("fc1.weight_shape", "I64", [2], elements: [25, 64])
    },
    tensors("weight_shape with other columns", "10", "fc1.weight_packed", "shape") {
      $0["fc1.weight_shape"] = .init("fc1.weight_shape", "I64", [2], elements: [24, 65])
    },
    tensors("weight_shape with a negative extent", "10", "fc1.weight_shape", "negative") {
      $0["fc1.weight_shape"] = .init("fc1.weight_shape", "I64", [2], elements: [24, .max])
    },
    tensors("weight_shape beyond 64 bits", "10", "fc1.weight_shape") {
      $0["fc1.weight_shape"] = .init("fc1.weight_shape", "I64", [2], elements: [1 << 62, 1 << 62])
    },
    tensors("weight_shape of 2^62 columns", "10", "fc1.weight_shape") {
      $0["fc1.weight_shape"] = .init("fc1.weight_shape", "I64", [2], elements: [24, 1 << 60])
    },
  ]

  /// Values that contradict other parts.
  static let values: [Self] = [
    tensors("a mask with a bit more than values", "01", "fc1.weight", to: ["--layout", "dense"]) {
      $0.setElements("fc1.bitmask") { $0[0] ^= 1 }
    },
    tensors("a value less than bits", "01", "fc1.weight") { $0.reshape("fc1.compressed", shape: [230]) },
    tensors("a value more than bits", "01", "fc1.weight") { $0.reshape("fc1.compressed", shape: [232]) },
    tensors("a bit behind the last column", "01", "fc1.weight", "row 7") {
      $0.setElements("fc1.bitmask") { $0[23] |= 0x80 }
    },
    tensors("a mask without bits", "01", "fc1.weight") {
      $0.setElements("fc1.bitmask") { for index in $0.indices { $0[index] = 0 } }
    },
    tensors("contradictions are found where parts are copied, too", "01", "fc1.weight", to: []) {
      $0.setElements("fc1.bitmask") { $0[0] ^= 1 }
    },
    tensors("three bits of four in two of four", "04", "fc1.weight") {
      $0.setElements("fc1.bitmask") { $0[0] |= 7 }
    },
    tensors("a kept place that marlin has not", "08", "fc1.meta", "row 0", "column 0") {
      $0.setElements("fc1.meta") { $0[0] &= ~0xF }
    },
    tensors(
      "a kept place that marlin has not, behind others",
      "09",
      "fc1.meta",
      "row",
      "column",
      to: ["--type", "f16"]
    ) {
      $0.setElements("fc1.meta") { $0[777] &= ~0xF0 }
    },
    tensors("a kept place that CUTLASS has not", "21", "f16.meta", "row 0", "column 0") {
      $0.setElements("f16.meta") { $0[0] &= ~0xF }
    },
    tensors("a kept place that CUTLASS has not in pairs", "21", "f32.meta", "row", "column") {
      $0.setElements("f32.meta") { $0[200] = $0[200] & ~0xF | 9 }
    },
    tensors("a global scale of 0", "16", "fc1.weight_global_scale", "finite", to: ["--type", "bf16"]) {
      $0.setElements("fc1.weight_global_scale") { $0[0] = 0 }
    },
    tensors("a global scale of NaN", "16", "fc1.weight_global_scale", "nan") {
      $0.setElements("fc1.weight_global_scale") { $0[0] = 0x7FC0_0000 }
    },
    tensors("an infinite global scale", "20", "fc1.weight_global_scale", "inf") {
      $0.setElements("fc1.weight_global_scale") { $0[0] = 0xFF80_0000 }
    },
    tensors(
      "a group behind the last",
      "10",
      "fc1.weight_g_idx",
      "column 5",
      "group 2",
      to: ["--type", "bf16"]
    ) {
      $0["fc1.weight_g_idx"] = .init(
        "fc1.weight_g_idx",
        "I32",
        [64],
        elements: (0..<64).map { $0 == 5 ? 2 : 0 }
      )
    },
    tensors("a negative group", "10", "fc1.weight_g_idx", "column 63", "group -2") {
      $0["fc1.weight_g_idx"] = .init(
        "fc1.weight_g_idx",
        "I32",
        [64],
        elements: (0..<64).map { $0 == 63 ? .max - 1 : 1 }
      )
    },
    tensors("groups for fewer columns", "10", "fc1.weight_g_idx", "shape") {
      $0["fc1.weight_g_idx"] = .init(
        "fc1.weight_g_idx",
        "I32",
        [63],
        elements: [UInt64](repeating: 0, count: 63)
      )
    },
    tensors("groups as floats", "10", "fc1.weight_g_idx", "dtype") {
      $0["fc1.weight_g_idx"] = .init(
        "fc1.weight_g_idx",
        "F32",
        [64],
        elements: [UInt64](repeating: 0, count: 64)
      )
    },
  ]

  /// Extents without elements, as large as numbers get.
  static let extremes: [Self] = {
    func config(_ weights: String) -> String {
      """
      {"quantization_config": {"quant_method": "compressed-tensors", "version": "0.20.0", "config_groups":
       {"g": {"targets": ["Linear"], "weights": {"num_bits": 8, \(weights)}}}}}
      """
    }
    let block = config(#""strategy": "block", "block_structure": [128, 128]"#)
    return [
      own(
        "blocks of 2^64 - 1 rows",
        block,
        [
          .init("m.weight", "I8", [.max, 0], []), .init("m.weight_scale", "BF16", [1, 0], []),
        ],
        names: "model.safetensors",
        "m.weight_scale",
        "shape"
      ),
      own(
        "blocks of 2^64 - 1 columns",
        block,
        [
          .init("m.weight", "I8", [0, .max], []), .init("m.weight_scale", "BF16", [0, 1], []),
        ],
        names: "model.safetensors",
        "m.weight_scale",
        "shape"
      ),
      own(
        "groups in 2^64 - 1 columns",
        config(#""strategy": "group", "group_size": 3"#),
        [
          .init("m.weight", "I8", [0, .max], []), .init("m.weight_scale", "BF16", [0, 1], []),
        ],
        names: "model.safetensors",
        "m.weight_scale",
        "shape"
      ),
      own(
        "2^63 - 1 columns in words",
        config(#""strategy": "channel""#),
        [
          .init("m.weight_packed", "I32", [0, 5], []), .init("m.weight_scale", "BF16", [0, 1], []),
          .init("m.weight_shape", "I64", [2], elements: [0, UInt64(Int64.max)]),
        ],
        names: "model.safetensors",
        "m.weight_packed",
        "shape"
      ),
    ]
  }()
}
