/// The codes of 32 numbers, of four or five bits each.
struct CodeBlock32 {
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// Cuts the scaled numbers down to integers, `top` at most.
  @inline(__always)
  init(_ numbers: UnsafeRawPointer, _ scaling: Scaling, top: Float) {
    first = Self.codes(NumberLanes(numbers, at: 0), scaling, top)
    second = Self.codes(NumberLanes(numbers, at: 8), scaling, top)
    third = Self.codes(NumberLanes(numbers, at: 16), scaling, top)
    fourth = Self.codes(NumberLanes(numbers, at: 24), scaling, top)
  }

  @inline(__always)
  private static func codes(_ numbers: NumberLanes, _ scaling: Scaling, _ top: Float) -> UInt64 {
    let scaled = (numbers - NumberLanes(repeating: scaling.minimum)) * NumberLanes(repeating: scaling.inverse)
    let positions = scaled + NumberLanes(repeating: scaling.offset)
    return NumberLanes.smaller(positions, NumberLanes(repeating: top + 0.5)).floorCodes.word
  }

  /// Stores 16 bytes: the lowest four bits of a code of the first half below those of one of the second half.
  @inline(__always)
  func storeNibbles(to place: UnsafeMutableRawPointer) {
    (first.lowNibbles | third.lowNibbles &<< 4).store(to: place, at: 0)
    (second.lowNibbles | fourth.lowNibbles &<< 4).store(to: place, at: 8)
  }

  /// Stores four bytes: bit 4 of each code.
  @inline(__always)
  func storeFifthBits(to place: UnsafeMutableRawPointer) {
    place.storeBytes(of: first.fifthBits, as: UInt8.self)
    place.storeBytes(of: second.fifthBits, toByteOffset: 1, as: UInt8.self)
    place.storeBytes(of: third.fifthBits, toByteOffset: 2, as: UInt8.self)
    place.storeBytes(of: fourth.fifthBits, toByteOffset: 3, as: UInt8.self)
  }
}
