internal import CKernels

extension ChunkMode.Coding {
  /// The kernels' name of the form of symbols; nil for codings without.
  var symbols: lacuna_symbols? {
    switch self {
    case .pair: LACUNA_SYMBOLS_PAIR
    case .symbols2: LACUNA_SYMBOLS_J2
    case .symbols4: LACUNA_SYMBOLS_J4
    default: nil
    }
  }

  /// The most exponents of a window.
  var mostWindow: Int { self == .symbols2 ? 63 : 15 }
}

extension ChunkCoder {
  /// Writes the planes of `n` elements.
  func encodeElements(
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    _ layout: ElementLayout,
    _ survey: Survey,
    _ form: ChunkMode.Coding,
    into output: inout FramesOutput
  ) -> ChunkMode.Coding {
    switch layout {
    case .bfloat16: return encodeUppers(elements, n, survey, form, into: &output)
    case .float32:
      let upper = uppers.holding(2 * n)
      writeLikelyFlat([n, n], [lower1, lower0], into: &output) { planes in
        lacuna_split32(set, elements, n, upper, planes[0], planes[1])
      }
      return encodeUppers(upper, n, survey, form, into: &output)
    case .float16: return encodeRotated(elements, n, into: &output)
    case .bytes(let isRepeating):
      output.append(elements, n, isRepeating ? .patterned : .unknown, by: writer)
      return .bytes
    case .parts(let parts): return encodeParts(elements, n, parts, into: &output)
    }
  }

  /// Writes planes that are stored as a rule: right into their frames, from where they are copied if they are not.
  private func writeLikelyFlat(
    _ counts: [Int],
    _ buffers: [WorkBuffer],
    into output: inout FramesOutput,
    _ split: ([UnsafeMutablePointer<UInt8>]) -> Void
  ) {
    let planes = zip(counts, buffers).map { $1.holding($0) }
    if level != .max, let places = output.places(counts) {
      split(places)
      if zip(counts, places).allSatisfy({ writer.isFlat($1, $0) }) { return output.store(counts) }
      for (place, count) in counts.enumerated() { planes[place].update(from: places[place], count: count) }
    } else {
      split(planes)
    }
    for (place, count) in counts.enumerated() {
      output.append(planes[place], count, .unknown, by: writer)
    }
  }

  /// Writes the planes of `n` bfloat16, or of the upper halves of floats: rests, symbols, escapes.
  private func encodeUppers(
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    _ survey: Survey,
    _ form: ChunkMode.Coding,
    into output: inout FramesOutput
  ) -> ChunkMode.Coding {
    let choices: [ChunkMode.Coding] = form == .symbols4 ? [.symbols4, .symbols2] : [form]
    for coding in choices {
      guard let symbolForm = coding.symbols,
        let (base, window) = survey.exponents.window(
          most: coding.mostWindow,
          escapes: coding == .symbols2 ? 0.0025 : 0.01
        )
      else { continue }
      let symbolCount = lacuna_symbol_bytes(symbolForm, n)
      let restCount = lacuna_rest_bytes(symbolForm, n)
      let symbol = symbols.holding(symbolCount)
      writeLikelyFlat([restCount], [rests], into: &output) { planes in
        lacuna_split_symbols(set, symbolForm, elements, n, base, window, symbol, planes[0])
      }
      let escape = escapes.holding(n)
      let escaped = lacuna_gather_escapes(set, symbolForm, symbol, elements, n, window, escape, n)
      output.record.base = UInt16(base)
      output.record.window = window
      output.append(symbol, symbolCount, .symbols, by: writer)
      if escaped > 0 { output.append(escape, escaped, .unknown, by: writer) } else { output.skip() }
      return coding
    }
    return encodeRotated(elements, n, into: &output)
  }

  private func encodeRotated(
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    into output: inout FramesOutput
  ) -> ChunkMode.Coding {
    let upper = symbols.holding(n)
    writeLikelyFlat([n], [rests], into: &output) { lacuna_split_rotated16(set, elements, n, upper, $0[0]) }
    output.append(upper, n, .unknown, by: writer)
    return .rotated
  }

  private func encodeParts(
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    _ parts: ElementParts,
    into output: inout FramesOutput
  ) -> ChunkMode.Coding {
    var source = elements
    if parts.isRotated {
      let bias = Self.bias(ofDoubles: elements, n)
      let rotated = uppers.holding(8 * n)
      lacuna_rotate64(set, elements, n, bias, rotated)
      output.record.base = bias
      source = UnsafePointer(rotated)
    }
    for part in parts.parts {
      let plane = symbols.holding(n * part.length)
      lacuna_gather_part(set, source, n, parts.stride, part.offset, part.length, plane)
      output.append(plane, n * part.length, parts.isInteger ? .patterned : .unknown, by: writer)
    }
    return .parts
  }

  /// Seven less than the highest exponent that is not rare among a sample of doubles: most are within 8 above.
  private static func bias(ofDoubles elements: UnsafePointer<UInt8>, _ n: Int) -> UInt16 {
    var exponents: [UInt16] = []
    ByteCounts.sample(n, most: 1024) { start, length in
      for place in start..<(start + length) {
        let upper = UInt16(elements[8 * place + 7] & 0x7F) << 4 | UInt16(elements[8 * place + 6]) >> 4
        if upper > 0, upper < 0x7FF { exponents.append(upper) }
      }
    }
    exponents.sort()
    guard !exponents.isEmpty else { return 0 }
    let high = exponents[exponents.count - 1 - exponents.count / 256]
    return high < 7 ? 0 : high - 7
  }
}
