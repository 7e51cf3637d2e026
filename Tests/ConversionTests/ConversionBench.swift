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

  /// Whether two files have the same bytes.
  func areSame(_ first: String, _ second: String) throws -> Bool {
    try temporary.read(first) == temporary.read(second)
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

  /// One type of each width: what matters where values are not looked at.
  private static let widths: Set<String> = ["F64", "F32", "BF16", "U8"]

  /// Tensors whose elements are zero by `zeros` percent, and otherwise any bits: -0.0 and NaNs among them.
  /// - Parameter everyType: whether all types are there, or only one of each width.
  init(zeros: Int, everyType: Bool = false, _ generator: inout SeededGenerator) {
    for (type, width) in Self.types where everyType || Self.widths.contains(type) {
      var shapes: [[UInt64]] = [[], [7], [3, 5], [2, 64], [4, 1, 130], [0, 4], [33, 9]]
      // A row that the smallest chunk does not hold.
      if Self.widths.contains(type) { shapes.append([1, UInt64(20_000 / width)]) }
      for (number, shape) in shapes.enumerated() {
        let count = Int(shape.reduce(1, *))
        var bytes = [UInt8](repeating: 0, count: count * width)
        for element in 0..<count where Int(truncatingIfNeeded: generator.next() % 100) >= zeros {
          if generator.next() % 2 == 0 {
            let random = generator.next()
            for byte in 0..<width {
              bytes[element * width + byte] = UInt8(truncatingIfNeeded: random >> (byte * 8))
            }
          } else {
            bytes[element * width + width - 1] = 0x80
          }
        }
        entries.append(.init("\(type).\(number).weight", type, shape, bytes))
      }
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
