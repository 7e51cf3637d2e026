public import ModelIR

/// What a file's tensors are made of: for each logical tensor its type, shape, layout and parts.
///
/// It stands in the container's metadata, so that every reader of the container can still open the file.
public struct Manifest: Sendable, Hashable {
  /// The metadata key of ``version``.
  public static let versionKey = "lacuna.version"
  /// The metadata key of the manifest's text.
  public static let manifestKey = "lacuna.manifest"
  /// What all our metadata keys start with.
  public static let keyPrefix = "lacuna."
  /// The longest text, in bytes: what a header of safetensors may have in all.
  public static let longestText: UInt64 = 100_000_000
  /// The version that this program writes and reads.
  public static let version = "1"

  /// One logical tensor.
  public struct Entry: Sendable, Hashable {
    /// The name.
    public var name: TensorName
    /// The element type.
    public var elementType: ElementType
    /// The logical shape.
    public var shape: Shape
    /// The layout.
    public var layout: Layout
    /// The names of the parts, in the order of ``LayoutParts/roles(of:)``; empty for dense.
    public var parts: [TensorName]
    /// What a dense tensor is called in the container, where that has no room for its name.
    public var alias: TensorName?
    /// What turns codes into reals.
    public var quantization: Quantization?

    /// An entry of these parts.
    public init(
      name: TensorName,
      elementType: ElementType,
      shape: Shape,
      layout: Layout,
      parts: [TensorName],
      alias: TensorName? = nil,
      quantization: Quantization? = nil
    ) {
      self.name = name
      self.elementType = elementType
      self.shape = shape
      self.layout = layout
      self.parts = parts
      self.alias = alias
      self.quantization = quantization
    }
  }

  /// The logical tensors, in the order of the file that they came from.
  public var entries: [Entry]
  /// Whether the source had a place for metadata, though it may have been empty.
  public var sourceDeclaresMetadata: Bool

  /// A manifest of these tensors.
  public init(entries: [Entry], sourceDeclaresMetadata: Bool) {
    self.entries = entries
    self.sourceDeclaresMetadata = sourceDeclaresMetadata
  }
}

/// A manifest that is broken, or does not fit its file.
public struct ManifestFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// There is a version and no manifest.
    case missingManifest
    /// There is a manifest and no version.
    case missingVersion
    /// The version is another one.
    case unknownVersion(String)
    /// A key of ours whose value is no text.
    case notText(String)
    /// A text of so many bytes.
    case tooLong(UInt64)
    /// It is no JSON, or not strict JSON.
    case json(String)
    /// A field that must be there is not.
    case missingField(String)
    /// A field's value is not what it must be.
    case wrongField(String, expected: String)
    /// A key twice.
    case duplicateField(String)
    /// A layout that this version does not know.
    case unknownLayout(String)
    /// A logical tensor twice.
    case duplicateTensor
    /// A part that the file does not have.
    case missingPart(TensorName)
    /// A part that two tensors claim.
    case sharedPart(TensorName)
    /// A part of another type than the layout has.
    case partType(TensorName, found: ElementType, expected: String)
    /// A part made of blocks.
    case quantizedPart(TensorName)
    /// A part of another shape than the layout has.
    case partShape(TensorName, found: Shape, expected: String)
    /// A part in another shard than the first one.
    case partElsewhere(TensorName)
    /// A tensor in the file whose blocks are other ones.
    case otherBlocks(TensorName)
    /// A tensor in the file that the manifest does not mention.
    case unmentionedTensor
    /// A shape whose parts exceed 64 bits.
    case tooLarge
    /// A sparse layout of a type whose elements share bytes.
    case subByteType(ElementType)
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The broken rule.
  public let rule: Rule

  /// A violation of `rule`.
  public init(file: String, tensor: TensorName? = nil, _ rule: Rule) {
    self.file = file
    self.tensor = tensor
    self.rule = rule
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected): (String, String?) =
      switch rule {
      case .missingManifest: ("has \(Manifest.versionKey) and no \(Manifest.manifestKey)", nil)
      case .missingVersion: ("has \(Manifest.manifestKey) and no \(Manifest.versionKey)", nil)
      case .unknownVersion(let version):
        ("\(Manifest.versionKey) is \"\(version)\"", "this program reads version \(Manifest.version)")
      case .notText(let key): ("\(key) is no text", "a string")
      case .tooLong(let count):
        ("\(Manifest.manifestKey) has \(count) bytes", "at most \(Manifest.longestText)")
      case .json(let problem): ("\(Manifest.manifestKey): \(problem)", nil)
      case .missingField(let field): ("\(Manifest.manifestKey): \(field) is missing", nil)
      case .wrongField(let field, let expected):
        ("\(Manifest.manifestKey): \(field) has a wrong value", expected)
      case .duplicateField(let field): ("\(Manifest.manifestKey): \(field) stands twice", nil)
      case .unknownLayout(let name):
        (
          "\(Manifest.manifestKey): layout \"\(name)\" is unknown to version \(Manifest.version)",
          "a newer program may read it"
        )
      case .duplicateTensor: ("\(Manifest.manifestKey): the tensor stands twice", nil)
      case .missingPart(let part): ("its part \(part.text) is not in the file", nil)
      case .sharedPart(let part): ("its part \(part.text) belongs to another tensor too", nil)
      case .partType(let part, let found, let expected):
        ("its part \(part.text) is \(found.name)", expected)
      case .quantizedPart(let part): ("its part \(part.text) is quantized", "plain numbers")
      case .partShape(let part, let found, let expected):
        ("its part \(part.text) has the shape \(found)", expected)
      case .partElsewhere(let part):
        ("its part \(part.text) is in another shard", "all parts in that of the first")
      case .otherBlocks(let part):
        ("quantization: it is not what the file says of \(part.text)", "the same type and shape")
      case .unmentionedTensor: ("is in the file and not in \(Manifest.manifestKey)", nil)
      case .tooLarge: ("shape: its parts would exceed 64 bits of bytes", nil)
      case .subByteType(let type):
        ("dtype: \(type.name) elements share bytes or exceed 64 bits", "such a tensor is dense")
      }
    return Diagnosis(.badData, file: file, tensor: tensor, problem, expected: expected)
  }
}
