#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// SplitMix64, which yields the same on every run unless the environment names another seed.
struct SeededGenerator: RandomNumberGenerator {
  /// The variable that sets the seed.
  static let variable = "LACUNA_TEST_SEED"

  /// The seed of all generators.
  static let seed: UInt64 = getenv(variable).flatMap { UInt64(String(cString: $0)) } ?? 20_260_114

  /// What failures print, so that they can be had again.
  static var note: String { "\(variable)=\(seed)" }

  private var state: UInt64

  /// A generator of its own for each `stream`, so that tests do not depend on one another's draws.
  init(stream: String) {
    state = stream.utf8.reduce(Self.seed ^ 0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// True in so many of a hundred draws.
  mutating func isHit(percentage: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percentage }

  /// One of the choices, which must not be empty.
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[Int.random(in: choices.indices, using: &self)]
  }
}
