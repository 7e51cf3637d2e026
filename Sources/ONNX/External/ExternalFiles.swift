internal import ByteIO
package import ModelIR

/// A file beside a model that holds elements of its tensors.
package struct ONNXExternalFile: Sendable {
  /// The path within the model's folder, without components that say nothing.
  package var location: String
  /// The file.
  package var source: any ByteSource
  /// The first SHA-1 that a tensor declares for the whole file, as it is written. Nothing in ONNX compares it.
  package var checksum: String?
}

/// Opens the files that hold elements, each once.
///
/// A location is a path within the model's folder: relative, without `..`, without NUL. A link on the way may stay
/// in the folder, or lead into the blobs of the Hub cache that the folder is a snapshot of.
struct ExternalFiles {
  private let folder: Folder?
  /// By the bytes of their locations: to a file system, names that look the same are two.
  private var numbers: [[UInt8]: Int] = [:]
  private(set) var files: [ONNXExternalFile] = []

  /// Sources that stand for files, by their locations, before any folder is looked into.
  private let elsewhere: [String: any ByteSource]

  init(_ folder: Folder?, elsewhere: [String: any ByteSource] = [:]) {
    self.folder = folder
    self.elsewhere = elsewhere
  }

  /// The number of the file at `location`, opened if it was not before.
  /// - Throws: ``ONNXFault/Rule`` in a ``Refusal``.
  mutating func number(of location: String, checksum: String?) throws(Refusal) -> Int {
    guard !location.isEmpty else { throw Refusal(rule: .noLocation) }
    guard !location.utf8.contains(0) else { throw Refusal(rule: .nulInLocation(location)) }
    guard !location.hasPrefix("/") else { throw Refusal(rule: .absoluteLocation(location)) }
    let components = location.split(separator: "/").filter { $0 != "." }.map(String.init)
    guard let name = components.last, !location.hasSuffix("/"), !components.contains("..") else {
      throw Refusal(rule: .locationLeavesFolder(location))
    }
    let plain = components.joined(separator: "/")
    if let known = numbers[Array(plain.utf8)] {
      if files[known].checksum == nil { files[known].checksum = checksum }
      return known
    }
    if let source = elsewhere[plain] {
      numbers[Array(plain.utf8)] = files.count
      files.append(ONNXExternalFile(location: plain, source: source, checksum: checksum))
      return files.count - 1
    }
    guard var folder else { throw Refusal(rule: .noFolder) }
    guard files.count < Limits.shards else {
      throw Refusal(rule: .unusableFile(location, .badData, problem: "is one of more than \(Limits.shards)"))
    }
    let source: any ByteSource
    do {
      for component in components.dropLast() { folder = try folder.subfolder(component) }
      source = try folder.source(name)
      try source.rest()
    } catch {
      let diagnosis = (error as? any Fault)?.diagnosis
      throw Refusal(
        rule: .unusableFile(
          location,
          diagnosis?.kind ?? .readOrWriteFailed,
          problem: diagnosis?.problem ?? "cannot be opened"
        )
      )
    }
    numbers[Array(plain.utf8)] = files.count
    files.append(ONNXExternalFile(location: plain, source: source, checksum: checksum))
    return files.count - 1
  }

  /// Why a file is not opened.
  struct Refusal: Error {
    var rule: ONNXFault.Rule
  }
}
