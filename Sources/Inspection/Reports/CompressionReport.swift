/// What another library's compression of a model is, and who reads it.
public struct CompressionReport: Sendable, Hashable {
  /// A format, and how many modules have it.
  public struct Format: Sendable, Hashable {
    /// The format's name.
    public var name: String
    /// The modules that have it.
    public var modules: Int

    /// A format of so many modules.
    public init(name: String, modules: Int) {
      self.name = name
      self.modules = modules
    }
  }

  /// What a program makes of the model.
  public struct Loader: Sendable, Hashable {
    /// The program, and which versions of it.
    public var program: String
    /// Whether it loads what is meant.
    public var loads: Bool
    /// What happens, where that is not all.
    public var detail: String?

    /// What `program` makes of it.
    public init(_ program: String, loads: Bool, _ detail: String? = nil) {
      self.program = program
      self.loads = loads
      self.detail = detail
    }
  }

  /// The library.
  public var library: String
  /// The formats that were found, the most frequent first.
  public var formats: [Format]
  /// The version that wrote the model, where it says so.
  public var version: String?
  /// What the names and layouts tell of the version.
  public var era: String
  /// Who loads it today, and who does not.
  public var loaders: [Loader]
  /// The options of `lacuna convert` that make it a model that today's programs load; nil if it is one.
  public var remedy: [String]?

  /// A report of these parts.
  public init(
    library: String,
    formats: [Format],
    version: String?,
    era: String,
    loaders: [Loader],
    remedy: [String]?
  ) {
    self.library = library
    self.formats = formats
    self.version = version
    self.era = era
    self.loaders = loaders
    self.remedy = remedy
  }
}
