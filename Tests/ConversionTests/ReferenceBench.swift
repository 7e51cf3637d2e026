import ByteIO
import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport

extension ConversionBench {
  /// Where the zeros of a model come from, by the names of its tensors, and what was not compared.
  func origins(
    of path: String,
    against reference: String,
    threads: Int = 2,
    chunkBytes: Int = 1,
    telling filter: TensorFilter = TensorFilter()
  ) throws -> (origins: [String: ZeroOrigins], report: ReferenceReport) {
    let comparison = try ReferenceComparison(
      with: OpenedModel(self.path(reference)),
      pool: ChunkPool(threads: threads),
      chunkBytes: chunkBytes,
      progress: WorkProgress()
    )
    let opened = try OpenedModel(self.path(path))
    let (found, report) = try comparison.origins(of: opened, telling: filter)
    var origins: [String: ZeroOrigins] = [:]
    for (tensor, found) in zip(opened.model.tensors, found) { origins[tensor.name.text] = found }
    return (origins, report)
  }

  /// Writes single-precision numbers as a file with one tensor.
  func put(_ numbers: [Float], _ shape: [UInt64], named name: String, as file: String) throws {
    let entry = SafetensorsBuilder.Entry(
      name,
      "F32",
      shape,
      elements: numbers.map { UInt64($0.bitPattern) }
    )
    try temporary.write(SafetensorsBuilder([entry]).bytes, to: file)
  }
}

/// What an element is made to be: zero or not, here and in the reference.
enum Fate: CaseIterable {
  case before, halfway, rounded, neither, regrown, kept

  static func random(_ generator: inout SeededGenerator) -> Fate {
    allCases[Int(generator.next() % UInt64(allCases.count))]
  }

  /// Whether the quantized element is zero.
  var isZero: Bool { self != .regrown && self != .kept }

  /// A number of the reference, where the next number beside zero is `step` away.
  func original(_ step: Float, _ generator: inout SeededGenerator) -> Float {
    let sign: Float = generator.next() % 2 == 0 ? 1 : -1
    return switch self {
    case .before, .regrown: 0 * sign
    case .halfway: sign * step / 2
    case .rounded: sign * step * Float.random(in: 0.001...0.499, using: &generator)
    // Beyond what the arithmetic of the narrowest type could round to half a step.
    case .neither: sign * step * Float.random(in: 0.6...100, using: &generator)
    case .kept: sign * step * Float.random(in: 0.6...100, using: &generator)
    }
  }
}

extension ZeroOrigins {
  /// What elements of these fates are counted as.
  init(_ fates: [Fate]) {
    self.init()
    for fate in fates {
      elements += 1
      switch fate {
      case .before: before += 1
      case .halfway, .rounded: rounded += 1
      case .neither: neither += 1
      case .regrown: regrown += 1
      case .kept: break
      }
    }
  }
}
