internal import Inspection
internal import ModelIR

/// What the tensors of an ONNX model take in that format's own sparse forms.
///
/// Bounds, and close ones: of indices it is known how many there are, and not how long each one is. Whether a graph can
/// have a form is up to the conversion, which says where it cannot.
struct GraphSizes {
  private let tensors: [TensorReport]

  /// The forms, by the names that they have as layouts.
  static let forms: [(name: String, layout: Layout)] = [("csr", .csr), ("bitmask", .bitmask)]

  /// The sizes of the tensors of a report.
  init(_ tensors: [TensorReport]) { self.tensors = tensors }

  /// The bytes with every tensor in a form that can take it, the others as they are; nil if none can.
  func byteCount(in layout: Layout) -> UInt64? {
    var total: UInt64 = 0
    var taken = 0
    for report in tensors {
      let stored = report.tensor.storedByteCount
      guard let bytes = Self.byteCount(of: report, in: layout) else {
        total &+= stored
        continue
      }
      total &+= bytes
      taken += 1
    }
    return taken == 0 ? nil : total
  }

  private static func byteCount(of report: TensorReport, in layout: Layout) -> UInt64? {
    let tensor = report.tensor
    guard tensor.layout == .dense, tensor.shape.rank >= 2, let width = tensor.elementType.byteWidth,
      let statistics = report.statistics
    else { return nil }
    switch tensor.uses?.role {
    case .scale, .zeroPoint, .shape: return nil
    default: break
    }
    let values = statistics.stored.multipliedReportingOverflow(by: UInt64(width))
    let (indices, overflow) =
      layout == .bitmask
      ? (tensor.shape.elementCount / 8 + (tensor.shape.elementCount % 8 == 0 ? 0 : 1), false)
      : statistics.stored.multipliedReportingOverflow(by: varintBytes(tensor.shape.elementCount))
    let (bytes, carry) = values.partialValue.addingReportingOverflow(indices)
    return values.overflow || overflow || carry ? nil : bytes
  }

  /// The bytes of the index of the last of so many elements: a base-128 varint.
  private static func varintBytes(_ elements: UInt64) -> UInt64 {
    UInt64((70 - (max(elements, 2) - 1).leadingZeroBitCount) / 7)
  }
}
