/// How the numbers of a small block become codes: `(number - minimum) * inverse + offset`.
struct Scaling {
  /// The distance of neighbouring codes' values, before it is rounded for storing.
  let scale: Float
  /// What is taken off first.
  let minimum: Float
  /// The reciprocal of the scale; 0 if there is none.
  let inverse: Float
  /// What is added at last.
  let offset: Float

  /// The reciprocal can be infinite, for scales below all normal numbers. ggml's sums then lie beyond all integers
  /// and become 0 where they are converted, which a reciprocal and an offset of 0 give too.
  @inline(__always)
  init(scale: Float, minimum: Float = 0, offset: Float) {
    let inverse = 1 / scale
    let isFinite = inverse.magnitude < .infinity
    self.scale = scale
    self.minimum = minimum
    self.inverse = isFinite ? inverse : 0
    self.offset = isFinite || scale == 0 ? offset : 0
  }
}

extension Scaling {
  /// Codes around a zero in the middle: the first number of the largest magnitude gets code 0.
  @inline(__always)
  init(signed numbers: UnsafeRawPointer, middle: Float) {
    self.init(scale: NumberBlock32(numbers).dominant / -middle, offset: middle + 0.5)
  }

  /// Codes from 0 for the smallest number to `top` for the largest.
  @inline(__always)
  init(aboveMinimum numbers: UnsafeRawPointer, top: Float) {
    let numbers = NumberBlock32(numbers)
    let (minimum, largest) = (numbers.minimum, numbers.largest)
    // The difference of two zeros could be a negative one.
    let scale = largest == minimum ? 0 : (largest - minimum) / top
    self.init(scale: scale, minimum: minimum, offset: 0.5)
  }
}
