internal import Dialect
internal import Lossless
internal import ModelIR

/// How a file is divided for an export: regions, what the manifest says of them, and how they are called there.
struct ExportPlan {
  /// The regions and the remainder.
  let file: FileRegions
  /// The manifest's entries, in the order of their bytes.
  let entries: [ExportManifest.Entry]
  /// For each entry that is stored its name in the export, and whether it has bytes.
  let parts: [(name: TensorName, isEmpty: Bool)]

  /// A plan for `source`. A tensor whose bytes overlap those of an earlier one has none of its own.
  init(_ source: ExportSource) {
    let byteCount = source.source.byteCount
    let items = source.items.enumerated().sorted { left, right in
      let (a, b) = (left.element.range, right.element.range)
      if a.lowerBound != b.lowerBound { return a.lowerBound < b.lowerBound }
      // Of those that start together the longest has the bytes, and those without come first.
      if a.isEmpty != b.isEmpty { return a.isEmpty }
      return a.upperBound != b.upperBound ? a.upperBound > b.upperBound : left.offset < right.offset
    }.map(\.element)
    var names = Names(of: items)
    var regions: [FileRegion] = []
    var entries: [ExportManifest.Entry] = []
    var parts: [(name: TensorName, isEmpty: Bool)] = []
    var end: UInt64 = 0
    for var item in items where item.range.upperBound <= byteCount {
      let count = item.range.upperBound - item.range.lowerBound
      if item.content.byteCount(of: item.shape) != count {
        // Whatever it is, these are its bytes.
        (item.content, item.shape) = (.elements(.uint8), .vector(count))
      }
      var entry = ExportManifest.Entry(
        name: item.name,
        content: item.content,
        shape: item.shape,
        offset: item.range.lowerBound,
        isStored: count == 0 || item.range.lowerBound >= end
      )
      if entry.isStored {
        let name = names.name(for: item.name)
        if name == item.name { entry.name = nil }
        parts.append((name, count == 0))
        if count > 0 {
          end = item.range.upperBound
          regions.append(
            FileRegion(
              name: item.name,
              kind: ContentKind(item.content),
              rowBytes: item.content.rowBytes(of: item.shape),
              range: item.range
            )
          )
        }
      }
      entries.append(entry)
    }
    guard let file = FileRegions(regions, byteCount: byteCount) else {
      preconditionFailure("regions were put in order")
    }
    self.file = file
    self.entries = entries
    self.parts = parts
  }

  /// The tensors of the export, where indexes and frames lie as `places` says.
  func headerParts(_ places: [Range<UInt64>]) -> [ExportHeader.Part] {
    let remainder = places[places.count - 1]
    var next = 0
    var end = remainder.upperBound
    var found = [ExportHeader.Part(name: ExportManifest.remainderName, range: remainder)]
    found.reserveCapacity(parts.count + 1)
    for part in parts {
      if part.isEmpty {
        found.append(ExportHeader.Part(name: part.name, range: end..<end))
        continue
      }
      found.append(ExportHeader.Part(name: part.name, range: places[next]))
      end = places[next].upperBound
      next += 1
    }
    return found
  }

  /// Names in the export: each once, and none of those that mean something there.
  private struct Names {
    private var taken: Set<TensorName>
    private var next = 0
    /// Names that some tensor has, which no alias takes.
    private let given: Set<TensorName>

    init(of items: [ExportSource.Item]) {
      taken = [ExportManifest.remainderName, "__metadata__"]
      given = Set(items.map(\.name))
    }

    mutating func name(for wanted: TensorName) -> TensorName {
      if taken.insert(wanted).inserted { return wanted }
      while true {
        let alias = TensorName("lacuna.\(next)")
        next += 1
        if !given.contains(alias), taken.insert(alias).inserted { return alias }
      }
    }
  }
}
