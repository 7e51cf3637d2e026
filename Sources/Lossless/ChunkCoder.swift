internal import CKernels
internal import SparseCoding

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// What an encoder works with.
final class ChunkCoder {
  /// How a chunk may be coded.
  struct Plan {
    /// The form of the symbols of floats.
    var form: ChunkMode.Coding
    /// How zeros are split off; nil for whichever is smaller.
    var zeros: ChunkMode.Zeros?
  }

  let level: CompressionLevel
  let writer: FrameWriter
  let set = KernelSet.current.identifier
  private let narrow = WorkBuffer()
  private let trial = WorkBuffer()
  let mask = WorkBuffer()
  let gaps = WorkBuffer()
  let values = WorkBuffer()
  let uppers = WorkBuffer()
  let symbols = WorkBuffer()
  let rests = WorkBuffer()
  let escapes = WorkBuffer()
  let lower1 = WorkBuffer()
  let lower0 = WorkBuffer()

  init(level: CompressionLevel, usesSequences: Bool) {
    self.level = level
    writer = FrameWriter(level: level, usesSequences: usesSequences)
  }

  /// The share of zeros from which on they are split off.
  private static let fewZeros = 0.03
  /// The share of zeros from which on gaps may be smaller than a mask.
  private static let manyZeros = 0.8

  /// Codes a chunk; the hash is left to the caller.
  func encode(
    _ bytes: UnsafeBufferPointer<UInt8>,
    as kind: ContentKind,
    to frames: UnsafeMutableBufferPointer<UInt8>
  ) -> ChunkRecord {
    let count = bytes.count
    // Frames fill no more than what the raw frame would, so what is not smaller is not taken.
    let room = RawFrame.byteCount(of: count)
    var output = FramesOutput(frames, room: room)
    if let start = bytes.baseAddress, count > 0 {
      encode(start, count, ElementLayout(kind), into: &output)
      if !output.isFull, output.used > 0, output.used < room { return output.record }
    }
    output = FramesOutput(frames, room: room)
    output.record.planeBytes[0] = UInt32(
      RawFrame.write(UnsafeRawBufferPointer(bytes), to: UnsafeMutableRawBufferPointer(frames))
    )
    return output.record
  }

  private func encode(
    _ bytes: UnsafePointer<UInt8>,
    _ count: Int,
    _ layout: ElementLayout,
    into output: inout FramesOutput
  ) {
    let width = layout.width
    guard count.isMultiple(of: width) else { return output.append(bytes, count, .patterned, by: writer) }
    if count > width, memcmp(bytes, bytes + width, count - width) == 0 {
      output.record.mode = ChunkMode(.constant)
      return output.append(bytes, width, .unknown, by: writer)
    }
    let n = count / width
    if case .float32 = layout {
      let short = narrow.holding(2 * n)
      if lacuna_narrow_bfloat16(set, bytes, n, short) {
        return encode(short, n, .bfloat16, .bfloat16, into: &output)
      }
      if lacuna_narrow_float16(set, bytes, n, short) {
        return encode(short, n, .float16, .float16, into: &output)
      }
    }
    encode(bytes, n, layout, .none, into: &output)
  }

  /// Codes `n` elements by each of the level's plans, and keeps the smallest.
  private func encode(
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    _ layout: ElementLayout,
    _ narrowing: ChunkMode.Narrowing,
    into output: inout FramesOutput
  ) {
    let survey = Survey(elements, n, layout, set)
    let plans = plans(layout, survey)
    for (number, plan) in plans.enumerated() {
      if number == 0 {
        encode(elements, n, layout, narrowing, survey, plan, into: &output)
        continue
      }
      var other = FramesOutput(trial.holding(output.room), room: output.room)
      encode(elements, n, layout, narrowing, survey, plan, into: &other)
      guard !other.isFull, output.isFull || other.used < output.used else { continue }
      output.take(other)
    }
  }

  private func plans(_ layout: ElementLayout, _ survey: Survey) -> [Plan] {
    let isSparse = survey.zeroShare >= Self.fewZeros
    switch level {
    case .fast: return [Plan(form: .pair)]
    case .default: return [Plan(form: isSparse ? .symbols4 : .symbols2)]
    case .max:
      let forms: [ChunkMode.Coding]
      switch layout {
      case .bfloat16, .float32: forms = [.symbols2, .symbols4, .pair, .rotated]
      default: forms = [.bytes]
      }
      let zeros: [ChunkMode.Zeros] = survey.zeroShare > 0.002 ? [.kept, .mask, .gaps] : [.kept]
      return forms.flatMap { form in zeros.map { Plan(form: form, zeros: $0) } }
    }
  }

  private func encode(
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    _ layout: ElementLayout,
    _ narrowing: ChunkMode.Narrowing,
    _ survey: Survey,
    _ plan: Plan,
    into output: inout FramesOutput
  ) {
    var (elements, kept) = (elements, n)
    var zeros = ChunkMode.Zeros.kept
    var survey = survey
    if let nonzero = splitZeros(elements, n, layout, survey, plan, &zeros, into: &output) {
      (elements, kept) = (UnsafePointer(values.holding(0)), nonzero)
      output.record.nonzeroCount = UInt32(nonzero)
      survey.exponents.forget(0)
    }
    let coding = encodeElements(elements, kept, layout, survey, plan.form, into: &output)
    output.record.mode = ChunkMode(coding, zeros: zeros, narrowing: narrowing)
  }

  /// Splits zeros off where that is planned or pays, and writes their mask or gaps.
  /// - Returns: the number of the other elements, which lie in `values`; nil where nothing was split off.
  private func splitZeros(
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    _ layout: ElementLayout,
    _ survey: Survey,
    _ plan: Plan,
    _ zeros: inout ChunkMode.Zeros,
    into output: inout FramesOutput
  ) -> Int? {
    guard plan.zeros != .kept, let width = Lane(layout) else { return nil }
    if plan.zeros == nil {
      if survey.zeroShare < Self.fewZeros { return nil }
      // A zero among bytes is as short as Huffman's code makes it, but for the share of a bit that it leaves.
      if case .bytes = layout, survey.zeroShare < 0.4, !survey.hasPattern { return nil }
    }
    let bits = mask.holding((n + 7) / 8)
    let nonzero = width.compact(set, elements, n, bits, values.holding(n * width.rawValue + 64))
    guard nonzero > 0, nonzero < n else { return nil }
    let share = 1 - Double(nonzero) / Double(n)
    if plan.zeros == nil, share < Self.fewZeros { return nil }
    var wantsGaps = plan.zeros == .gaps
    var gapCount = 0
    if wantsGaps || (plan.zeros == nil && share >= Self.manyZeros) {
      gapCount = lacuna_gaps_of_mask(bits, n, gaps.holding(n), n)
      if gapCount < 0 { return nil }
      if !wantsGaps {
        let gapBits = ByteCounts(gaps.holding(0), gapCount, most: 4096).entropy * Double(gapCount)
        let maskBits = ByteCounts(bits, (n + 7) / 8, most: 4096).entropy * Double(n) / 8
        wantsGaps = gapBits < maskBits
      }
    }
    zeros = wantsGaps ? .gaps : .mask
    if wantsGaps {
      output.append(gaps.holding(0), gapCount, .unknown, by: writer)
    } else {
      output.append(bits, (n + 7) / 8, .unknown, by: writer)
    }
    return nonzero
  }
}
