import CKernels
import Testing

@Suite("Expand")
struct ExpandTests {
  @Test(
    "Expand restores the dense elements, returns the number of values and writes nothing else",
    arguments: KernelSet.available,
    Width.allCases
  )
  func expandRestores(set: KernelSet, width: Width) {
    for sample in Sample.all(width) {
      let expected = sample.bytes
      let mask = sample.mask
      let values = width.bytes(of: sample.values) + [UInt8](repeating: 0xee, count: slack)
      for offset in 0...3 {
        var dense = CanaryBytes(count: expected.count, offset: offset)
        let taken = withBytes(mask, offset: offset) { mask in
          withBytes(values, offset: offset) { values in
            dense.withPointer { width.expand(set.identifier, mask, values, sample.count, $0) }
          }
        }
        #expect(taken == sample.values.count, "\(sample), offset \(offset)")
        #expect(dense.bytes == expected, "\(sample), offset \(offset)")
        #expect(dense.isIntact, "\(sample), offset \(offset)")
      }
    }
  }

  @Test(
    "Bits of the mask behind the last element are ignored",
    arguments: KernelSet.available,
    Width.allCases
  )
  func spareBitsAreIgnored(set: KernelSet, width: Width) {
    for sample in Sample.all(width) where sample.count % 8 != 0 {
      var mask = sample.mask
      mask[mask.count - 1] |= 0xff << UInt8(sample.count % 8)
      let values = width.bytes(of: sample.values) + [UInt8](repeating: 0xee, count: slack)
      var dense = CanaryBytes(count: sample.bytes.count, offset: 0)
      let taken = withBytes(mask, offset: 0) { mask in
        withBytes(values, offset: 0) { values in
          dense.withPointer { width.expand(set.identifier, mask, values, sample.count, $0) }
        }
      }
      #expect(taken == sample.values.count, "\(sample)")
      #expect(dense.bytes == sample.bytes, "\(sample)")
      #expect(dense.isIntact, "\(sample)")
    }
  }
}
