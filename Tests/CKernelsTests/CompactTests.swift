import CKernels
import Testing

@Suite("Compact and count")
struct CompactTests {
  @Test(
    "Compact yields the mask, the nonzero elements in order and their number, and writes nothing else",
    arguments: KernelSet.available,
    Width.allCases
  )
  func compactSplits(set: KernelSet, width: Width) {
    for sample in Sample.all(width) {
      let expectedMask = sample.mask
      let expectedValues = width.bytes(of: sample.values)
      let dense = sample.bytes
      for offset in 0...3 {
        var mask = CanaryBytes(count: (sample.count + 7) / 8, offset: offset)
        var values = CanaryBytes(count: dense.count + slack, offset: offset)
        let taken = withBytes(dense, offset: offset) { dense in
          mask.withPointer { mask in
            values.withPointer { width.compact(set.identifier, dense, sample.count, mask, $0) }
          }
        }
        #expect(taken == sample.values.count, "\(sample), offset \(offset)")
        #expect(mask.bytes == expectedMask, "\(sample), offset \(offset)")
        #expect(mask.isIntact, "\(sample), offset \(offset)")
        #expect(
          Array(values.bytes.prefix(expectedValues.count)) == expectedValues,
          "\(sample), offset \(offset)"
        )
        #expect(values.isIntact, "\(sample), offset \(offset)")
      }
    }
  }

  @Test(
    "Count yields the number of elements that have a bit set",
    arguments: KernelSet.available,
    Width.allCases
  )
  func countCounts(set: KernelSet, width: Width) {
    for sample in Sample.all(width) {
      for offset in 0...3 {
        let count = withBytes(sample.bytes, offset: offset) { width.count(set.identifier, $0, sample.count) }
        #expect(count == sample.values.count, "\(sample), offset \(offset)")
      }
    }
  }
}
