import ModelIR
import TestSupport

/// A quantized weight as codes and scales, and what it is in two forms; written from the formats' descriptions, with
/// no code of the library.
struct NaiveWeight {
  let type: GGMLType
  let rows: Int
  let columns: Int
  /// The codes in the type's own numbers: signed integers, or the four bits of a float.
  var codes: [Int]
  /// The scales, one for `group` columns, in the bits of the type's scale.
  var scales: [UInt64]
  let group: Int

  /// The columns that a scale of the type is for.
  static func reach(_ type: GGMLType) -> Int { type == .nvfp4 ? 16 : 32 }

  /// Any codes and any scales that the type can hold.
  /// - Parameter largest: the bits of the largest half-precision scale.
  init(
    _ type: GGMLType,
    rows: Int,
    columns: Int,
    group: Int? = nil,
    largest: UInt64 = 0x7BFF,
    _ generator: inout SeededGenerator
  ) {
    self.type = type
    self.rows = rows
    self.columns = columns
    let group = group ?? Self.reach(type)
    self.group = group
    let range: ClosedRange<Int> =
      switch type {
      case .q8_0: -128...127
      case .q5_0: -16...15
      case .q4_0: -8...7
      default: 0...15
      }
    codes = (0..<rows * columns).map { _ in .random(in: range, using: &generator) }
    scales = (0..<rows * columns / group).map { _ in
      switch type {
      // Any half but NaN and infinity; any exponent but NaN; any positive float of 8 bits.
      case .q8_0, .q5_0, .q4_0:
        UInt64.random(in: 0...largest, using: &generator) | (generator.next() & 0x8000)
      case .mxfp4: .random(in: 0...254, using: &generator)
      default: .random(in: 0...126, using: &generator)
      }
    }
  }

  private func scale(_ row: Int, _ column: Int) -> UInt64 { scales[(row * columns + column) / group] }
  private func code(_ row: Int, _ column: Int) -> Int { codes[row * columns + column] }

  /// The blocks as ggml lays them.
  var blocks: [UInt8] {
    var bytes: [UInt8] = []
    let width = type == .nvfp4 ? 64 : 32
    for row in 0..<rows {
      for start in stride(from: 0, to: columns, by: width) {
        let half = scale(row, start)
        switch type {
        case .q8_0:
          bytes += [UInt8(half & 255), UInt8(half >> 8)]
          bytes += (0..<32).map { UInt8(bitPattern: Int8(code(row, start + $0))) }
        case .q4_0:
          bytes += [UInt8(half & 255), UInt8(half >> 8)]
          bytes += (0..<16).map {
            UInt8(code(row, start + $0) + 8) | UInt8(code(row, start + 16 + $0) + 8) << 4
          }
        case .q5_0:
          bytes += [UInt8(half & 255), UInt8(half >> 8)]
          let lifted = (0..<32).map { code(row, start + $0) + 16 }
          for byte in 0..<4 {
            bytes.append((0..<8).reduce(0) { $0 | UInt8(lifted[byte * 8 + $1] / 16) << UInt8($1) })
          }
          bytes += (0..<16).map { UInt8(lifted[$0] % 16) | UInt8(lifted[16 + $0] % 16) << 4 }
        case .mxfp4:
          bytes.append(UInt8(half))
          bytes += (0..<16).map { UInt8(code(row, start + $0)) | UInt8(code(row, start + 16 + $0)) << 4 }
        default:
          bytes += (0..<4).map { UInt8(scale(row, start + 16 * $0)) }
          for group in 0..<4 {
            bytes += (0..<8).map { place in
              UInt8(code(row, start + group * 16 + place)) | UInt8(code(row, start + group * 16 + 8 + place))
                << 4
            }
          }
        }
      }
    }
    return bytes
  }

  /// The tensors as compressed-tensors has them.
  func parts(of module: String, scaleType: String? = nil) -> [SafetensorsBuilder.Entry] {
    let shape = [UInt64(rows), UInt64(columns)]
    let scaleShape = [UInt64(rows), UInt64(columns / group)]
    /// Two codes a byte, the lower bits first.
    let nibbles = stride(from: 0, to: codes.count, by: 2).map {
      UInt8(codes[$0] & 15) | ($0 + 1 < codes.count ? UInt8(codes[$0 + 1] & 15) << 4 : 0)
    }
    switch type {
    case .q8_0:
      return [
        .init(module + ".weight", "I8", shape, codes.map { UInt8(bitPattern: Int8($0)) }),
        .init(module + ".weight_scale", scaleType ?? "F16", scaleShape, elements: scales),
      ]
    case .q4_0, .q5_0:
      let bits = type == .q4_0 ? 4 : 5
      // A run of bits along each row, codes lifted to be unsigned.
      let words = (columns * bits + 31) / 32
      var packed: [UInt64] = []
      for row in 0..<rows {
        var bitsOfRow: [UInt64] = []
        for column in 0..<columns {
          let lifted = code(row, column) + 1 << (bits - 1)
          bitsOfRow += (0..<bits).map { UInt64(lifted >> $0 & 1) }
        }
        bitsOfRow += [UInt64](repeating: 0, count: words * 32 - bitsOfRow.count)
        for word in 0..<words {
          packed.append((0..<32).reduce(0) { $0 | bitsOfRow[word * 32 + $1] << UInt64($1) })
        }
      }
      return [
        .init(module + ".weight_packed", "I32", [UInt64(rows), UInt64(words)], elements: packed),
        .init(module + ".weight_scale", scaleType ?? "F16", scaleShape, elements: scales),
        .init(module + ".weight_shape", "I64", [2], elements: shape),
      ]
    case .mxfp4:
      return [
        .init(module + ".weight_packed", "U8", [shape[0], shape[1] / 2], nibbles),
        .init(module + ".weight_scale", "U8", scaleShape, elements: scales),
      ]
    default:
      return [
        .init(module + ".weight_packed", "U8", [shape[0], shape[1] / 2], nibbles),
        .init(module + ".weight_scale", "F8_E4M3", scaleShape, elements: scales),
      ]
    }
  }

  /// The `quantization_config` of a model of such weights.
  static func config(_ type: GGMLType, group: Int, bits: Int? = nil, more: String = "") -> String {
    let (format, kind, bitsOfType): (String, String, Int) =
      switch type {
      case .q8_0: ("int-quantized", "int", 8)
      case .q4_0: ("pack-quantized", "int", 4)
      case .q5_0: ("pack-quantized", "int", 5)
      case .mxfp4: ("mxfp4-pack-quantized", "float", 4)
      default: ("nvfp4-pack-quantized", "float", 4)
      }
    let strategy = type == .nvfp4 ? "tensor_group" : "group"
    return """
      {"quantization_config": {"config_groups": {"group_0": {"targets": ["Linear"], "weights": {
        "num_bits": \(bits ?? bitsOfType), "type": "\(kind)", "strategy": "\(strategy)", "group_size": \(group)\(more)}}},
        "format": "\(format)", "quant_method": "compressed-tensors", "quantization_status": "compressed",
        "version": "0.20.0"}}
      """
  }
}
