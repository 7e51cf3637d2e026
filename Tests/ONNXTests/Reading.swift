import ByteIO
import ModelIR
import ONNX
import TestSupport
import Testing

/// Reads a model from memory; external data are looked for in `folder`.
func read(_ bytes: [UInt8], lenient: Bool = false, in folder: String? = nil) throws -> ONNXReader {
  try ONNXReader(
    source: MemorySource(bytes, named: "file"),
    folder: folder.map { try Folder($0) },
    lenient: lenient
  )
}

/// The fault of a model; nil if it is read.
func fault(_ bytes: [UInt8], lenient: Bool = false, in folder: String? = nil) throws -> ONNXFault? {
  do {
    _ = try read(bytes, lenient: lenient, in: folder)
    return nil
  } catch let fault as ONNXFault {
    return fault
  }
}

/// The models of `Fixtures/onnx`.
struct GoldenModel: Sendable, CustomTestStringConvertible {
  static let folder = "onnx"
  static let all: [GoldenModel] = {
    let names = (try? Fixture.names(in: folder)) ?? []
    return names.filter { $0.hasSuffix(".onnx") }.map { GoldenModel(name: $0) }
  }()

  let name: String
  var testDescription: String { name }

  func bytes() throws -> [UInt8] { try Fixture.bytes("\(Self.folder)/\(name)") }
  func reader(_ bytes: [UInt8]) throws -> ONNXReader { try read(bytes, in: Fixture.path(Self.folder)) }
}
