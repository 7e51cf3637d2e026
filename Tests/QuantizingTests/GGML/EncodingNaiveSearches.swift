/// The encoders that search for their scales, one group after the other.
extension NaiveEncoding {
  /// The nearest integer as the lowest 23 bits of a sum give it, whatever the number is.
  static func nearestInteger(_ number: Float) -> Int {
    Int((number + 12_582_912).bitPattern & 0x7F_FFFF) - 0x40_0000
  }

  /// What a search finds for a group.
  struct Found {
    var scale: Float
    var minimum: Float = 0
    var codes: [Int]
  }

  /// The scale and the minimum that fit a group best.
  static func minimumSearch(_ numbers: [Float], top: Int) -> Found {
    let meanSquare = numbers.reduce(0) { $0 + $1 * $1 } / Float(numbers.count)
    let weights = numbers.map { meanSquare.squareRoot() + $0.magnitude }
    let weightSum = weights.reduce(0, +)
    let numberSum = zip(weights, numbers).reduce(Float(0)) { $0 + $1.0 * $1.1 }
    let highest = numbers.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
    let lowest = numbers.reduce(0) { $1 < $0 ? $1 : $0 }
    if highest == lowest {
      return Found(scale: 0, minimum: lowest, codes: numbers.map { _ in 0 })
    }
    func numbered(_ inverse: Float, _ minimum: Float) -> [Int] {
      numbers.map { max(0, min(top, nearestInteger(inverse * ($0 - minimum)))) }
    }
    func error(_ candidate: Found) -> Float {
      var sum: Float = 0
      for (index, number) in numbers.enumerated() {
        let difference = candidate.scale * Float(candidate.codes[index]) + candidate.minimum - number
        sum += weights[index] * (difference * difference)
      }
      return sum
    }
    let inverse = Float(top) / (highest - lowest)
    var best = Found(scale: 1 / inverse, minimum: lowest, codes: numbered(inverse, lowest))
    var leastError = error(best)
    let (first, last): (Float, Int) = top == 15 ? (-1, 20) : (-0.5, 15)
    for trial in 0...last {
      let span = first + 0.1 * Float(trial) + Float(top)
      let codes = numbered(span / (highest - best.minimum), best.minimum)
      var (codeSum, squareSum, productSum): (Float, Float, Float) = (0, 0, 0)
      for (index, code) in codes.enumerated() {
        let weighted = weights[index] * Float(code)
        codeSum += weighted
        squareSum += weighted * Float(code)
        productSum += weighted * numbers[index]
      }
      let determinant = weightSum * squareSum - codeSum * codeSum
      guard determinant > 0 else { continue }
      var candidate = Found(
        scale: (weightSum * productSum - numberSum * codeSum) / determinant,
        minimum: (squareSum * numberSum - codeSum * productSum) / determinant,
        codes: codes
      )
      if candidate.minimum > 0 {
        candidate.minimum = 0
        candidate.scale = productSum / squareSum
      }
      let candidateError = error(candidate)
      if candidateError < leastError { (best, leastError) = (candidate, candidateError) }
    }
    return best
  }

