#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// How weights are pruned.
enum Pruning: Sendable {
  /// So many zeros in a hundred, anywhere.
  case percent(Int)
  /// The two smallest of each four elements are zero.
  case twoOfFour
  /// The same, and of the others one in a thousand: some fours have three zeros or four.
  case twoOfFourAndMore

  var text: String {
    switch self {
    case .percent(let share): "\(share) %"
    case .twoOfFour: "2:4"
    case .twoOfFourAndMore: "2:4 and more"
    }
  }
}

/// The element types that are measured.
enum WeightType: String, Sendable, CaseIterable {
  case bf16, f32

  var byteWidth: Int { self == .bf16 ? 2 : 4 }
}

/// Pruned Gaussian weights, the same on every run.
///
/// A tile of 2^22 elements is drawn and then repeated: longer than any branch predictor remembers.
struct Weights: Sendable {
  static let tileElements = 1 << 22

  let type: WeightType
  /// The tile's elements, little-endian.
  let tile: [UInt8]

  /// Draws a tile.
  init(_ type: WeightType, _ pruning: Pruning) {
    self.type = type
    var source = SplitMix(state: 0x1AC0_0A17)
    var values: [Float] = []
    values.reserveCapacity(Self.tileElements)
    while values.count < Self.tileElements {
      let radius = (-2 * log(source.nextUnit())).squareRoot() * 0.02
      let angle = 2 * Double.pi * source.nextUnit()
      values.append(Float(radius * cos(angle)))
      values.append(Float(radius * sin(angle)))
    }
    switch pruning {
    case .percent(let share):
      for index in values.indices where source.next() % 100 < UInt64(share) { values[index] = 0 }
    case .twoOfFour, .twoOfFourAndMore:
      for start in stride(from: 0, to: values.count, by: 4) {
        let smallest = (start..<start + 4).sorted { values[$0].magnitude < values[$1].magnitude }
        for index in smallest.prefix(2) { values[index] = 0 }
      }
      guard case .twoOfFourAndMore = pruning else { break }
      for index in values.indices where source.next() % 1000 == 0 { values[index] = 0 }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * type.byteWidth)
    for value in values {
      let bits = value.bitPattern
      if type == .f32 {
        bytes.append(UInt8(truncatingIfNeeded: bits))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
      }
      bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
    }
    tile = bytes
  }

  /// Fills a buffer with tiles.
  func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    var start = 0
    while start < buffer.count {
      let count = min(tile.count, buffer.count - start)
      buffer[start..<start + count].copyBytes(from: tile.prefix(count))
      start += count
    }
  }
}

/// The SplitMix64 generator.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  /// Above 0, at most 1.
  mutating func nextUnit() -> Double { Double(next() >> 11 &+ 1) * 0x1p-53 }
}
