public import ArgumentParser
public import Conversion

/// What can be said of an ONNX output.
struct ONNXOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Put the input's weights into the graph of this ONNX model, by name; what it has besides stays.",
      valueName: "base.onnx"
    )
  )
  var graph: String?

  @Option(
    help: ArgumentHelp(
      "Where elements lie: in the model unless it exceeds 2 GiB, always there, or in a file beside it. Where that file "
        + "is the input, they stay there.",
      valueName: "auto|never|FILE"
    )
  )
  var externalData = ConversionOptions.ExternalData.auto

  @Flag(help: "Write sparse tensors as sparse initializers, which onnxruntime loads and the checker refuses.")
  var sparseInitializers = false
}

extension ConversionOptions.ExternalData: ExpressibleByArgument {
  /// Reads `auto`, `never` or a file's name.
  public init?(argument: String) {
    switch argument {
    case "auto": self = .auto
    case "never": self = .never
    case "": return nil
    default: self = .file(argument)
    }
  }

  /// `auto`
  public var defaultValueDescription: String { "auto" }
}
