#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// SplitMix64: small, seeded and the same everywhere.
package struct SeededGenerator: RandomNumberGenerator {
  /// The environment variable that sets the seed of every test.
  package static let variable = "LACUNA_TEST_SEED"

  /// What the generator started from.
  package let seed: UInt64
  private var state: UInt64

  /// A generator that starts from `seed`.
  package init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// `count` random bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}

extension SeededGenerator: CustomStringConvertible {
  /// What to put before the test command to get the same values again.
  package var description: String { "\(Self.variable)=\(seed)" }
}

/// A test that failed on random values; its text says how to get them again.
package struct SeededFailure: Error, CustomStringConvertible {
  /// What failed, and from which seed.
  package let description: String
}

/// Runs `body` on a generator whose seed is new in each run, unless the environment sets it.
///
/// Expectations within `body` should be required ones: the error that they throw comes out with the seed.
/// - Throws: ``SeededFailure`` for whatever `body` throws.
package func withSeed(_ body: (inout SeededGenerator) throws -> Void) throws {
  let chosen = ProcessInfo.processInfo.environment[SeededGenerator.variable].flatMap { UInt64($0) }
  var generator = SeededGenerator(seed: chosen ?? .random(in: 0...UInt64(UInt32.max)))
  let name = generator.description
  do {
    try body(&generator)
  } catch {
    throw SeededFailure(description: "\(name) gives these values again: \(error)")
  }
}
