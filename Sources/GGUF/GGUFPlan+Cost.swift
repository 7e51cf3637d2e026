internal import ModelIR

extension GGUFPlan.Part {
  /// The bytes that the part takes in a file: its info in the header, its data, and the zeros behind them; nil
  /// where that is more than a file can hold.
  public func byteCount(alignment: UInt64) -> UInt64? {
    guard let data = try? GGUFTensorInfo.byteCount(of: type, dims: dims).get().padded(to: alignment) else {
      return nil
    }
    // A length, the name, the number of extents, those, the type and the offset.
    let info = 8 + name.text.utf8.count + 4 + 8 * dims.count + 4 + 8
    let (sum, overflow) = data.addingReportingOverflow(UInt64(info))
    return overflow ? nil : sum
  }
}
