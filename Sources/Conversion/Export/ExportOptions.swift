public import Lossless

/// What compressing or restoring is asked to do.
public struct ExportOptions: Sendable {
  /// How much work is spent on a smaller file.
  public var level = CompressionLevel.default
  /// Whether what other readers take is taken.
  public var lenient = false
  /// Whether outputs that exist are replaced.
  public var force = false
  /// Whether nothing is written.
  public var dryRun = false
  /// Whether the output is read back and compared.
  public var verify = false
  /// Whether damage reads as zeros, instead of ending the run.
  public var salvage = false
  /// How work is shared out.
  public var resources = WorkResources()

  /// The defaults.
  public init() {}
}
