import ModelIR

/// A dense tensor to encode or scan; its description says how to make it again.
struct DenseSample: Sendable, CustomStringConvertible {
  let type: ElementType
  let shape: Shape
  /// The bits of each element, row-major.
  let elements: [UInt64]
  let percentage: Int
  /// The little-endian bytes of the elements.
  let bytes: [UInt8]

  var description: String {
    "\(type.name) \(shape), \(percentage) % stored, \(SeededGenerator.note)"
  }

  /// How many in a hundred elements have bits that are not all zero.
  static let percentages = [0, 1, 10, 50, 90, 99, 100]

  /// These elements.
  init(type: ElementType, shape: Shape, elements: [UInt64], percentage: Int = 0) {
    self.type = type
    self.shape = shape
    self.elements = elements
    self.percentage = percentage
    bytes = littleEndianBytes(elements, width: type.bitWidth / 8)
  }

  /// Random elements, among which negative zeros, infinities, NaNs with payloads and subnormals are frequent.
  /// A pattern is one along rows that the elements shall comply with.
  init(
    type: ElementType,
    shape: Shape,
    percentage: Int,
    complyingWith pattern: NMPattern? = nil,
    using generator: inout SeededGenerator
  ) {
    let specials = Self.specials(of: type)
    let all = UInt64.max >> UInt64(64 - type.bitWidth)
    var elements = (0..<Int(shape.elementCount)).map { _ -> UInt64 in
      if !generator.isHit(percentage: percentage) { return 0 }
      return generator.isHit(percentage: 40)
        ? generator.pick(specials) : UInt64.random(in: 1...all, using: &generator)
    }
    if let pattern {
      let columns = Int(shape.columns)
      for row in 0..<Int(shape.rows) {
        for start in stride(from: 0, to: columns, by: pattern.group) {
          let group = start..<min(start + pattern.group, columns)
          var stored = group.filter { elements[row * columns + $0] != 0 }
          while stored.count > pattern.kept {
            let surplus = stored.remove(at: Int.random(in: stored.indices, using: &generator))
            elements[row * columns + surplus] = 0
          }
        }
      }
    }
    self.init(type: type, shape: shape, elements: elements, percentage: percentage)
  }

  /// Codes at which implementations err: none is all zero bits.
  static func specials(of type: ElementType) -> [UInt64] {
    let sign: UInt64 = 1 << UInt64(type.bitWidth - 1)
    let magnitudes: [UInt64] =
      switch type {
      case .float8E4M3: [1, 7, 8, 0x7e, 0x7f]
      case .float8E5M2: [1, 3, 4, 0x7b, 0x7c, 0x7d, 0x7f]
      case .float16: [1, 0x3ff, 0x400, 0x7bff, 0x7c00, 0x7c01, 0x7e00, 0x7fff]
      case .bfloat16: [1, 0x7f, 0x80, 0x7f7f, 0x7f80, 0x7f81, 0x7fc0, 0x7fff]
      case .float32: [1, 0x7f_ffff, 0x80_0000, 0x7f7f_ffff, 0x7f80_0000, 0x7f80_0001, 0x7fff_ffff]
      case .float64:
        [1, 1 << 52, 0x7fef_ffff_ffff_ffff, 0x7ff0_0000_0000_0000, 0x7ff0_0000_0000_0001, sign - 1]
      case .complex64:
        [
          1, 0x8000_0000, 0x7f80_0000, 0x7f80_0001, 0x7f7f_ffff, 0x7f80_0000_0000_0000, 0x7fc0_0000_7f80_0000,
          0x7f80_0000_7fc0_0000, 0x3f80_0000_8000_0000,
        ]
      default: [1, sign - 1]
      }
    return magnitudes + magnitudes.map { $0 | sign } + [sign]
  }

  /// The rows of elements.
  var rows: [[UInt64]] {
    let columns = Int(shape.columns)
    return (0..<Int(shape.rows)).map { Array(elements[($0 * columns)..<(($0 + 1) * columns)]) }
  }
}

/// The lowest `width` bytes of each number.
func littleEndianBytes(_ numbers: [UInt64], width: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(numbers.count * width)
  for number in numbers {
    var rest = number
    var index = 0
    while index < width {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
      index += 1
    }
  }
  return bytes
}

/// The numbers of `width` bytes each that `bytes` holds.
func littleEndianNumbers(_ bytes: [UInt8], width: Int) -> [UInt64] {
  var numbers = [UInt64](repeating: 0, count: bytes.count / width)
  var index = 0
  while index < numbers.count * width {
    numbers[index / width] |= UInt64(bytes[index]) << UInt64(index % width * 8)
    index += 1
  }
  return numbers
}

extension ElementType {
  /// The types whose elements take so many bits.
  static func ofWidth(_ bits: Int) -> [ElementType] { allCases.filter { $0.bitWidth == bits } }
}

extension Shape {
  /// A shape that a test spells out.
  static func of(_ extents: UInt64...) -> Shape { Shape(extents) ?? .vector(0) }
}
