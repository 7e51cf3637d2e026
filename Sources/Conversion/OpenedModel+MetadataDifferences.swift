internal import ByteIO
internal import GGUF
public import Inspection
internal import ModelIR

extension OpenedModel {
  /// In what the metadata of two models, and the config.json of two model folders, differ, in the order of the first and then of the second; nil where they are
  /// in different containers, whose keys mean different things.
  ///
  /// Memory: all keys, and of the values what ``MetadataReport`` shows; longer ones are compared in pieces of 64 KiB.
  /// - Throws: what reading throws.
  public func metadataDifferences(from other: OpenedModel) throws -> [MetadataDifference]? {
    guard model.container == other.model.container else { return nil }
    // Of two model folders config.json counts, too.
    let areFolders = !configEntries.isEmpty && !other.configEntries.isEmpty
    let first = try (metadataReport(wantsEntries: true).entries ?? []) + (areFolders ? configEntries : [])
    let second =
      try (other.metadataReport(wantsEntries: true).entries ?? []) + (areFolders ? other.configEntries : [])
    var places: [[UInt8]: Int] = [:]
    for (index, entry) in second.enumerated().reversed() { places[Array(entry.key.utf8)] = index }
    var differences: [MetadataDifference] = []
    var seen = Set<[UInt8]>()
    for entry in first where seen.insert(Array(entry.key.utf8)).inserted {
      guard let place = places.removeValue(forKey: Array(entry.key.utf8)) else {
        differences.append(MetadataDifference(first: entry, second: nil))
        continue
      }
      let isSame =
        try entry == second[place] && (!entry.isCut || hasSameValue(as: other, of: entry.key))
      if !isSame { differences.append(MetadataDifference(first: entry, second: second[place])) }
    }
    for place in places.values.sorted() {
      differences.append(MetadataDifference(first: nil, second: second[place]))
    }
    return differences
  }

  /// Whether a value that is not shown whole is the same in both models, byte by byte.
  private func hasSameValue(as other: OpenedModel, of key: String) throws -> Bool {
    guard let first = gguf?.shards.first, let second = other.gguf?.shards.first else {
      return text(of: key) == other.text(of: key)
    }
    guard let left = first.header.entry(forKey: key), let right = second.header.entry(forKey: key),
      case (let left?, let right?) = (Self.payload(of: left), Self.payload(of: right)),
      left.count == right.count
    else {
      return first.header.entry(forKey: key)?.content == second.header.entry(forKey: key)?.content
    }
    var (offset, buffers) = (0, ([UInt8](), [UInt8]()))
    while offset < left.count {
      let count = min(1 << 16, left.count - offset)
      if buffers.0.count < count {
        buffers = ([UInt8](repeating: 0, count: count), [UInt8](repeating: 0, count: count))
      }
      try first.source.read(count, at: left.lowerBound + UInt64(offset), into: &buffers.0, startingAt: 0)
      try second.source.read(count, at: right.lowerBound + UInt64(offset), into: &buffers.1, startingAt: 0)
      if buffers.0[..<count] != buffers.1[..<count] { return false }
      offset += count
    }
    try first.source.rest()
    try second.source.rest()
    return true
  }

  private func text(of key: String) -> String? {
    stored.files.lazy.compactMap { $0.metadata.text(forKey: key) }.first
  }

  private static func payload(of entry: GGUFHeader.Entry) -> Range<UInt64>? {
    switch entry.content {
    case .value: nil
    case .text(let range): range
    case .array(_, _, let payload): payload
    }
  }
}
