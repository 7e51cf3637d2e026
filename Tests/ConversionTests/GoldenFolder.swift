import CompressedTensors
import Conversion
import ModelIR
import TestSupport
import Testing

/// A folder that compressed-tensors itself, or torch, wrote: `Fixtures/compressed-tensors`.
struct GoldenFolder: CustomTestStringConvertible, Sendable {
  let name: String
  var testDescription: String { name }
  /// The first two digits.
  var number: Int { Int(name.prefix(2)) ?? 0 }

  init(_ name: String) { self.name = name }

  /// All of them.
  static let all: [GoldenFolder] =
    (try? Fixture.names(in: "compressed-tensors"))
    .map { $0.filter { $0.first?.isNumber == true }.map(GoldenFolder.init) } ?? []

  /// Those of these numbers.
  static func of(_ numbers: some Sequence<Int>) -> [GoldenFolder] {
    let wanted = Set(numbers)
    return all.filter { wanted.contains($0.number) }
  }

  func tensors(_ file: String) throws -> StoredTensors {
    try StoredTensors(golden: "\(name)/\(file).safetensors")
  }

  func bytes(_ file: String) throws -> [UInt8] { try Fixture.bytes("compressed-tensors/\(name)/\(file)") }

  /// The text of config.json; nil where there is none.
  var config: [UInt8]? { try? bytes("config.json") }

  /// Puts what a loader sees to `folder`: the weights, and config.json where there is one.
  func put(in bench: ConversionBench, as folder: String = "in") throws {
    try bench.temporary.createFolder(folder)
    try bench.temporary.write(bytes("model.safetensors"), to: "\(folder)/model.safetensors")
    if let config { try bench.temporary.write(config, to: "\(folder)/config.json") }
  }
}

extension ConversionBench {
  /// What a folder's only weight file holds.
  func tensors(in folder: String) throws -> StoredTensors {
    try StoredTensors(temporary.read("\(folder)/model.safetensors"))
  }

  /// Options that make a folder what today's loaders read.
  static func restoring(to type: ElementType? = nil) -> ConversionOptions {
    var options = options(type == nil ? "dense" : "keep")
    options.target = .safetensors
    options.type = type.map(WeightType.plain)
    return options
  }
}

/// Requires that two tensors are the same in type, shape and bytes; names need not be.
func requireSame(
  _ found: SafetensorsBuilder.Entry?,
  _ expected: SafetensorsBuilder.Entry?,
  _ name: String,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let found = try #require(found, "\(name) is not there", sourceLocation: sourceLocation)
  let expected = try #require(expected, "\(name) is not expected", sourceLocation: sourceLocation)
  #expect(found.type == expected.type, "\(name)", sourceLocation: sourceLocation)
  #expect(found.shape == expected.shape, "\(name)", sourceLocation: sourceLocation)
  #expect(found.data == expected.data, "\(name)", sourceLocation: sourceLocation)
}
