import Inspection
import ModelIR
import TestSupport
import Testing

@Suite struct NumberDifferenceTests {
  @Test("zeros of both signs are one, NaN is none, and infinities have no distance")
  func numbers() {
    var difference = NumberDifference()
    difference.add([0, -0.0, 1, .nan, .infinity, 2], [-0.0, 3, 0, .nan, 1, 2.5], count: 6, from: 10)
    #expect(difference.elements == 6)
    #expect(difference.changed == 4)
    #expect(difference.unmeasured == 1)
    #expect((difference.largest, difference.largestPlace) == (3, 11))
    #expect(difference.sum == 3 + 1 + 0.5)
    #expect(difference.mean == 4.5 / 5)
    #expect((difference.kept, difference.pruned, difference.regrown) == (3, 1, 1))
    #expect((difference.firstZeros, difference.secondZeros) == (2, 2))
    #expect(difference.maskOverlap == 0.6)
  }

  @Test("pieces add up to the whole, wherever it is cut", arguments: 0..<8)
  func pieces(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let first = (0..<200).map { _ in Double(Int.random(in: -2...2, using: &random)) }
    let second = (0..<200).map { _ in Double(Int.random(in: -2...2, using: &random)) }
    var whole = NumberDifference()
    whole.add(first, second, count: 200, from: 0)
    let cut = Int.random(in: 0...200, using: &random)
    var (head, tail) = (NumberDifference(), NumberDifference())
    head.add(first, second, count: cut, from: 0)
    tail.add(Array(first[cut...]), Array(second[cut...]), count: 200 - cut, from: UInt64(cut))
    head.add(tail)
    #expect(head == whole)
  }
}
