import Reporting
import Testing

@Suite("Figures")
struct FiguresTests {
  @Test(
    "Sizes are decimal, with two decimals from gigabytes on",
    arguments: [
      (0, "0 B"), (12, "12 B"), (999, "999 B"), (1000, "1.00 kB"), (9994, "9.99 kB"), (9995, "10.0 kB"),
      (99_949, "99.9 kB"), (99_950, "100 kB"), (533_000, "533 kB"), (999_499, "999 kB"),
      (999_500, "1.00 MB"), (268_435_456, "268 MB"), (999_499_999, "999 MB"), (999_500_000, "1.00 GB"),
      (16_060_522_496, "16.06 GB"), (160_605_224_960, "160.61 GB"), (999_994_999_999, "999.99 GB"),
      (999_995_000_000, "1.00 TB"), (.max, "18.45 EB"),
    ] as [(UInt64, String)]
  )
  func sizes(bytes: UInt64, text: String) {
    #expect(Figures.size(bytes) == text)
  }

  @Test(
    "Counts have three digits that matter",
    arguments: [
      (0, "0"), (1204, "1,204"), (9999, "9,999"), (10_000, "10.0 k"), (533_000, "533 k"),
      (22_713_216, "22.7 M"), (8_030_261_248, "8.03 B"), (671_026_419_200, "671 B"),
      (1_026_000_000_000, "1.03 T"),
    ] as [(UInt64, String)]
  )
  func counts(number: UInt64, text: String) {
    #expect(Figures.count(number) == text)
  }

  @Test(
    "Digits come in threes",
    arguments: [
      (0, "0"), (999, "999"), (1000, "1,000"), (14_680_064, "14,680,064"), (-1234, "-1,234"), (-123, "-123"),
    ]
  )
  func groups(number: Int, text: String) {
    #expect(Figures.grouped(number) == text)
  }

  @Test(
    "0.0% and 100.0% are said of nothing and of all only",
    arguments: [
      (0, 0, "–"), (0, 9, "0.0%"), (9, 9, "100.0%"), (1, 2, "50.0%"), (1, 3, "33.3%"), (2, 3, "66.7%"),
      (1, 1_000_000, "<0.1%"), (49, 100_000, "<0.1%"), (50, 100_000, "0.1%"), (999_999, 1_000_000, ">99.9%"),
      (99_949, 100_000, "99.9%"), (99_950, 100_000, ">99.9%"), (.max, .max, "100.0%"),
      (.max - 1, .max, ">99.9%"), (1, .max, "<0.1%"), (.max, 1, ">9,999%"), (1001, 1000, "100.1%"),
      (100_001, 100_000, ">100.0%"),
    ] as [(UInt64, UInt64, String)]
  )
  func percents(part: UInt64, whole: UInt64, text: String) {
    #expect(Figures.percent(part, of: whole) == text)
  }

  @Test(
    "Ratios say how many times smaller",
    arguments: [
      (16, 10, "×1.60"), (217, 100, "×2.17"), (1, 1, "×1.00"), (1, 0, "–"), (0, 1, "–"), (1, 2, "×0.50"),
      (12_345, 100, "×123"), (1_234_567, 1, "×1,234,567"), (1, .max, "×<0.01"),
    ] as [(UInt64, UInt64, String)]
  )
  func ratios(before: UInt64, after: UInt64, text: String) {
    #expect(Figures.ratio(before, after) == text)
  }

  @Test(
    "Relative errors have three digits, however small they are",
    arguments: [
      (0.00535, "0.535%"), (0.000123, "0.0123%"), (0.000_012_3, "0.00123%"), (0.0123, "1.23%"),
      (0.0741, "7.41%"), (0.123, "12.3%"), (0.1, "10.0%"), (1.234, "123%"), (0.000_000_012_3, "0.000001%"),
      (0, "0.000000%"), (.nan, "–"), (.infinity, "–"), (-1, "–"),
    ]
  )
  func relativeErrors(error: Double, text: String) {
    #expect(Figures.relative(error) == text)
  }

  @Test(
    "Times are short",
    arguments: [
      (0.041, "0.04 s"), (0.996, "1.0 s"), (6.14, "6.1 s"), (59.96, "1:00"), (65, "1:05"), (3723, "1:02:03"),
      (.nan, "–"), (.infinity, "–"), (-1, "–"),
    ]
  )
  func durations(seconds: Double, text: String) {
    #expect(Figures.duration(seconds) == text)
  }

  @Test("A speed needs a time")
  func rates() {
    #expect(Figures.rate(16_060_000_000, seconds: 6.1) == "2.63 GB/s")
    #expect(Figures.rate(1, seconds: 0) == "–")
    #expect(
      Figures.rate(.max, seconds: 1e-300) == "–" || Figures.rate(.max, seconds: 1e-300).hasSuffix("EB/s")
    )
  }

  @Test("One thing is singular")
  func things() {
    #expect(Figures.things(1, "tensor") == "1 tensor")
    #expect(Figures.things(1204, "tensor") == "1,204 tensors")
    #expect(Figures.things(2, "matrix", plural: "matrices") == "2 matrices")
  }
}

@Suite("Natural order")
struct NaturalOrderTests {
  @Test("Numbers count as numbers")
  func order() {
    let sorted = [
      "", ".", "a", "a.0", "a.1", "a.01", "a.2", "a.2.b", "a.10", "a.18446744073709551616",
      "a.18446744073709551617", "a.b", "ab", "b", "é",
    ]
    for (left, first) in sorted.enumerated() {
      for (right, second) in sorted.enumerated() {
        #expect(NaturalOrder.precedes(first, second) == (left < right), "\(first) and \(second)")
      }
    }
  }
}
