/// The 32 numbers of a small block.
struct NumberBlock32 {
  /// The numbers 0 to 7.
  let first: NumberLanes
  /// The numbers 8 to 15.
  let second: NumberLanes
  /// The numbers 16 to 23.
  let third: NumberLanes
  /// The numbers 24 to 31.
  let fourth: NumberLanes

  private let numbers: UnsafeRawPointer

  @inline(__always)
  init(_ numbers: UnsafeRawPointer) {
    self.numbers = numbers
    first = NumberLanes(numbers, at: 0)
    second = NumberLanes(numbers, at: 8)
    third = NumberLanes(numbers, at: 16)
    fourth = NumberLanes(numbers, at: 24)
  }

  /// The largest magnitude.
  @inline(__always)
  var largestMagnitude: Float {
    let low = NumberLanes.larger(first.magnitudes, second.magnitudes)
    let high = NumberLanes.larger(third.magnitudes, fourth.magnitudes)
    return NumberLanes.larger(low, high).largest
  }

  /// The largest number.
  @inline(__always)
  var largest: Float {
    NumberLanes.larger(.larger(first, second), .larger(third, fourth)).largest
  }

  /// The smallest number.
  @inline(__always)
  var smallest: Float {
    NumberLanes.smaller(.smaller(first, second), .smaller(third, fourth)).smallest
  }

  /// The first number of the largest magnitude, with its sign; 0 if all are zeros.
  @inline(__always)
  var dominant: Float {
    let (largest, smallest) = (largest, smallest)
    if largest != -smallest { return largest > -smallest ? largest : smallest }
    return largest == 0 ? 0 : Self.firstNumber(of: numbers, equalTo: largest, or: smallest)
  }

  /// The smallest number; of zeros with both signs, the first.
  @inline(__always)
  var minimum: Float {
    let smallest = smallest
    return smallest == 0 ? Self.firstNumber(of: numbers, equalTo: 0, or: 0) : smallest
  }

  @inline(never)
  private static func firstNumber(of numbers: UnsafeRawPointer, equalTo one: Float, or other: Float) -> Float
  {
    var index = 0
    while index < 32 {
      let number = numbers.loadUnaligned(fromByteOffset: index &* 4, as: Float.self)
      if number == one || number == other { return number }
      index &+= 1
    }
    return one
  }
}