  /// Q4_K and Q5_K.
  static func minimumBlock(_ numbers: [Float], top: Int) -> [UInt8] {
    let groups = (0..<8).map { Array(numbers[$0 * 32..<$0 * 32 + 32]) }
    let found = groups.map { minimumSearch($0, top: top) }
    let largestScale = found.reduce(0) { $1.scale > $0 ? $1.scale : $0 }
    let largestMinimum = found.reduce(0) { -$1.minimum > $0 ? -$1.minimum : $0 }
    func sixBits(_ value: Float, _ largest: Float) -> UInt8 {
      let inverse = largest > 0 ? 63 / largest : 0
      return min(63, UInt8(truncatingIfNeeded: nearestInteger(inverse * value)))
    }
    let scales = found.map { sixBits($0.scale, largestScale) }
    let minima = found.map { sixBits(-$0.minimum, largestMinimum) }
    let (unit, minimumUnit) = (half(largestScale / 63), half(largestMinimum / 63))

    var codes: [Int] = []
    for (group, members) in groups.enumerated() {
      let scale = number(unit) * Float(scales[group])
      let minimum = number(minimumUnit) * Float(minima[group])
      codes +=
        scale == 0
        ? found[group].codes : members.map { max(0, min(top, nearestInteger(($0 + minimum) / scale))) }
    }
    var packed = [UInt8](repeating: 0, count: 12)
    for group in 0..<4 {
      packed[group] = scales[group] | (scales[group + 4] >> 4) << 6
      packed[group + 4] = minima[group] | (minima[group + 4] >> 4) << 6
      packed[group + 8] = scales[group + 4] & 15 | minima[group + 4] << 4
    }
    var fifths = [UInt8](repeating: 0, count: top == 15 ? 0 : 32)
    var nibbles = [UInt8](repeating: 0, count: 128)
    for (index, code) in codes.enumerated() {
      nibbles[index / 64 * 32 + index % 32] |= UInt8(code & 15) << (index % 64 < 32 ? 0 : 4)
      if top == 31 { fifths[index % 32] |= UInt8(code >> 4) << UInt8(index / 32) }
    }
    return unit + minimumUnit + packed + fifths + nibbles
  }

  /// The scale that fits a group of signed codes best; the codes are counted from -32.
  static func signedSearch(_ numbers: [Float]) -> Found {
    let dominant = dominant(numbers)
    if dominant.magnitude < 1e-15 { return Found(scale: 0, codes: numbers.map { _ in 0 }) }
    func numbered(_ inverse: Float) -> [Int] {
      numbers.map { max(-32, min(31, nearestInteger(inverse * $0))) }
    }
    func sums(_ codes: [Int]) -> (products: Float, squares: Float) {
      var (products, squares): (Float, Float) = (0, 0)
      for (number, code) in zip(numbers, codes) {
        let weight = number * number
        products += weight * number * Float(code)
        squares += weight * Float(code) * Float(code)
      }
      return (products, squares)
    }
    var codes = numbered(-32 / dominant)
    let first = sums(codes)
    var scale = first.squares == 0 ? 0 : first.products / first.squares
    var best = scale * first.products
    for trial in -9...9 where trial != 0 {
      let candidate = numbered(-(32 + 0.1 * Float(trial)) / dominant)
      let (products, squares) = sums(candidate)
      if squares > 0, products * products > best * squares {
        codes = candidate
        scale = products / squares
        best = scale * products
      }
    }
    return Found(scale: scale, codes: codes.map { $0 + 32 })
  }

  /// Q6_K.
  static func signedBlock(_ numbers: [Float]) -> [UInt8] {
    let groups = (0..<16).map { Array(numbers[$0 * 16..<$0 * 16 + 16]) }
    let found = groups.map(signedSearch)
    let dominant = dominant(found.map(\.scale))
    if dominant.magnitude < 1e-15 { return [UInt8](repeating: 0, count: 210) }
    let inverse = -128 / dominant
    let unit = half(1 / inverse)
    let scales = found.map { Int8(min(127, nearestInteger(inverse * $0.scale))) }
    var codes: [Int] = []
    for (group, members) in groups.enumerated() {
      let scale = number(unit) * Float(scales[group])
      codes +=
        scale == 0 ? found[group].codes : members.map { max(-32, min(31, nearestInteger($0 / scale))) + 32 }
    }
    var nibbles = [UInt8](repeating: 0, count: 128)
    var pairs = [UInt8](repeating: 0, count: 64)
    for (index, code) in codes.enumerated() {
      let (half, quarter, place) = (index / 128, index % 128 / 32, index % 32)
      nibbles[half * 64 + quarter % 2 * 32 + place] |= UInt8(code & 15) << (quarter < 2 ? 0 : 4)
      pairs[half * 32 + place] |= UInt8(code >> 4) << UInt8(2 * quarter)
    }
    return nibbles + pairs + scales.map { UInt8(bitPattern: $0) } + unit
  }
}
