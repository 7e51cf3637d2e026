internal import CKernels
internal import SparseCoding

/// What a decoder works with.
///
/// Nothing that a record or a frame says is believed: every plane has exactly the bytes that the chunk's elements
/// need, masks have as many bits as there are values, gaps stay within the chunk, and escapes are counted.
final class ChunkRestorer {
  private let reader = FrameReader()
  private let set = KernelSet.current.identifier
  private let maskFrame = WorkBuffer()
  private let mask = WorkBuffer()
  private let values = WorkBuffer()
  private let narrow = WorkBuffer()
  private let uppers = WorkBuffer()
  private let planes = [WorkBuffer(), WorkBuffer(), WorkBuffer(), WorkBuffer(), WorkBuffer()]

  /// Writes a chunk's bytes; returns the rule that it breaks, or nil.
  func restore(
    _ frames: UnsafeBufferPointer<UInt8>,
    _ record: ChunkRecord,
    as kind: ContentKind,
    into bytes: UnsafeMutableBufferPointer<UInt8>
  ) -> ChunkFault.Rule? {
    guard bytes.count <= CompressionGrid.mostChunkBytes else { return .planes }
    var input = FramesInput(frames, record)
    let broken = restore(&input, record, ElementLayout(kind), into: bytes)
    return broken ?? (input.isAtEnd ? nil : .planes)
  }

  private func restore(
    _ input: inout FramesInput,
    _ record: ChunkRecord,
    _ layout: ElementLayout,
    into bytes: UnsafeMutableBufferPointer<UInt8>
  ) -> ChunkFault.Rule? {
    if record.mode == .raw {
      guard let frame = input.next() else { return .planes }
      guard let from = frame.baseAddress else { return .frame }
      // An empty chunk's place need not exist.
      let to = bytes.baseAddress ?? narrow.holding(0)
      return reader.read(from, frame.count, bytes.count, into: to) ? nil : .frame
    }
    guard let start = bytes.baseAddress, bytes.count > 0, bytes.count.isMultiple(of: layout.width) else {
      return .planes
    }
    let n = bytes.count / layout.width
    guard record.mode.narrowing != .none else {
      return restore(&input, record, layout, n, into: start)
    }
    guard case .float32 = layout, record.mode.coding != .constant else { return .planes }
    let short = narrow.holding(2 * n)
    let isBFloat = record.mode.narrowing == .bfloat16
    if let broken = restore(&input, record, isBFloat ? .bfloat16 : .float16, n, into: short) { return broken }
    if isBFloat {
      lacuna_widen_bfloat16(set, short, n, start)
    } else {
      lacuna_widen_float16(set, short, n, start)
    }
    return nil
  }

  /// Writes `n` elements, among them the zeros that were split off.
  private func restore(
    _ input: inout FramesInput,
    _ record: ChunkRecord,
    _ layout: ElementLayout,
    _ n: Int,
    into elements: UnsafeMutablePointer<UInt8>
  ) -> ChunkFault.Rule? {
    guard record.mode.zeros != .kept else {
      return restoreElements(&input, record, layout, n, into: elements)
    }
    let nonzero = Int(record.nonzeroCount)
    guard let lane = Lane(layout), nonzero > 0, nonzero <= n, let frame = input.next() else { return .planes }
    guard let from = frame.baseAddress else { return .frame }
    let maskBytes = (n + 7) / 8
    let bits: UnsafePointer<UInt8>
    if record.mode.zeros == .mask {
      guard let plane = reader.plane(from, frame.count, maskBytes, in: maskFrame) else { return .frame }
      guard population(plane, n) == nonzero else { return .parts }
      bits = plane
    } else {
      guard let count = reader.contentSize(from, frame.count), count >= nonzero, count <= nonzero + n / 255,
        let gaps = reader.plane(from, frame.count, count, in: maskFrame)
      else { return .frame }
      let written = mask.holding(maskBytes)
      guard lacuna_mask_of_gaps(gaps, count, n, written) == nonzero else { return .parts }
      bits = UnsafePointer(written)
    }
    let kept = values.holding(nonzero * lane.rawValue + Int(LACUNA_KERNELS_SLACK))
    if let broken = restoreElements(&input, record, layout, nonzero, into: kept) { return broken }
    lane.expand(set, bits, kept, n, elements)
    return nil
  }

