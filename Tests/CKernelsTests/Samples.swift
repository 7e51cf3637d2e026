/// SplitMix64: small, seeded and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// How many in a hundred elements or bits are zero.
let zeroPercentages = [0, 1, 10, 50, 90, 99, 100]

/// Elements to run kernels on; its description says how to make them again.
struct Sample: CustomStringConvertible, Sendable {
  let width: Width
  let elements: [UInt64]
  let description: String

  /// The elements' bytes.
  let bytes: [UInt8]
  /// The nonzero elements in order.
  let values: [UInt64]
  /// One bit an element, set for those that are not zero.
  let mask: [UInt8]

  private init(_ elements: [UInt64], width: Width, description: String) {
    self.width = width
    self.elements = elements
    self.description = description
    bytes = width.bytes(of: elements)
    values = elements.filter { $0 != 0 }
    var mask = [UInt8](repeating: 0, count: (elements.count + 7) / 8)
    for (index, element) in elements.enumerated() where element != 0 {
      mask[index / 8] |= 1 << UInt8(index % 8)
    }
    self.mask = mask
  }

  /// Elements among which floats' negative zeros, infinities and NaNs are frequent.
  init(count: Int, width: Width, zeroPercentage: Int, seed: UInt64) {
    let special = [
      1, width.signBit, width.signBit | 1, width.signBit - 1, width.allBits, width.allBits - 1,
      0x7f80 & width.allBits, 0x7f80_0000 & width.allBits, 0x7ff0_0000_0000_0000 & width.allBits,
    ].filter { $0 != 0 }
    var generator = SeededGenerator(seed: seed)
    let elements = (0..<count).map { _ -> UInt64 in
      if Int.random(in: 0..<100, using: &generator) < zeroPercentage { return 0 }
      if Bool.random(using: &generator) { return special[Int.random(in: special.indices, using: &generator)] }
      return UInt64.random(in: 1...width.allBits, using: &generator)
    }
    self.init(
      elements,
      width: width,
      description: "\(count) elements of \(width), \(zeroPercentage) % zeros, seed \(seed)"
    )
  }

  /// Elements that have a mask, numbered so that no two are the same.
  init(mask: [UInt8], width: Width) {
    let elements = (0..<8 * mask.count).map { index in
      let isSet = (mask[index / 8] >> UInt8(index % 8)) & 1 == 1
      return isSet ? UInt64(index + 1) : 0
    }
    self.init(elements, width: width, description: "elements of \(width) with the mask \(mask)")
  }

  var count: Int { elements.count }

  /// Every count up to two words of a bit set and a large one, each in every density; and every byte
  /// in every place of a mask of four, which is what a round of the kernels with tables by byte takes.
  static func all(_ width: Width) -> [Sample] {
    allByWidth[width, default: []]
  }

  private static let allByWidth = Dictionary(uniqueKeysWithValues: Width.allCases.map { ($0, make($0)) })

  private static func make(_ width: Width) -> [Sample] {
    let random = (Array(0...130) + [1000 + width.size]).flatMap { count in
      zeroPercentages.map { percentage in
        Sample(
          count: count,
          width: width,
          zeroPercentage: percentage,
          seed: UInt64(1000 * count + percentage)
        )
      }
    }
    let patterned = (0...UInt8.max).map { byte in
      Sample(mask: [byte, ~byte, byte ^ 0x55, byte &* 167], width: width)
    }
    return random + patterned
  }
}

/// Words of a bit set; its description says how to make them again.
struct BitSample: CustomStringConvertible, Sendable {
  let seed: UInt64
  let words: [UInt64]
  let description: String

  init(wordCount: Int, zeroPercentage: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    self.seed = seed
    description = "\(wordCount) words, \(zeroPercentage) % zeros, seed \(seed)"
    words = (0..<wordCount).map { _ in
      (0..<64).reduce(0) { word, _ in
        word << 1 | (Int.random(in: 0..<100, using: &generator) < zeroPercentage ? 0 : 1)
      }
    }
  }

  /// Few words, and so many that vectors' byte-wide counters would overflow if never emptied.
  static let all = [0, 1, 2, 3, 4, 5, 7, 8, 9, 123, 124, 125, 128, 507, 508, 513, 1100].flatMap { count in
    zeroPercentages.map { percentage in
      BitSample(wordCount: count, zeroPercentage: percentage, seed: UInt64(1000 * count + percentage))
    }
  }

  /// The set bits of each aligned group.
  func populations(groupSize: Int) -> [Int] {
    words.flatMap { word in
      stride(from: 0, to: 64, by: groupSize).map { start in
        ((word >> UInt64(start)) & ((1 << UInt64(groupSize)) - 1)).nonzeroBitCount
      }
    }
  }
}
