internal import ByteIO
internal import Dialect
internal import Lossless
internal import ModelIR
internal import Safetensors

/// A compressed export, its header read: what it was made of, and its bytes as they were.
struct ExportFile {
  /// What such files end in, behind the whole name of the source.
  static let suffix = ".zst.safetensors"

  /// What the header says.
  let manifest: ExportManifest
  /// The source's bytes, decoded as they are read.
  let restored: RestoredSource
  /// For each tensor of the export its name and place, from the first byte of the file.
  let parts: [ExportHeader.Part]
  /// The bytes before the data.
  let headerBytes: UInt64

  /// Whether a file is a compressed export, by its first bytes.
  /// - Throws: what the source throws.
  static func isExport(_ source: any ByteSource) throws -> Bool {
    let start = ExportManifest.start
    guard source.byteCount >= UInt64(8 + start.count) else { return false }
    var head = [UInt8](repeating: 0, count: start.count)
    try source.read(start.count, at: 8, into: &head, startingAt: 0)
    return head == start
  }

  /// A file as it is, or if it is a compressed export as what it was made of, with the name that that had.
  /// - Throws: what the source throws, and for exports what ``init(_:)`` throws.
  static func restoring(_ source: any ByteSource) throws -> (source: any ByteSource, name: String?) {
    guard try isExport(source) else { return (source, nil) }
    let export = try ExportFile(source)
    return (export.restored, export.manifest.fileName)
  }

  /// Reads the header of a compressed export.
  /// - Throws: ``SafetensorsFault``, ``ExportManifestFault``, and what the source throws.
  init(_ source: any ByteSource) throws {
    let header = try SafetensorsHeader.read(from: source)
    try source.rest()
    let file = source.displayName
    let text = header.metadata.text(forKey: Manifest.manifestKey)
    manifest = try ExportManifest.read(
      version: header.metadata.text(forKey: Manifest.versionKey),
      text: text,
      file: file
    )
    let start = header.dataStart
    var end: UInt64 = 0
    for entry in header.entries {
      guard entry.elementType == .uint8, entry.shape.rank == 1, entry.begin == end else {
        throw ExportManifestFault(
          file: file,
          tensor: entry.name,
          .tensors("is no tensor of a compressed export")
        )
      }
      end = entry.end
    }
    let found = header.entries.map { ExportHeader.Part(name: $0.name, range: $0.begin..<$0.end) }
    guard
      header.metadata.text(forKey: ExportManifest.digestKey)
        == ExportHeader.digest(manifest: text ?? "", found)
    else { throw ExportManifestFault(file: file, .digest) }
    headerBytes = start
    parts = found.map { part in
      ExportHeader.Part(
        name: part.name,
        range: (part.range.lowerBound + start)..<(part.range.upperBound + start)
      )
    }
    restored = try Self.restored(source, manifest, parts)
  }

  /// Puts the manifest's tensors and the file's together.
  private static func restored(
    _ source: any ByteSource,
    _ manifest: ExportManifest,
    _ parts: [ExportHeader.Part]
  ) throws -> RestoredSource {
    let file = source.displayName
    func refuse(_ rule: ExportManifestFault.Rule, _ name: TensorName? = nil) -> ExportManifestFault {
      ExportManifestFault(file: file, tensor: name, rule)
    }
    guard let first = parts.first, first.name == ExportManifest.remainderName else {
      throw refuse(.tensors("\(ExportManifest.remainderName.text) is not the first tensor"))
    }
    let stored = manifest.entries.count { $0.isStored }
    guard stored == parts.count - 1 else {
      throw refuse(.tensors("it lists \(stored) tensors and the file has \(parts.count - 1)"))
    }
    var regions: [FileRegion] = []
    var places: [Range<UInt64>] = []
    var next = 1
    for entry in manifest.entries {
      guard let name = entry.name ?? (next < parts.count ? parts[next].name : nil) else {
        throw refuse(.tensors("it lists a tensor that is not in the file"))
      }
      guard let byteCount = entry.content.byteCount(of: entry.shape),
        let end = entry.offset.addingChecked(byteCount), end <= manifest.byteCount
      else { throw refuse(.place, name) }
      guard entry.isStored else { continue }
      let place = parts[next].range
      next += 1
      // What has no bytes has no frames.
      guard byteCount > 0 else {
        guard place.isEmpty else { throw refuse(.tensors("has frames and no bytes"), name) }
        continue
      }
      guard ChunkIndex.mayHold(byteCount, in: place.upperBound - place.lowerBound) else {
        throw refuse(.tensors("it has \(byteCount) bytes, more than its frames can hold"), name)
      }
      guard entry.offset >= regions.last?.range.upperBound ?? 0 else { throw refuse(.place, name) }
      regions.append(
        FileRegion(
          name: name,
          kind: ContentKind(entry.content),
          rowBytes: entry.content.rowBytes(of: entry.shape),
          range: entry.offset..<end
        )
      )
      places.append(place)
    }
    places.append(first.range)
    guard let file = FileRegions(regions, byteCount: manifest.byteCount) else { throw refuse(.place) }
    guard ChunkIndex.mayHold(file.remainderByteCount, in: first.range.upperBound - first.range.lowerBound)
    else {
      throw refuse(.tensors("source.bytes is more than the frames can hold"))
    }
    return RestoredSource(source, file, places: places)
  }
}

extension ContentKind {
  init(_ content: ExportManifest.Content) {
    switch content {
    case .elements(let type): self = .elements(type)
    case .blocks(let type): self = .blocks(type)
    }
  }
}
