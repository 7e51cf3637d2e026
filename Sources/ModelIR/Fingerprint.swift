/// A hash of bytes that differs from process to process, several times as fast as `Hasher`.
///
/// Multiply and fold, keyed by two random words, in the manner of wyhash and foldhash: names from a hostile
/// file cannot be made to collide without knowing the key. Use it where many names are hashed; equality is
/// always decided by the bytes.
package enum Fingerprint {
  private static let key: (UInt64, UInt64) = (.random(in: .min ... .max), .random(in: .min ... .max) | 1)

  /// The hash of some bytes.
  package static func of(_ bytes: Span<UInt8>) -> Int {
    let (first, second) = key
    var state = first ^ UInt64(bytes.count)
    var index = 0
    while index &+ 16 <= bytes.count {
      state = fold(word(bytes, index, 8) ^ state, word(bytes, index &+ 8, 8) ^ second)
      index &+= 16
    }
    let rest = bytes.count &- index
    let low = word(bytes, index, min(8, rest))
    let high = word(bytes, index &+ min(8, rest), max(0, rest &- 8))
    state = fold(low ^ state, high ^ second)
    return Int(truncatingIfNeeded: fold(state ^ second, first | 1))
  }

  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  @inline(__always)
  private static func word(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> UInt64 {
    var word: UInt64 = 0
    var position = 0
    while position < count {
      word |= UInt64(bytes[start &+ position]) &<< UInt64(position &* 8)
      position &+= 1
    }
    return word
  }
}
