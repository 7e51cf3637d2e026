#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A shell pattern for names: `*`, `?` and `[...]`, as `fnmatch` reads them; `*` crosses dots and slashes.
public struct GlobPattern: Sendable, Hashable {
  /// The pattern as written.
  public let text: String

  /// A pattern.
  public init(_ text: String) { self.text = text }

  /// Whether a name matches the whole pattern.
  public func matches(_ name: String) -> Bool { fnmatch(text, name, 0) == 0 }
}
