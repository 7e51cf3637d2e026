internal import ByteIO
internal import ModelIR

extension HeaderParser {
  /// Finds the data section and checks where the tensors lie in it.
  mutating func placeData() throws {
    let end = cursor.position
    let fileEnd = cursor.byteCount
    guard !header.tensors.isEmpty else {
      (header.dataStart, header.dataEnd) = (end, end)
      // Some writers pad the header all the same.
      if fileEnd > end && end.padded(to: header.alignment) != fileEnd {
        note(.trailingBytes(fileEnd - end), at: end)
      }
      return
    }
    guard let start = end.padded(to: header.alignment), start <= fileEnd else {
      throw fault(.dataBeyondEnd(start: end.padded(to: header.alignment) ?? .max), at: end)
    }
    header.dataStart = start
    try checkPadding(from: end, to: start)
    let used = lenient ? try placeLeniently(room: fileEnd - start) : try placeStrictly(room: fileEnd - start)
    header.dataEnd = start + min(used, fileEnd - start)
    if fileEnd > header.dataEnd { note(.trailingBytes(fileEnd - header.dataEnd), at: header.dataEnd) }
  }

  private mutating func checkPadding(from end: UInt64, to start: UInt64) throws {
    // An alignment can be 2 GiB; nobody looks for zeros there.
    guard start - end <= UInt64(HeaderCursor.windowSize) else { return }
    if let bytes = try cursor.bytes(Int(start - end)), let place = bytes.firstIndex(where: { $0 != 0 }) {
      note(.nonzeroPadding, at: end + UInt64(place))
    }
  }

  /// The bytes of a tensor without and with its padding, from the start of the data section on.
  private mutating func extent(of info: GGUFTensorInfo) throws -> (end: UInt64, paddedEnd: UInt64) {
    currentTensor = info.name
    guard let count = info.byteCount, let end = info.offset.addingChecked(count),
      let paddedEnd = end.padded(to: header.alignment)
    else { throw fault(.tooManyBytes, at: nil) }
    return (end, paddedEnd)
  }

  /// One behind the other, in order, each padded: as llama.cpp demands it. Returns where the last one's
  /// padding ends.
  private mutating func placeStrictly(room: UInt64) throws -> UInt64 {
    var expected: UInt64 = 0
    for index in header.tensors.indices {
      let info = header.tensors[index]
      currentTensor = info.name
      guard info.offset == expected else {
        throw fault(.wrongOffset(info.offset, expected: expected), at: nil)
      }
      let (end, paddedEnd) = try extent(of: info)
      if end > room { throw fault(.dataCutShort(missing: end - room), at: header.dataStart + info.offset) }
      if paddedEnd > room {
        throw fault(.paddingCutShort(missing: paddedEnd - room), at: header.dataStart + end)
      }
      expected = paddedEnd
    }
    currentTensor = nil
    return expected
  }

  /// In any order, with gaps, and never one over another.
  private mutating func placeLeniently(room: UInt64) throws -> UInt64 {
    func precedes(_ left: Int, _ right: Int) -> Bool {
      let (left, right) = (header.tensors[left], header.tensors[right])
      return (left.offset, left.byteCount ?? 0) < (right.offset, right.byteCount ?? 0)
    }
    var order = Array(header.tensors.indices)
    if let first = order.dropFirst().first(where: { precedes($0, $0 - 1) }) {
      currentTensor = header.tensors[first].name
      note(.outOfOrder, at: nil)
      order.sort(by: precedes)
    }
    var (end, paddedEnd) = (UInt64(0), UInt64(0))
    var last: TensorName?
    for index in order {
      let info = header.tensors[index]
      let (nextEnd, nextPaddedEnd) = try extent(of: info)
      guard nextEnd <= room else {
        throw fault(.dataCutShort(missing: nextEnd - room), at: header.dataStart.addingChecked(info.offset))
      }
      let start = header.dataStart + info.offset
      // A tensor without elements overlaps with nothing.
      if let last, info.offset < end, nextEnd > info.offset { throw fault(.overlap(last), at: start) }
      if info.offset > paddedEnd { note(.gap, at: start) }
      if info.offset % header.alignment != 0 { note(.unaligned, at: start) }
      if nextEnd > end { last = info.name }
      (end, paddedEnd) = (max(end, nextEnd), max(paddedEnd, nextPaddedEnd))
    }
    currentTensor = nil
    if paddedEnd > room { note(.unpaddedEnd(missing: paddedEnd - room), at: header.dataStart + end) }
    return paddedEnd
  }
}
