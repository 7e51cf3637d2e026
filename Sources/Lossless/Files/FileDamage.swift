public import ModelIR
internal import Synchronization

/// Bytes of a compressed file that cannot be given back.
public struct FileDamage: Sendable, Hashable {
  /// The compressed file.
  public var file: String
  /// The tensor; nil where the bytes belong to none.
  public var tensor: TensorName?
  /// The rows that the bytes lie in, whole or in part; nil where there are no rows.
  public var rows: Range<UInt64>?
  /// The bytes, counted from the tensor's first; where there is no tensor, among all such bytes of the file.
  public var bytes: Range<UInt64>
  /// What is wrong.
  public var problem: String
  /// Where in the compressed file.
  public var offset: UInt64

  /// What is wrong and where, in a line.
  public var diagnosis: Diagnosis {
    let place = "bytes \(bytes.inWords)"
    let lost: String
    if tensor == nil {
      lost = "\(place) of what stands around the tensors are damaged"
    } else if let rows {
      lost = "rows \(rows.inWords) (\(place)) are damaged"
    } else {
      lost = "\(place) are damaged"
    }
    return Diagnosis(.badData, file: file, tensor: tensor, "\(lost): \(problem)", offset: offset)
  }
}

extension FileDamage {
  /// Damage in a region, or in the remainder, which comes after the last.
  init(_ source: RestoredSource, _ stream: Int, _ bytes: Range<UInt64>, _ problem: String, at offset: UInt64)
  {
    file = source.displayName
    if stream < source.file.regions.count {
      let region = source.file.regions[stream]
      tensor = region.name
      rows = region.rows(of: bytes)
    }
    self.bytes = bytes
    self.problem = problem
    self.offset = offset
  }
}

/// A read that needs bytes that are damaged.
public struct DamagedFileFault: Fault, Hashable {
  /// The first damage that the read met.
  public let damage: FileDamage

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis { damage.diagnosis }
}

/// Collects the damage of a file, each once. Memory: some 150 bytes for each damaged chunk.
public final class DamageLog: Sendable {
  private let found = Mutex<Set<FileDamage>>([])

  /// An empty log.
  public init() {}

  /// Notes damage.
  public func add(_ damage: FileDamage) { found.withLock { _ = $0.insert(damage) } }

  /// All damage, in the order of the compressed file.
  public var all: [FileDamage] { found.withLock { $0.sorted { $0.offset < $1.offset } } }
}
