import ByteIO
import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

/// A folder to convert in, and short ways to do it.
struct ConversionBench {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  func path(_ name: String) -> String { temporary.path(name) }

  /// The smallest chunks, so that small tensors are split too.
  static func options(_ layout: String = "keep") -> ConversionOptions {
    var options = ConversionOptions()
    options.resources = WorkResources(threads: 2, memory: 1)
    switch layout {
    case "keep": options.layout = .keep
    case "auto": options.layout = .auto
    default: options.layout = Layout(layout).map { .named($0) } ?? .keep
    }
    return options
  }

  @discardableResult
  func convert(_ input: String, _ output: String, _ options: ConversionOptions) throws -> ConversionReport {
    try Converter(
      OpenedModel(path(input)),
      to: path(output),
      options: options,
      progress: WorkProgress()
    ).run()
  }

  @discardableResult
  func convert(_ input: String, _ output: String, _ layout: String) throws -> ConversionReport {
    try convert(input, output, Self.options(layout))
  }

  func differences(_ first: String, _ second: String) throws -> DifferenceReport {
    try ModelComparison(pool: ChunkPool(threads: 2), chunkBytes: 4096, progress: WorkProgress()).compare(
      OpenedModel(path(first)).model,
      OpenedModel(path(second)).model,
      named: first,
      second
    )
  }

  /// The diagnosis of the fault that `body` throws.
  static func fault(_ body: () throws -> Void) throws -> Diagnosis {
    do {
      try body()
    } catch let fault as any Fault {
      return fault.diagnosis
    }
    throw NoFault()
  }

  struct NoFault: Error {}
}

/// Tensors of many types and shapes, laid out as the reference writer does it.
struct SampleModel {
  var entries: [SafetensorsBuilder.Entry] = []

  private static let types: [(name: String, width: Int)] = [
    ("U64", 8), ("I64", 8), ("F64", 8), ("C64", 8), ("F32", 4), ("U32", 4), ("I32", 4), ("BF16", 2),
    ("F16", 2),
    ("U16", 2), ("I16", 2), ("F8_E5M2FNUZ", 1), ("F8_E4M3FNUZ", 1), ("F8_E8M0", 1), ("F8_E4M3", 1),
    ("F8_E5M2", 1), ("I8", 1), ("U8", 1), ("BOOL", 1),
  ]

  /// Tensors whose elements are zero by `zeros` percent, and otherwise any bits: -0.0 and NaNs among them.
  init(zeros: Int, _ generator: inout SeededGenerator) {
    let shapes: [[UInt64]] = [[], [7], [3, 5], [2, 64], [4, 1, 130], [1, 20_000], [0, 4], [33, 9]]
    for (type, width) in Self.types {
      for (number, shape) in shapes.enumerated() {
        let count = Int(shape.reduce(1, *))
        let bytes = (0..<count).flatMap { _ -> [UInt8] in
          if Int.random(in: 0..<100, using: &generator) < zeros { return [UInt8](repeating: 0, count: width) }
          if Bool.random(using: &generator) { return generator.bytes(width) }
          return [UInt8](repeating: 0, count: width - 1) + [0x80]
        }
        entries.append(.init("layer.\(number).weight", type, shape, bytes))
      }
    }
    // The reference sorts by type, then by name; each name stands once.
    entries = entries.enumerated().map { index, entry in
      var entry = entry
      entry.name = "t\(index / shapes.count + 10).\(entry.name)"
      return entry
    }
    // Four bits rank above booleans, which are last.
    let place = entries.firstIndex { $0.type == "BOOL" } ?? entries.count
    entries.insert(.init("packed", "F4", [2, 8], [0, 1, 2, 3, 0, 0, 0, 9]), at: place)
  }

  var bytes: [UInt8] {
    var builder = SafetensorsBuilder(entries, metadata: [("format", "pt")])
    builder.header += [UInt8](repeating: 0x20, count: (8 - builder.header.count % 8) % 8)
    return builder.bytes
  }
}
