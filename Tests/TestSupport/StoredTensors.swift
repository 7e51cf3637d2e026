#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The tensors of a safetensors file in memory, to be compared with or changed; it shares no code with the
/// reader and the planner.
package struct StoredTensors: Sendable {
  /// What was taken for a safetensors file is none.
  package struct NoSafetensors: Error {}

  private struct Member: Decodable {
    // A member of `__metadata__` may be named like these, and is text then.
    var dtype: String?
    var shape: [UInt64]?
    var data_offsets: [Int]?
  }

  private struct Declared: Decodable { var __metadata__: [String: String]? }

  /// The tensors, in the order of their data.
  package var entries: [SafetensorsBuilder.Entry]
  /// The metadata, sorted by key; nil if there is no place for them.
  package var metadata: [(key: String, value: String)]?

  /// The tensors of a file of these bytes.
  package init(_ bytes: [UInt8]) throws {
    guard bytes.count >= 8 else { throw NoSafetensors() }
    let start = 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard start <= bytes.count else { throw NoSafetensors() }
    let header = Data(bytes[8..<start])
    let members = try JSONDecoder().decode([String: Member].self, from: header)
    metadata = try JSONDecoder().decode(Declared.self, from: header).__metadata__
      .map { $0.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) } }
    var found: [(start: Int, entry: SafetensorsBuilder.Entry)] = []
    for (name, member) in members {
      guard let type = member.dtype, let shape = member.shape, let offsets = member.data_offsets,
        offsets.count == 2
      else { continue }
      let data = Array(bytes[(start + offsets[0])..<(start + offsets[1])])
      found.append((offsets[0], .init(name, type, shape, data)))
    }
    entries = found.sorted { ($0.start, $0.entry.name) < ($1.start, $1.entry.name) }.map(\.entry)
  }

  /// The tensors of `Fixtures/compressed-tensors/<name>`.
  package init(golden name: String) throws {
    try self.init(Fixture.bytes("compressed-tensors/" + name))
  }

  /// The tensor of a name; setting nil takes it out, setting another adds it.
  package subscript(_ name: String) -> SafetensorsBuilder.Entry? {
    get { entries.first { $0.name == name } }
    set {
      guard let index = entries.firstIndex(where: { $0.name == name }) else {
        if let newValue { entries.append(newValue) }
        return
      }
      if let newValue { entries[index] = newValue } else { entries.remove(at: index) }
    }
  }

  /// The names, sorted.
  package var names: [String] { entries.map(\.name).sorted() }

  /// The file of these tensors.
  package var bytes: [UInt8] { SafetensorsBuilder(entries, metadata: metadata).bytes }

  /// The bytes of an element by the spelling of its type.
  package static let widths: [String: Int] = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2,
    "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8,
  ]
}

extension SafetensorsBuilder.Entry {
  /// The elements as bits, the lowest byte first.
  package var elements: [UInt64] {
    let width = StoredTensors.widths[type] ?? 1
    return stride(from: 0, to: data.count, by: width).map { start in
      data[start..<(start + width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// A tensor of elements that are given as bits.
  package init(_ name: String, _ type: String, _ shape: [UInt64], elements: [UInt64]) {
    let width = StoredTensors.widths[type] ?? 1
    self.init(
      name,
      type,
      shape,
      elements.flatMap { element in (0..<width).map { UInt8(truncatingIfNeeded: element >> ($0 * 8)) } }
    )
  }

  /// The same with another type or shape, and as many bytes as that takes: those that are there, over again.
  package func reshaped(type: String? = nil, shape: [UInt64]? = nil) -> SafetensorsBuilder.Entry {
    let (type, shape) = (type ?? self.type, shape ?? self.shape)
    let count = Int(shape.reduce(1, *)) * (StoredTensors.widths[type] ?? 1)
    var bytes = data
    while bytes.count < count { bytes += data.isEmpty ? [1] : data }
    return .init(name, type, shape, Array(bytes.prefix(count)))
  }
}
