import Quantizing
import Testing

/// A layer whose codes have a byte each.
struct ByteLayer: CustomTestStringConvertible {
  let folder: String
  let layer: String
  var block = 1
  var testDescription: String { "\(folder) \(layer)" }
}

/// A layer of pack-quantized words.
struct PackedLayer: CustomTestStringConvertible {
  let folder: String
  let layer: String
  let bits: Int
  let arrangement: IntegerPacking.Arrangement
  var testDescription: String { "\(folder) \(layer)" }

  /// The layers of all files.
  static let all: [PackedLayer] =
    [
      Self(folder: "10-pack-quantized-padded-int32-0.14", layer: "fc1", bits: 4, arrangement: .padded),
      Self(folder: "10-pack-quantized-padded-int32-0.14", layer: "fc2", bits: 3, arrangement: .padded),
      Self(folder: "15-pack-quantized-asym", layer: "fc1", bits: 4, arrangement: .dense),
      Self(folder: "15-pack-quantized-asym", layer: "fc2", bits: 3, arrangement: .dense),
      Self(folder: "20-mixed-precision", layer: "fc2", bits: 4, arrangement: .dense),
    ]
    + (2...8).map {
      Self(
        folder: "14-pack-quantized-dense-2to8bit-0.20",
        layer: "w\($0)",
        bits: $0,
        arrangement: .dense
      )
    }
}

/// A layer of packed floats with a scale to the group.
struct FloatLayer: CustomTestStringConvertible {
  let folder: String
  let packing: FloatPacking
  var testDescription: String { folder }
}
