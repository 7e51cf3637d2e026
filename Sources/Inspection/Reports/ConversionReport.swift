public import ModelIR

/// What a conversion did, or with a dry run would do.
public struct ConversionReport: Sendable {
  /// One tensor.
  public struct TensorResult: Sendable {
    /// The name.
    public var name: TensorName
    /// The element type.
    public var elementType: ElementType
    /// The logical shape.
    public var shape: Shape
    /// The layout before.
    public var from: Layout
    /// The layout afterwards.
    public var to: Layout
    /// The bytes of its parts before.
    public var bytesBefore: UInt64
    /// The bytes of its parts afterwards.
    public var bytesAfter: UInt64
    /// Why it did not take the layout that was asked for.
    public var reason: String?
    /// The name of another library's format, where its parts are in that.
    public var format: String?
    /// The scheme or element type before, where it was changed.
    public var typeBefore: String?
    /// The scheme or element type afterwards, where it was changed.
    public var typeAfter: String?
    /// What encoding as blocks did to its numbers; nil where they were not encoded.
    public var encoding: EncodingResult?
    /// How many elements have another value than before.
    public var changedValues: UInt64
    /// How many elements lost the sign of a zero.
    public var droppedNegativeZeros: UInt64

    /// A result of these parts.
    public init(
      name: TensorName,
      elementType: ElementType,
      shape: Shape,
      from: Layout,
      to: Layout,
      bytesBefore: UInt64,
      bytesAfter: UInt64,
      reason: String?,
      format: String? = nil,
      typeBefore: String? = nil,
      typeAfter: String? = nil,
      encoding: EncodingResult? = nil,
      changedValues: UInt64 = 0,
      droppedNegativeZeros: UInt64 = 0
    ) {
      self.name = name
      self.elementType = elementType
      self.shape = shape
      self.from = from
      self.to = to
      self.bytesBefore = bytesBefore
      self.bytesAfter = bytesAfter
      self.reason = reason
      self.format = format
      self.typeBefore = typeBefore
      self.typeAfter = typeAfter
      self.encoding = encoding
      self.changedValues = changedValues
      self.droppedNegativeZeros = droppedNegativeZeros
    }
  }

  /// What became of numbers that were encoded with a loss.
  public struct EncodingResult: Sendable, Hashable {
    /// How many of them were 0.
    public var zeros: UInt64
    /// How many of these are other numbers now.
    public var lostZeros: UInt64
    /// The sum of their squares.
    public var squares: Double
    /// The sum of the squares of the differences.
    public var errorSquares: Double

    /// A result of these sums.
    public init(zeros: UInt64, lostZeros: UInt64, squares: Double, errorSquares: Double) {
      self.zeros = zeros
      self.lostZeros = lostZeros
      self.squares = squares
      self.errorSquares = errorSquares
    }

    /// The root mean square of the differences as a share of that of the numbers; nil where there is none.
    public var relativeError: Double? {
      squares > 0 && squares.isFinite && errorSquares.isFinite ? (errorSquares / squares).squareRoot() : nil
    }
  }

  /// A file that was, or would be, written.
  public struct OutputFile: Sendable, Hashable {
    /// Its name within the output.
    public var name: String
    /// Its size in bytes.
    public var byteCount: UInt64

    /// A file of this name and size.
    public init(name: String, byteCount: UInt64) {
      self.name = name
      self.byteCount = byteCount
    }
  }

  /// The input as the user called it.
  public var input: String
  /// The output as the user called it.
  public var output: String
  /// Whether nothing was written.
  public var isDryRun: Bool
  /// Whether the source went out byte for byte.
  public var isUnchanged: Bool
  /// The weight files and indexes, in the order in which they become visible.
  public var files: [OutputFile]
  /// Other files of the folder that were carried over.
  public var carriedFiles: [OutputFile]
  /// The tensors, in the order of the model.
  public var tensors: [TensorResult]
  /// The bytes of the input's weight files.
  public var inputByteCount: UInt64
  /// How much memory the plan takes at most, in bytes.
  public var plannedMemory: UInt64
  /// Whether the output was read back and compared with the input by digest.
  public var wasVerified: Bool
  /// Seconds from start to end.
  public var seconds: Double
  /// What was done besides changing layouts.
  public var notes: [String]
  /// What should be known.
  public var warnings: [Diagnosis]
  /// What had to be said before anything was written.
  public var announced: [Diagnosis] = []

  /// A report of these parts.
  public init(
    input: String,
    output: String,
    isDryRun: Bool,
    isUnchanged: Bool,
    files: [OutputFile],
    carriedFiles: [OutputFile],
    tensors: [TensorResult],
    inputByteCount: UInt64,
    plannedMemory: UInt64,
    wasVerified: Bool,
    seconds: Double,
    notes: [String] = [],
    warnings: [Diagnosis]
  ) {
    self.input = input
    self.output = output
    self.isDryRun = isDryRun
    self.isUnchanged = isUnchanged
    self.files = files
    self.carriedFiles = carriedFiles
    self.tensors = tensors
    self.inputByteCount = inputByteCount
    self.plannedMemory = plannedMemory
    self.wasVerified = wasVerified
    self.seconds = seconds
    self.notes = notes
    self.warnings = warnings
  }

  /// The bytes of the output's weight files and indexes.
  public var outputByteCount: UInt64 { files.reduce(0) { $0 &+ $1.byteCount } }
}
