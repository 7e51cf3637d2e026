import CKernels
import Testing

/// What a scan knows of a type, as an argument of tests.
struct ScanType: Sendable, CustomStringConvertible {
  let name: String
  let width: Width
  let magnitude: UInt64
  let nonfinite: UInt64

  static let all =
    [
      ScanType(name: "F8_E4M3", width: .bits8, magnitude: 0x7f, nonfinite: 0x7f),
      ScanType(name: "F8_E5M2", width: .bits8, magnitude: 0x7f, nonfinite: 0x7c),
      ScanType(name: "F16", width: .bits16, magnitude: 0x7fff, nonfinite: 0x7c00),
      ScanType(name: "BF16", width: .bits16, magnitude: 0x7fff, nonfinite: 0x7f80),
      ScanType(name: "F32", width: .bits32, magnitude: 0x7fff_ffff, nonfinite: 0x7f80_0000),
      ScanType(
        name: "F64",
        width: .bits64,
        magnitude: 0x7fff_ffff_ffff_ffff,
        nonfinite: 0x7ff0_0000_0000_0000
      ),
    ]
    + Width.allCases.flatMap { width in
      [
        ScanType(name: "integer", width: width, magnitude: width.allBits, nonfinite: 0),
        ScanType(name: "always finite float", width: width, magnitude: width.signBit - 1, nonfinite: 0),
        ScanType(
          name: "unsigned with a bound",
          width: width,
          magnitude: width.allBits,
          nonfinite: width.signBit + 1
        ),
        ScanType(name: "one above the bound", width: width, magnitude: width.allBits, nonfinite: 1),
      ]
    }

  var value: lacuna_scan_type {
    lacuna_scan_type(magnitude: magnitude, nonfinite: nonfinite)
  }

  func isNonfinite(_ element: UInt64) -> Bool {
    nonfinite != 0 && element & magnitude >= nonfinite
  }

  var description: String { "\(name) of \(width)" }
}

@Suite("Scan")
struct ScanTests {
  /// What a scan returns and writes, and whether it stayed within its outputs.
  struct Outcome: Equatable {
    var hasNonfinite = false
    var stored: [UInt64]
    var nonzero: [UInt64]
    var isIntact = true
  }

  /// Runs the kernel with a word more for each output than it may touch.
  func scan(_ set: KernelSet, _ type: ScanType, _ bytes: [UInt8], offset: Int) -> Outcome {
    let count = bytes.count / type.width.size
    let words = (count + 63) / 64
    let canary: UInt64 = 0xa5a5_a5a5_a5a5_a5a5
    var stored = [UInt64](repeating: canary, count: words + 1)
    var nonzero = stored
    let found = withBytes(bytes, offset: offset) { dense in
      type.width.scan(set.identifier, dense, count, type.value, &stored, &nonzero)
    }
    return Outcome(
      hasNonfinite: found,
      stored: Array(stored.prefix(words)),
      nonzero: Array(nonzero.prefix(words)),
      isIntact: stored[words] == canary && nonzero[words] == canary
    )
  }

  func expected(_ type: ScanType, _ elements: [UInt64]) -> Outcome {
    let empty = [UInt64](repeating: 0, count: (elements.count + 63) / 64)
    var outcome = Outcome(stored: empty, nonzero: empty)
    for (index, element) in elements.enumerated() {
      if element != 0 { outcome.stored[index / 64] |= 1 << UInt64(index % 64) }
      if element & type.magnitude != 0 { outcome.nonzero[index / 64] |= 1 << UInt64(index % 64) }
      if type.isNonfinite(element) { outcome.hasNonfinite = true }
    }
    return outcome
  }

  @Test(
    "Scan yields the stored and the nonzero elements as bit sets and whether one is not finite",
    arguments: KernelSet.available,
    ScanType.all
  )
  func scanSees(set: KernelSet, type: ScanType) {
    for sample in Sample.all(type.width) {
      let expected = expected(type, sample.elements)
      for offset in 0...3 {
        #expect(
          scan(set, type, sample.bytes, offset: offset) == expected,
          "\(sample), offset \(offset)"
        )
      }
    }
  }

  @Test(
    "One element that is not finite is found wherever it stands, and the largest finite one is none",
    arguments: KernelSet.available,
    ScanType.all.filter { $0.nonfinite != 0 }
  )
  func oneNonfiniteIsFound(set: KernelSet, type: ScanType) {
    for count in [1, 64, 65, 130] {
      let finite = [UInt64](repeating: type.nonfinite - 1, count: count)
      #expect(!scan(set, type, type.width.bytes(of: finite), offset: 0).hasNonfinite, "\(count) elements")
      for position in 0..<count {
        var elements = finite
        elements[position] = type.nonfinite
        let bytes = type.width.bytes(of: elements)
        #expect(scan(set, type, bytes, offset: 1).hasNonfinite, "\(position) of \(count) elements")
      }
    }
  }
}
