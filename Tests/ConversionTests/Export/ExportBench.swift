import ByteIO
import CompressedTensors
import Conversion
import Inspection
import Lossless
import ModelIR
import SparseCoding
import TestSupport

/// A folder to compress and restore in, and short ways to do it.
struct ExportBench {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  func path(_ name: String) -> String { temporary.path(name) }

  static func options(threads: Int = 2, memory: UInt64 = 32_000_000) -> ExportOptions {
    var options = ExportOptions()
    options.force = true
    options.lenient = true
    options.resources = WorkResources(threads: threads, memory: memory)
    return options
  }

  /// Compresses what is at `input`, a whole path.
  @discardableResult
  func compress(_ input: String, to output: String, _ options: ExportOptions = Self.options()) throws
    -> ExportReport
  {
    try Exporter(
      OpenedModel(input, lenient: options.lenient),
      to: path(output),
      options: options,
      progress: WorkProgress()
    ).run()
  }

  /// Restores the export `input`.
  @discardableResult
  func restore(
    _ input: String,
    to output: String,
    _ options: ExportOptions = Self.options()
  ) throws -> RestorationReport {
    try Restorer(path(input), to: path(output), options: options, progress: WorkProgress()).run()
  }

  func verify(_ name: String) throws -> IntegrityReport {
    try IntegrityChecker(pool: ChunkPool(threads: 2), chunkBytes: 1 << 16, progress: WorkProgress())
      .check(
        path(name),
        lenient: true,
        assumptions: Assumptions(),
        resources: WorkResources(threads: 2, memory: 32_000_000)
      )
  }
}

/// The header of an export in memory, to be changed; it shares no code with what is tested.
struct ExportBytes {
  var header: String
  var data: [UInt8]

  init(_ bytes: [UInt8]) {
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    header = String(decoding: bytes[8..<(8 + length)], as: UTF8.self)
    data = Array(bytes[(8 + length)...])
  }

  var bytes: [UInt8] { SafetensorsBuilder(header: header, data: data).bytes }

  /// Gives the header's hash another value: the right one for a header that lies.
  mutating func sign() {
    guard let manifest = text(of: "lacuna.manifest"), let old = text(of: "lacuna.digest"),
      let stored = try? StoredTensors(bytes)
    else { return }
    var hashed = Array(manifest.utf8)
    var end: UInt64 = 0
    /// Where the header names a tensor.
    func place(_ entry: SafetensorsBuilder.Entry) -> String.Index {
      header.firstRange(of: "\"\(entry.name)\":{")?.lowerBound ?? header.endIndex
    }
    for entry in stored.entries.sorted(by: { place($0) < place($1) }) {
      hashed += [0] + Array(entry.name.utf8) + [0]
      for number in [end, end + UInt64(entry.data.count)] {
        hashed += (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
      }
      end += UInt64(entry.data.count)
    }
    let digits = String(Checksum.of(hashed, 0..<hashed.count), radix: 16)
    let digest = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    header = header.replacing("\"lacuna.digest\":\"\(old)\"", with: "\"lacuna.digest\":\"\(digest)\"")
  }

  /// A text of the metadata without its escapes, of which only quotes have any here.
  private func text(of key: String) -> String? {
    let head = "\"\(key)\":\""
    guard let start = header.firstRange(of: head)?.upperBound else { return nil }
    var text = ""
    var rest = header[start...]
    while let character = rest.popFirst(), character != "\"" {
      text.append(character == "\\" ? rest.popFirst() ?? "\\" : character)
    }
    return text
  }
}
