internal import ModelIR

/// Where the names of a list stand in it.
///
/// A hash table of places alone: the names stay where they are, and what they hash to is known already. For
/// 100,000 names it takes 1 MB, a fifth of a dictionary, and no name is copied.
struct NameTable: Sendable {
  /// Places, or -1; a power of two, at most half of them taken.
  private var slots: [Int32] = []
  private var count = 0

  /// Makes room for so many names.
  mutating func reserveCapacity(_ capacity: Int) {
    guard capacity * 2 > slots.count, count == 0 else { return }
    slots = Self.empty(for: capacity)
  }

  private static func empty(for capacity: Int) -> [Int32] {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    return [Int32](repeating: -1, count: size)
  }

  /// Notes that `name` stands at `place`, unless it stands elsewhere already: then returns that place.
  /// `names` gives those that were noted before.
  @inline(__always)
  mutating func insert(_ name: TensorName, at place: Int, _ names: (Int) -> TensorName) -> Int? {
    if (count + 1) * 2 > slots.count { grow(names) }
    var slot = name.fingerprint & (slots.count - 1)
    while slots[slot] >= 0 {
      if names(Int(slots[slot])) == name { return Int(slots[slot]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(place)
    count += 1
    return nil
  }

  /// Where a name stands; nil if it does not. `names` gives those that were noted.
  @inline(__always)
  func place(of name: TensorName, _ names: (Int) -> TensorName) -> Int? {
    if slots.isEmpty { return nil }
    var slot = name.fingerprint & (slots.count - 1)
    while slots[slot] >= 0 {
      if names(Int(slots[slot])) == name { return Int(slots[slot]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private mutating func grow(_ names: (Int) -> TensorName) {
    let old = slots
    slots = Self.empty(for: max(8, count * 2))
    for place in old where place >= 0 {
      var slot = names(Int(place)).fingerprint & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = place
    }
  }
}
