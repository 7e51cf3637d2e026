#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The files under `Fixtures/` at the top of the package.
package enum Fixture {
  /// The path of `Fixtures/`.
  ///
  /// Found from this file instead of from a bundle: bundles would copy every fixture into every test target.
  package static let root: String = {
    let file = URL(filePath: #filePath)
    let package = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return package.appending(path: "Fixtures").path
  }()

  /// The path of a fixture, from its path within `Fixtures/`.
  package static func path(_ name: String) -> String { root + "/" + name }

  /// The bytes of a fixture.
  package static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path(name))))
  }

  /// The lines of a fixture that are neither empty nor a comment, each split at its tabs.
  package static func table(_ name: String) throws -> [[String]] {
    let text = String(decoding: try bytes(name), as: UTF8.self)
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// The names of the entries of a folder of fixtures, sorted.
  package static func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(folder)).sorted()
  }
}