  /// The set bits of a mask; -1 where a bit behind the last element is set.
  private func population(_ mask: UnsafePointer<UInt8>, _ n: Int) -> Int {
    let words = n / 64
    var total = 0
    let start = UnsafeRawPointer(mask)
    var word = 0
    while word < words {
      total &+= start.loadUnaligned(fromByteOffset: 8 &* word, as: UInt64.self).nonzeroBitCount
      word &+= 1
    }
    for place in (8 * words)..<((n + 7) / 8) { total += mask[place].nonzeroBitCount }
    if !n.isMultiple(of: 8), mask[n / 8] >> UInt8(n % 8) != 0 { return -1 }
    return total
  }

  /// Writes `n` elements from the planes of their coding.
  private func restoreElements(
    _ input: inout FramesInput,
    _ record: ChunkRecord,
    _ layout: ElementLayout,
    _ n: Int,
    into elements: UnsafeMutablePointer<UInt8>
  ) -> ChunkFault.Rule? {
    switch (record.mode.coding, layout) {
    case (.bytes, _):
      guard let frame = input.next() else { return .planes }
      guard let from = frame.baseAddress else { return .frame }
      return reader.read(from, frame.count, n * layout.width, into: elements) ? nil : .frame
    case (.constant, _):
      let plane = plane(&input, layout.width, 0)
      guard let plane else { return .frame }
      var place = 0
      while place < n {
        (elements + place &* layout.width).update(from: plane, count: layout.width)
        place &+= 1
      }
      return nil
    case (.pair, .bfloat16), (.symbols2, .bfloat16), (.symbols4, .bfloat16), (.rotated, .bfloat16),
      (.rotated, .float16):
      return restoreUppers(&input, record, n, into: elements)
    case (.pair, .float32), (.symbols2, .float32), (.symbols4, .float32), (.rotated, .float32):
      guard let byte1 = plane(&input, n, 3), let byte0 = plane(&input, n, 4) else { return .frame }
      let upper = uppers.holding(2 * n)
      if let broken = restoreUppers(&input, record, n, into: upper) { return broken }
      lacuna_merge32(set, upper, byte1, byte0, n, elements)
      return nil
    case (.parts, .parts(let parts)): return restoreParts(&input, record, parts, n, into: elements)
    default: return .planes
    }
  }

  /// The next plane, which has `count` bytes; `number` is whose buffer may take it.
  private func plane(_ input: inout FramesInput, _ count: Int, _ number: Int) -> UnsafePointer<UInt8>? {
    guard let frame = input.next(), let from = frame.baseAddress else { return nil }
    return reader.plane(from, frame.count, count, in: planes[number])
  }

  private func restoreUppers(
    _ input: inout FramesInput,
    _ record: ChunkRecord,
    _ n: Int,
    into elements: UnsafeMutablePointer<UInt8>
  ) -> ChunkFault.Rule? {
    guard let form = record.mode.coding.symbols else {
      guard let lower = plane(&input, n, 1), let upper = plane(&input, n, 0) else { return .frame }
      lacuna_merge_rotated16(set, upper, lower, n, elements)
      return nil
    }
    guard record.base < 256, Int(record.window) <= record.mode.coding.mostWindow else { return .planes }
    guard let rests = plane(&input, lacuna_rest_bytes(form, n), 1),
      let symbols = plane(&input, lacuna_symbol_bytes(form, n), 0)
    else { return .frame }
    guard let frame = input.next() else { return .planes }
    var count = 0
    var escapes = symbols
    if let from = frame.baseAddress, frame.count > 0 {
      guard let size = reader.contentSize(from, frame.count), size <= n,
        let plane = reader.plane(from, frame.count, size, in: planes[2])
      else { return .frame }
      (count, escapes) = (size, plane)
    }
    lacuna_merge_symbols(set, form, symbols, rests, n, UInt8(record.base), elements)
    let found = lacuna_scatter_escapes(set, form, symbols, elements, n, record.window, escapes, count)
    return found == count ? nil : .parts
  }

  private func restoreParts(
    _ input: inout FramesInput,
    _ record: ChunkRecord,
    _ parts: ElementParts,
    _ n: Int,
    into elements: UnsafeMutablePointer<UInt8>
  ) -> ChunkFault.Rule? {
    let target = parts.isRotated ? uppers.holding(8 * n) : elements
    for part in parts.parts {
      guard let plane = plane(&input, n * part.length, 0) else { return .frame }
      lacuna_scatter_part(set, plane, n, parts.stride, part.offset, part.length, target)
    }
    if parts.isRotated { lacuna_unrotate64(set, target, n, record.base, elements) }
    return nil
  }
}
