internal import CKernels
public import ModelIR

/// Zeros with a sign.
public enum NegativeZeros {
  /// Whether a type has a -0.0 that ``clear(_:count:_:)`` clears: then what is left are the elements whose value
  /// is not zero. Of the other types all elements are left whose bits are not all zero.
  public static func areCleared(of type: ElementType) -> Bool {
    LaneWidth(type) != nil && ScanType(type).map(areThere) == true
  }

  private static func areThere(_ scan: ScanType) -> Bool {
    !scan.alwaysClassifies && scan.kernel.magnitude != .max
  }

  /// Clears the sign of every -0.0 among the first `count` elements of `dense`, and returns how many there were.
  ///
  /// Types without a sign, or whose code of it is no zero, are left alone.
  public static func clear(_ dense: inout [UInt8], count: Int, _ type: ElementType) -> UInt64 {
    guard let lanes = LaneWidth(type), let scan = ScanType(type), Self.areThere(scan) else { return 0 }
    precondition(dense.count >= count * lanes.rawValue)
    /// Clears lanes of one width.
    func run<Lane: FixedWidthInteger & UnsignedInteger>(_: Lane.Type) -> UInt64 {
      let magnitude = Lane(truncatingIfNeeded: scan.kernel.magnitude)
      return dense.withUnsafeMutableBytes { bytes in
        var found: UInt64 = 0
        var offset = 0
        let end = count &* MemoryLayout<Lane>.size
        while offset < end {
          let bits = bytes.loadUnaligned(fromByteOffset: offset, as: Lane.self)
          if bits != 0 && bits & magnitude == 0 {
            bytes.storeBytes(of: 0, toByteOffset: offset, as: Lane.self)
            found &+= 1
          }
          offset &+= MemoryLayout<Lane>.size
        }
        return found
      }
    }
    switch lanes {
    case .bits8: return run(UInt8.self)
    case .bits16: return run(UInt16.self)
    case .bits32: return run(UInt32.self)
    case .bits64: return run(UInt64.self)
    }
  }
}
