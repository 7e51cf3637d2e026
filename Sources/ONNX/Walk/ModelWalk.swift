internal import ByteIO
internal import ModelIR

/// Walks over a model file once and gathers what it says, in a bounded amount of memory.
///
/// Every message is looked at field by field. Elements are passed over; graphs, nodes, tensors and whatever may
/// hold one are gone into; all else is only stepped over.
struct ModelWalk {
  /// The memory that descriptions may take in any file, in bytes; to that come two bytes for each of the file's.
  static let freeMemory: UInt64 = 32 << 20
  /// The most dimensions of a tensor.
  static let mostDimensions = 64
  /// The most entries of an attribute that are kept, and the most bytes of its text.
  static let mostEntries = 4096
  /// The most bytes of a value of the metadata that are kept.
  static let longestMetadata = 1 << 24

  /// The file.
  var reader: WireReader
  let isLenient: Bool
  /// What has been found.
  var model = ONNXModel(irVersion: 0, operatorSets: [], graphs: [], tensors: [], metadata: [])
  var structure = ONNXStructure()
  var oddities: [ONNXOddity] = []
  var external: ExternalFiles
  /// Where it stands.
  var path = FieldPath()
  /// For each graph what stands before the scoped names of what is in it.
  var scopes: [String] = []
  var names = UniqueNames()
  /// The names of the initializers of the main graph.
  var mainNames: Set<TensorName> = []
  private let memoryLimit: UInt64
  private var memoryUsed: UInt64 = 0

  init(_ source: any ByteSource, _ external: ExternalFiles, isLenient: Bool) {
    reader = WireReader(source)
    self.external = external
    self.isLenient = isLenient
    memoryLimit = Self.freeMemory + 2 * min(source.byteCount, 1 << 40)
  }

  /// A fault of the message that is being read.
  func fault(
    _ rule: ONNXFault.Rule,
    _ field: String? = nil,
    tensor: String? = nil,
    at offset: UInt64? = nil
  ) -> ONNXFault {
    let way = [path.text, field ?? ""].filter { !$0.isEmpty }.joined(separator: ".")
    return ONNXFault(
      file: reader.file,
      tensor: tensor.flatMap { $0.isEmpty ? nil : TensorName($0) },
      field: way.isEmpty ? nil : way,
      rule,
      offset: offset ?? reader.position
    )
  }

  /// Says where a fault of the encoding was found.
  func placed(_ fault: ONNXFault) -> ONNXFault {
    guard fault.field == nil else { return fault }
    let way = path.text
    return ONNXFault(
      file: fault.file,
      tensor: fault.tensor,
      field: way.isEmpty ? nil : way,
      fault.rule,
      offset: fault.offset
    )
  }

  /// Notes something odd, each kind once.
  mutating func note(_ kind: ONNXOddity.Kind, tensor: String? = nil, at offset: UInt64) {
    guard oddities.count < 64, !oddities.contains(where: { $0.kind == kind }) else { return }
    oddities.append(
      ONNXOddity(file: reader.file, tensor: tensor.map { TensorName($0) }, kind: kind, offset: offset)
    )
  }

  /// Sets memory aside before it is taken.
  mutating func charge(_ bytes: Int) throws {
    memoryUsed += UInt64(bytes)
    if memoryUsed > memoryLimit { throw fault(.tooMuchContent(limit: memoryLimit)) }
  }

  /// Goes into a message.
  mutating func enter(_ name: StaticString, _ number: Int = -1) throws {
    path.enter(name, number)
    if path.depth > WireReader.deepest { throw fault(.nestedTooDeep(limit: WireReader.deepest)) }
  }

  /// Keeps where a message stands.
  mutating func frame(_ field: WireField, in parent: Int32) throws -> Int32 {
    try charge(MemoryLayout<WireFrame>.stride)
    structure.frames.append(WireFrame(field, parent: parent))
    return Int32(structure.frames.count - 1)
  }

  /// The text of a field. (Names in ONNX are UTF-8; protobuf's proto2 does not check that.)
  mutating func text(_ field: WireField, _ name: StaticString) throws -> String {
    let content = field.content
    let count = Int(content.upperBound - content.lowerBound)
    guard count <= WireReader.windowSize else {
      throw fault(
        .nameTooLong(UInt64(count), limit: WireReader.windowSize),
        "\(name)",
        at: content.lowerBound
      )
    }
    // Up to 15 bytes lie in the string itself.
    if count > 15 { try charge(count + 48) }
    if let text = try reader.text(content) { return text }
    guard isLenient else { throw fault(.nameNotUTF8, "\(name)", at: content.lowerBound) }
    note(.nameNotUTF8, at: content.lowerBound)
    try charge(4 * count)
    return EscapedText.of(try reader.bytes(content))
  }

  /// The 64-bit integers of a field: one, or a packed run of them.
  mutating func integers(_ field: WireField, _ visit: (Int64) throws -> Void) throws {
    if field.type == .varint { return try visit(Int64(bitPattern: field.value)) }
    reader.seek(to: field.content.lowerBound)
    while reader.position < field.content.upperBound {
      try visit(Int64(bitPattern: try reader.varint(before: field.content.upperBound)))
    }
  }

  /// A key and its value.
  mutating func pair(_ field: WireField) throws -> (key: String, value: String) {
    var pair = (key: "", value: "")
    let end = field.content.upperBound
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: end) {
      if part.type == .lengthDelimited {
        switch part.number {
        case 1: pair.key = try text(part, "key")
        case 2: pair.value = try text(part, "value")
        default: break
        }
      }
      reader.seek(to: part.content.upperBound)
    }
    try charge(2 * MemoryLayout<String>.stride)
    return pair
  }
}
