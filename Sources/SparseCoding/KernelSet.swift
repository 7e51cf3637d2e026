internal import CKernels
public import ModelIR

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Which implementation of the kernels runs.
public enum KernelSet: String, Sendable, CaseIterable {
  /// Plain C.
  case scalar
  /// AVX2, BMI and POPCNT.
  case avx2
  /// AVX-512 with the VBMI2 compress instructions.
  case avx512

  var code: lacuna_kernels {
    switch self {
    case .scalar: LACUNA_KERNELS_SCALAR
    case .avx2: LACUNA_KERNELS_AVX2
    case .avx512: LACUNA_KERNELS_AVX512
    }
  }

  /// Whether this machine can run it.
  public var isAvailable: Bool { lacuna_kernels_available(code) }

  /// The variable that forces a set.
  public static let environmentVariable = "LACUNA_KERNELS"

  /// What the variable asks for; nil if it is not set.
  /// - Throws: ``KernelSetFault`` where it names no set, or one that the machine lacks.
  public static func forced() throws -> KernelSet? {
    guard let value = getenv(environmentVariable).map({ String(cString: $0) }), !value.isEmpty else {
      return nil
    }
    guard let set = KernelSet(rawValue: value) else { throw KernelSetFault(value: value, isKnown: false) }
    guard set.isAvailable else { throw KernelSetFault(value: value, isKnown: true) }
    return set
  }

  /// The set that runs, chosen once: the forced one, else the best that the machine has.
  public static let current: KernelSet =
    (try? forced()) ?? allCases.last { $0.isAvailable } ?? .scalar
}

/// A value of the environment variable that forces no set.
public struct KernelSetFault: Fault, Hashable {
  /// The variable's value.
  public let value: String
  /// Whether the name is a set's, which this machine lacks.
  public let isKnown: Bool

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let names = KernelSet.allCases.map(\.rawValue).joined(separator: ", ")
    let problem = isKnown ? "this machine has no \(value)" : "\"\(value)\" is unknown"
    return Diagnosis(.usage, "\(KernelSet.environmentVariable): \(problem)", expected: "one of \(names)")
  }
}
