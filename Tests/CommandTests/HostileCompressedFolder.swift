import TestSupport
import Testing

/// A folder of compressed-tensors with one thing wrong, and what the refusal must name.
struct HostileCompressedFolder: CustomTestStringConvertible, Sendable {
  typealias Entry = SafetensorsBuilder.Entry
  typealias Change = @Sendable (inout StoredTensors) -> Void

  let testDescription: String
  /// The golden folder that it was, by its first digits; nil for one of its own.
  var golden: String?
  /// What the line on standard error names: the file, the tensor, the field.
  var named: [String]
  /// What is converted to.
  var arguments: [String] = ["--layout", "dense"]
  /// The configuration's changes: each text stands in it once or more, and is replaced.
  var config: [(from: String, to: String)] = []
  /// The whole configuration instead.
  var wholeConfig: String?
  /// The tensors' change.
  var change: Change = { _ in }

  /// A golden folder whose tensors are changed.
  static func tensors(
    _ description: String,
    _ golden: String,
    _ named: String...,
    to arguments: [String] = ["--layout", "dense"],
    change: @escaping Change
  ) -> Self {
    Self(
      testDescription: description,
      golden: golden,
      named: ["model.safetensors"] + named,
      arguments: arguments,
      change: change
    )
  }

  /// A golden folder whose configuration is changed.
  static func config(
    _ description: String,
    _ golden: String,
    _ from: String,
    _ to: String,
    names named: String...,
    file: String = "config.json"
  ) -> Self {
    Self(testDescription: description, golden: golden, named: [file] + named, config: [(from, to)])
  }

  /// A folder of these tensors and this configuration.
  static func own(
    _ description: String,
    _ config: String?,
    _ entries: [Entry],
    names named: String...,
    to arguments: [String] = ["--layout", "dense"]
  ) -> Self {
    Self(
      testDescription: description,
      named: named,
      arguments: arguments,
      wholeConfig: config,
      change: { tensors in tensors.entries = entries }
    )
  }

  /// Writes it to `folder`.
  func put(in temporary: TemporaryFolder, as folder: String) throws {
    try temporary.createFolder(folder)
    var tensors = try StoredTensors(SafetensorsBuilder([], metadata: [("format", "pt")]).bytes)
    var text = wholeConfig
    if let golden {
      let name = try #require(
        try Fixture.names(in: "compressed-tensors").first { $0.hasPrefix(golden + "-") }
      )
      tensors = try StoredTensors(golden: name + "/model.safetensors")
      if let bytes = try? Fixture.bytes("compressed-tensors/\(name)/config.json"), text == nil {
        text = String(decoding: bytes, as: UTF8.self)
      }
    }
    let before = tensors.bytes
    change(&tensors)
    for (from, to) in config {
      let whole = try #require(text)
      try #require(whole.contains(from), "\(from) is not there to be changed")
      text = whole.replacing(from, with: to)
    }
    // A case that changes nothing would prove nothing.
    try #require(golden == nil || !config.isEmpty || wholeConfig != nil || tensors.bytes != before)
    try temporary.write(tensors.bytes, to: "\(folder)/model.safetensors")
    if let text { try temporary.write(text, to: "\(folder)/config.json") }
  }
}

extension StoredTensors {
  /// Gives a tensor other elements, as bits.
  mutating func setElements(_ name: String, _ change: (inout [UInt64]) -> Void) {
    guard let entry = self[name] else { return }
    var elements = entry.elements
    change(&elements)
    self[name] = .init(name, entry.type, entry.shape, elements: elements)
  }

  /// Gives a tensor another type or shape, and bytes for it.
  mutating func reshape(_ name: String, type: String? = nil, shape: [UInt64]? = nil) {
    self[name] = self[name]?.reshaped(type: type, shape: shape)
  }
}
