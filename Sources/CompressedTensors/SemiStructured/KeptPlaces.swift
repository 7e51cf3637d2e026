/// Which elements of a group are stored: the 4-bit codes of 2:4 metadata.
///
/// A code is i0 | i1 << 2 with i0 < i1, the places of both stored elements among the four of the group.
/// (PyTorch, `torch/sparse/_semi_structured_conversions.py`; compressed-tensors 0.14 has a copy.)
enum KeptPlaces {
  /// A bit for each of the six codes of two places out of four.
  static let twoOfFour: UInt32 =
    1 << 0b0100 | 1 << 0b1000 | 1 << 0b1001 | 1 << 0b1100 | 1 << 0b1101 | 1 << 0b1110

  /// A bit for each of the two codes of 1:2: the group is two elements, each of them a pair of places.
  static let oneOfTwo: UInt32 = 1 << 0b0100 | 1 << 0b1110

  /// A group of four bytes of which two are stored, its first byte in the lowest bits.
  static func spread(_ first: UInt8, _ second: UInt8, _ code: UInt32) -> UInt32 {
    UInt32(first) &<< (code & 3 &* 8) | UInt32(second) &<< (code &>> 2 &* 8)
  }

  /// The first of `count` codes that `allowed` has no bit for; the first code is in the lowest bits.
  static func firstRefused(_ codes: UInt64, count: Int, allowed: UInt32) -> Int? {
    (0..<count).first { allowed &>> UInt32(truncatingIfNeeded: codes &>> UInt64($0 * 4) & 15) & 1 == 0 }
  }
}
