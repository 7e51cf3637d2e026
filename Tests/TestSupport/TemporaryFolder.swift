#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A fresh folder, removed with all that is in it when the last reference goes.
///
/// Keep it in a property of the suite: a local variable is gone after its last use, which may be before the
/// last use of its files.
package final class TemporaryFolder: Sendable {
  /// The path, all links resolved.
  package let path: String
  private let isOwned: Bool

  /// Creates the folder.
  package init() throws {
    let parent = FileManager.default.temporaryDirectory
    let folder = parent.appending(path: "lacuna-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    isOwned = true
    if let resolved = realpath(folder, nil) {
      defer { free(resolved) }
      path = String(cString: resolved)
    } else {
      path = folder
    }
  }

  /// The folder that another process created and will remove: for the child of an exit test that cannot
  /// remove it itself.
  package init(of path: String) {
    self.path = path
    isOwned = false
  }

  deinit { if isOwned { try? FileManager.default.removeItem(atPath: path) } }

  /// The path of an entry, from its path within the folder.
  package func path(_ name: String) -> String { path + "/" + name }

  /// Writes a file and returns its path.
  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: path(name)))
    return path(name)
  }

  /// Writes a file of text and returns its path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    try write(Array(text.utf8), to: name)
  }

  /// The bytes of a file.
  package func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path(name))))
  }

  /// Creates a folder, with those that lead to it, and returns its path.
  @discardableResult
  package func createFolder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    return path(name)
  }

  /// Creates a symbolic link to `target` and returns the link's path.
  @discardableResult
  package func link(_ name: String, to target: String) throws -> String {
    try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: target)
    return path(name)
  }

  /// Removes an entry.
  package func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

  /// The names of all entries of the folder, or of one within it, sorted; hidden ones too.
  package func entries(of name: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
  }
}
