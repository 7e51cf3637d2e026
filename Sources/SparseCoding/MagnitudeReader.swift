internal import CKernels
public import ModelIR

/// Reads magnitudes of elements, and sums those that a pattern would remove.
///
/// Sums are the same to the last bit for all sets of kernels.
public struct MagnitudeReader: Sendable {
  private let type: lacuna_number_type
  private let kernels: KernelSet

  /// The bytes of an element.
  private var width: Int { Int(type.width) }

  /// A reader of elements of this type; nil for those that share bytes or have no zero or no single magnitude.
  public init?(_ type: ElementType, kernels: KernelSet = .current) {
    /// A type of floats, with the first magnitude that is not finite.
    func float(_ width: UInt32, mantissa: UInt32, bias: Int32, nonfinite: UInt64) -> lacuna_number_type {
      lacuna_number_type(
        form: LACUNA_NUMBERS_FLOAT,
        width: width,
        mantissa: mantissa,
        bias: bias,
        nonfinite: nonfinite
      )
    }
    /// A type of whole numbers.
    func whole(_ width: UInt32, isSigned: Bool) -> lacuna_number_type {
      let form = isSigned ? LACUNA_NUMBERS_SIGNED : LACUNA_NUMBERS_UNSIGNED
      return lacuna_number_type(form: form, width: width, mantissa: 0, bias: 0, nonfinite: 0)
    }
    self.kernels = kernels
    switch type {
    case .float64: self.type = float(8, mantissa: 52, bias: 1023, nonfinite: 0x7FF0_0000_0000_0000)
    case .float32: self.type = float(4, mantissa: 23, bias: 127, nonfinite: 0x7F80_0000)
    case .bfloat16: self.type = float(2, mantissa: 7, bias: 127, nonfinite: 0x7F80)
    case .float16: self.type = float(2, mantissa: 10, bias: 15, nonfinite: 0x7C00)
    case .float8E5M2: self.type = float(1, mantissa: 2, bias: 15, nonfinite: 0x7C)
    // Only the last code of each sign is no number, and there is no infinity.
    case .float8E4M3: self.type = float(1, mantissa: 3, bias: 7, nonfinite: 0x7F)
    // Only the sign bit alone is no number.
    case .float8E4M3FNUZ: self.type = float(1, mantissa: 3, bias: 8, nonfinite: 0x80)
    case .float8E5M2FNUZ: self.type = float(1, mantissa: 2, bias: 16, nonfinite: 0x80)
    case .bool, .uint8: self.type = whole(1, isSigned: false)
    case .uint16: self.type = whole(2, isSigned: false)
    case .uint32: self.type = whole(4, isSigned: false)
    case .uint64: self.type = whole(8, isSigned: false)
    case .int8: self.type = whole(1, isSigned: true)
    case .int16: self.type = whole(2, isSigned: true)
    case .int32: self.type = whole(4, isSigned: true)
    case .int64: self.type = whole(8, isSigned: true)
    case .float4E2M1, .float6E2M3, .float6E3M2, .float8E8M0, .uint2, .int2, .uint4, .int4, .complex64,
      .complex128:
      return nil
    }
  }

  /// Adds the groups of rows that lie one behind the other.
  /// - Parameter columns: the elements of a row; a group that is short at its end counts as if zeros filled it.
  public func add(
    _ dense: [UInt8],
    rows: Int,
    columns: Int,
    _ pattern: NMPattern,
    to loss: inout MagnitudeLoss
  ) {
    precondition(rows * columns * width <= dense.count)
    let (whole, tail) = columns.quotientAndRemainder(dividingBy: pattern.group)
    let (rowBytes, groupBytes) = (columns * width, pattern.group * width)
    /// Adds groups from a byte on.
    func add(_ count: Int, from start: Int, stride: Int, size: Int) {
      let groups = Groups(count: count, stride: stride, elementStride: width, size: size)
      sum(groups, of: dense, from: start, pattern, &loss)
    }
    if tail == 0 {
      add(rows * whole, from: 0, stride: groupBytes, size: pattern.group)
      return
    }
    // Many groups at a time: those of a row, or those of a column of groups.
    if whole >= rows {
      for row in 0..<rows { add(whole, from: row * rowBytes, stride: groupBytes, size: pattern.group) }
    } else {
      for group in 0..<whole { add(rows, from: group * groupBytes, stride: rowBytes, size: pattern.group) }
    }
    add(rows, from: whole * groupBytes, stride: rowBytes, size: tail)
  }

  /// Adds one group of each of some columns, whose slices lie one behind the other.
  public func add(
    across dense: [UInt8],
    slices: Int,
    columns: Int,
    _ pattern: NMPattern,
    to loss: inout MagnitudeLoss
  ) {
    precondition(slices * columns * width <= dense.count && slices <= pattern.group)
    let groups = Groups(count: columns, stride: width, elementStride: columns * width, size: slices)
    sum(groups, of: dense, from: 0, pattern, &loss)
  }

  /// Groups as `lacuna_groups` has them.
  private struct Groups {
    var count: Int
    var stride: Int
    var elementStride: Int
    var size: Int
  }

  private func sum(
    _ groups: Groups,
    of dense: [UInt8],
    from start: Int,
    _ pattern: NMPattern,
    _ loss: inout MagnitudeLoss
  ) {
    if groups.count == 0 || groups.size == 0 { return }
    let last = (groups.count - 1) * groups.stride + (groups.size - 1) * groups.elementStride
    precondition(start + last + width <= dense.count)
    dense.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      let sums = lacuna_sum_magnitudes(
        kernels.code,
        base + start,
        type,
        lacuna_groups(
          count: groups.count,
          stride: groups.stride,
          element_stride: groups.elementStride,
          size: UInt32(groups.size),
          kept: UInt32(pattern.kept)
        )
      )
      loss.add(
        (sums.all_first, sums.all_second),
        removed: (sums.removed_first, sums.removed_second)
      )
    }
  }
}
