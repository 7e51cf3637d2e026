public import ModelIR
internal import StrictJSON

/// Where everything lies in a safetensors file that is about to be written.
///
/// The file is laid out as the reference writer does it (`safetensors/src/tensor.rs`, `prepare`): tensors by
/// element type, the highest of ``ElementType`` first, then by name; metadata first in the header; the
/// header padded with spaces to a multiple of 8.
public struct SafetensorsPlan: Sendable {
  /// A tensor to write.
  public struct Part: Sendable, Hashable {
    /// The name.
    public var name: TensorName
    /// The element type.
    public var elementType: ElementType
    /// The shape; its bytes are a whole number that fits 64 bits.
    public var shape: Shape

    /// A tensor of this name, type and shape.
    public init(name: TensorName, elementType: ElementType, shape: Shape) {
      self.name = name
      self.elementType = elementType
      self.shape = shape
    }

    /// The bytes of its data.
    public var byteCount: UInt64 { shape.byteCount(of: elementType) ?? 0 }
  }

  /// The bytes before the data: the header's length and the header.
  public let header: [UInt8]
  /// For each part as given, where its data start in the file.
  public let offsets: [UInt64]
  /// The size of the file.
  public let byteCount: UInt64

  /// A plan for these parts.
  /// - Parameter metadata: what `__metadata__` will hold, or nil for none.
  /// - Throws: ``SafetensorsPlanFault`` where the header would grow too large, or the format lacks a type.
  public init(file: String, parts: [Part], metadata: Metadata?) throws {
    let order = parts.indices.sorted { left, right in
      let (a, b) = (parts[left], parts[right])
      return a.elementType != b.elementType ? a.elementType > b.elementType : a.name < b.name
    }
    var text: [UInt8] = [UInt8(ascii: "{")]
    if let metadata {
      text.append(contentsOf: "\"__metadata__\":".utf8)
      Self.append(metadata, to: &text)
      if !parts.isEmpty { text.append(UInt8(ascii: ",")) }
    }
    var starts = [UInt64](repeating: 0, count: parts.count)
    var end: UInt64 = 0
    for (place, index) in order.enumerated() {
      let part = parts[index]
      guard part.elementType.isInSafetensors else {
        throw SafetensorsPlanFault(file: file, rule: .typeNotInFormat(part.elementType, of: part.name))
      }
      if place > 0 { text.append(UInt8(ascii: ",")) }
      starts[index] = end
      let (next, overflow) = end.addingReportingOverflow(part.byteCount)
      guard !overflow, next <= UInt64(Int64.max) - 200_000_000 else {
        throw SafetensorsPlanFault(file: file, rule: .dataTooLarge)
      }
      Self.append(part, begin: end, end: next, to: &text)
      end = next
    }
    text.append(UInt8(ascii: "}"))
    text.append(contentsOf: repeatElement(0x20, count: (8 - text.count % 8) % 8))
    guard text.count <= 100_000_000 else {
      throw SafetensorsPlanFault(file: file, rule: .headerTooLarge(text.count))
    }
    for (one, next) in zip(order, order.dropFirst()) where parts[one].name == parts[next].name {
      throw SafetensorsPlanFault(file: file, rule: .duplicateName(parts[one].name))
    }
    let length = UInt64(text.count)
    header = (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + text
    let dataStart = UInt64(header.count)
    offsets = starts.map { $0 + dataStart }
    byteCount = dataStart + end
  }

  private static func append(_ metadata: Metadata, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "{"))
    for index in 0..<metadata.count {
      guard case .string(let value) = metadata.value(at: index) else {
        preconditionFailure("safetensors metadata is text")
      }
      if index > 0 { text.append(UInt8(ascii: ",")) }
      JSONWriter.append(quoting: metadata.key(at: index).utf8, to: &text)
      text.append(UInt8(ascii: ":"))
      JSONWriter.append(quoting: value.utf8, to: &text)
    }
    text.append(UInt8(ascii: "}"))
  }

  private static func append(_ part: Part, begin: UInt64, end: UInt64, to text: inout [UInt8]) {
    JSONWriter.append(quoting: part.name.text.utf8, to: &text)
    text.append(contentsOf: ":{\"dtype\":\"\(part.elementType.name)\",\"shape\":[".utf8)
    for (index, extent) in part.shape.extents.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text.append(contentsOf: String(extent).utf8)
    }
    text.append(contentsOf: "],\"data_offsets\":[\(begin),\(end)]}".utf8)
  }

  /// The bytes of header text that a part takes, with the comma behind it, if its offsets have
  /// `offsetDigits` digits each.
  public static func headerByteCount(of part: Part, offsetDigits: Int) -> UInt64 {
    var text: [UInt8] = []
    append(part, begin: 0, end: 0, to: &text)
    return UInt64(text.count - 2 + 2 * offsetDigits + 1)
  }
}

/// A file that cannot be laid out.
public struct SafetensorsPlanFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The header would exceed the format's limit.
    case headerTooLarge(Int)
    /// The data would exceed what a file can hold.
    case dataTooLarge
    /// Two tensors of one type have one name.
    case duplicateName(TensorName)
    /// A tensor has an element type that the format does not.
    case typeNotInFormat(ElementType, of: TensorName)
  }

  /// The file.
  public let file: String
  /// The broken rule.
  public let rule: Rule

  /// A file that breaks `rule`.
  public init(file: String, rule: Rule) {
    self.file = file
    self.rule = rule
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    switch rule {
    case .headerTooLarge(let count):
      Diagnosis(
        .cannotCreate,
        file: file,
        "the header would take \(count) bytes",
        expected: "the format allows 100000000; --shard-size makes several files"
      )
    case .duplicateName(let name):
      Diagnosis(
        .badData,
        file: file,
        tensor: name,
        "would be written twice",
        expected: "one tensor of each name"
      )
    case .typeNotInFormat(let type, let name):
      Diagnosis(.cannotCreate, file: file, tensor: name, "safetensors has no type \(type.name)")
    case .dataTooLarge: Diagnosis(.cannotCreate, file: file, "the data would exceed 2^63 bytes")
    }
  }
}
