internal import GGUF
public import Inspection
internal import Lossless
internal import ModelIR
internal import ONNX

extension OpenedModel {
  /// The most elements of an array, and bytes of a text, that are shown.
  private static let (mostElements, mostBytes): (UInt64, UInt64) = (8, 4096)

  /// The model's metadata: of the first file, where they belong.
  /// - Parameter wantsEntries: whether all are listed, or only the few that make the headline.
  /// - Throws: a ``Fault`` for arrays that cannot be decoded.
  public func metadataReport(wantsEntries: Bool) throws -> MetadataReport {
    var report = try sourceReport(wantsEntries: wantsEntries)
    report.export = export
    return report
  }

  /// What the files are compressed exports of, as far as they are such.
  private var export: MetadataReport.Export? {
    var export = MetadataReport.Export(formats: [], byteCount: 0, sourceByteCount: 0)
    for (index, file) in model.files.enumerated() {
      guard let source = file.source as? RestoredSource else { continue }
      let format = index > 0 && model.container == .onnx ? "external data" : model.container.rawValue
      if !export.formats.contains(format) { export.formats.append(format) }
      export.byteCount &+= source.stored.byteCount
      export.sourceByteCount &+= source.byteCount
    }
    return export.formats.isEmpty ? nil : export
  }

  private func sourceReport(wantsEntries: Bool) throws -> MetadataReport {
    if let onnx {
      return MetadataReport(
        headline: ONNXHeadline(onnx.reader.model).words,
        entries: wantsEntries ? plainEntries : nil
      )
    }
    guard let first = gguf?.shards.first else {
      return MetadataReport(entries: wantsEntries ? plainEntries : nil)
    }
    let headline = GGUFHeadline(first.header).words
    guard wantsEntries else { return MetadataReport(headline: headline) }
    let entries = try first.header.entries.map { try Self.shown($0, in: first) }
    try first.source.rest()
    return MetadataReport(headline: headline, entries: entries)
  }

  /// The texts of safetensors files, those of one file after those of another.
  private var plainEntries: [MetadataReport.Entry] {
    stored.files.flatMap { file in
      (0..<file.metadata.count).map { index in
        let value = file.metadata.value(at: index)
        guard case .string(let text) = value else {
          return MetadataReport.Entry(key: file.metadata.key(at: index), type: "", value: value)
        }
        return Self.text(
          text.utf8.prefix(Int(Self.mostBytes)),
          of: UInt64(text.utf8.count),
          file.metadata.key(at: index)
        )
      }
    }
  }

  private static func text(_ start: some Sequence<UInt8>, of count: UInt64, _ key: String)
    -> MetadataReport.Entry
  {
    MetadataReport.Entry(
      key: key,
      type: GGUFValueType.string.name,
      value: .string(String(decoding: Array(start), as: UTF8.self)),
      count: count,
      isCut: count > mostBytes
    )
  }

  private static func shown(_ entry: GGUFHeader.Entry, in reader: GGUFReader) throws -> MetadataReport.Entry {
    switch entry.content {
    case .value(.string(let text)):
      return self.text(text.utf8.prefix(Int(mostBytes)), of: UInt64(text.utf8.count), entry.key)
    case .value(let value):
      return MetadataReport.Entry(key: entry.key, type: entry.type.name, value: value)
    case .text(let range):
      let count = UInt64(range.count)
      var start = [UInt8](repeating: 0, count: Int(min(count, mostBytes)))
      try reader.source.read(start.count, at: range.lowerBound, into: &start, startingAt: 0)
      return text(start, of: count, entry.key)
    case .array(let type, let count, _):
      let elements = try reader.header.elements(
        of: entry,
        in: reader.source,
        range: 0..<mostElements,
        repairing: true
      )
      return MetadataReport.Entry(
        key: entry.key,
        type: "[\(type.name)]",
        value: .array(elements),
        count: count,
        isCut: count > mostElements
      )
    }
  }
}
