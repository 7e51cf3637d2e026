import GGUF
import ModelIR
import TestSupport

/// Reads a header from bytes.
func read(_ bytes: [UInt8], lenient: Bool = false) throws -> GGUFHeader {
  try GGUFHeader.read(from: MemorySource(bytes, named: "file"), lenient: lenient)
}

/// The fault that reading a header from bytes throws.
func fault(_ bytes: [UInt8], lenient: Bool = false) throws -> GGUFFault? {
  do {
    _ = try read(bytes, lenient: lenient)
    return nil
  } catch let fault as GGUFFault {
    return fault
  }
}

/// A golden file.
func golden(_ name: String) throws -> MemorySource {
  MemorySource(try Fixture.bytes("gguf/\(name).gguf"), named: name)
}

extension ByteSource {
  /// The bytes of a run.
  func bytes(_ range: Range<UInt64>) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: range.count)
    try read(range.count, at: range.lowerBound, into: &buffer, startingAt: 0)
    return buffer
  }

  /// The bytes of a region.
  func bytes(_ region: Region) throws -> [UInt8] {
    try bytes(region.offset..<(region.offset + region.byteCount))
  }
}

extension GGUFPlan {
  /// The header, its copied regions read from `sources`.
  func headerBytes(_ sources: [any ByteSource]) throws -> [UInt8] {
    try header.flatMap { piece in
      switch piece {
      case .bytes(let bytes): bytes
      case .copied(let region): try sources[Int(region.file)].bytes(region)
      case .zeros(let count): [UInt8](repeating: 0, count: Int(count))
      }
    }
  }

  /// The file, with these data for its parts.
  func fileBytes(_ sources: [any ByteSource], data: [[UInt8]]) throws -> [UInt8] {
    var bytes = try headerBytes(sources)
    for (index, part) in data.enumerated() {
      bytes += part + [UInt8](repeating: 0, count: Int(paddings[index]))
    }
    return bytes
  }
}

extension GGUFReader {
  /// The data of all tensors, little-endian.
  func data() throws -> [[UInt8]] {
    let model = model
    return try model.tensors.map { tensor in
      try model.source(of: tensor).bytes(tensor.storage.regions[0])
    }
  }
}
