// How the library's own types are read from the command line.

public import ArgumentParser
public import CompressedTensors
public import Conversion
public import Inspection
public import Lossless
public import ModelIR
public import Reporting

extension InspectionOptions.Sort: ExpressibleByArgument {}

extension NMPattern: ExpressibleByArgument {
  /// Reads `N:M`.
  public init?(argument: String) { self.init(argument) }
}

extension ValidationReport.TailPolicy: ExpressibleByArgument {}

extension Validator.AxisChoice: ExpressibleByArgument {
  /// Reads `auto`, `last` or an axis's number.
  public init?(argument: String) {
    switch argument {
    case "auto": self = .automatic
    case "last": self = .last
    default:
      guard let number = Int(argument), number >= 0 else { return nil }
      self = .number(number)
    }
  }

  /// `auto`
  public var defaultValueDescription: String { "auto" }
}

extension RuntimeProfile.Name: ExpressibleByArgument {}

extension ConversionOptions.LayoutRequest: ExpressibleByArgument {
  /// Reads `keep`, `auto` or a layout's name.
  public init?(argument: String) {
    switch argument {
    case "keep": self = .keep
    case "auto": self = .auto
    default:
      guard let layout = Layout(argument) else { return nil }
      self = .named(layout)
    }
  }

  /// `keep`
  public var defaultValueDescription: String { "keep" }
}

extension CompressionLevel: ExpressibleByArgument {}

extension ConversionOptions.Target: ExpressibleByArgument {}

extension Assumptions.Item: ExpressibleByArgument {}
