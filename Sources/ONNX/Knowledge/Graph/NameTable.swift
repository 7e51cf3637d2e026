internal import ModelIR

/// Gives every distinct name a number, from 0 on.
///
/// A graph names each value when it defines it and each time it is read. A table that only grows, probed in
/// order, does that in a third of the time of a `Dictionary`, which hashes the fingerprint again and copies names.
struct NameTable {
  /// The names by their numbers.
  private var names: [TensorName] = []
  /// For each slot the number of a name and a part of its fingerprint; ``free`` where there is none. Most
  /// look-ups miss the cache once here and nowhere else: names are read in much the order of their numbers.
  private var slots: [UInt64]
  private var mask: Int
  /// The number that was given last: nodes mostly read what the node before them defined, so the next name is
  /// often the next number.
  private var last = 0

  private static let free = UInt64.max

  /// A table that takes that many names before it grows.
  init(expecting count: Int) {
    var size = 16
    while size < count + count / 2 { size *= 2 }
    slots = Array(repeating: Self.free, count: size)
    mask = size - 1
    names.reserveCapacity(count)
  }

  /// The number of names.
  var count: Int { names.count }

  /// The number of a name, a new one if it is new.
  mutating func number(of text: String) -> Int {
    let name = TensorName(text)
    if last + 1 < names.count, names[last + 1] == name {
      last += 1
      return last
    }
    let tag = Self.tag(name)
    var slot = name.fingerprint & mask
    while slots[slot] != Self.free {
      let number = Int(slots[slot] & 0xFFFF_FFFF)
      if slots[slot] >> 32 == tag, names[number] == name {
        last = number
        return number
      }
      slot = (slot + 1) & mask
    }
    // 2^32 names would take more than any model that is read at all.
    slots[slot] = tag << 32 | UInt64(names.count)
    names.append(name)
    if names.count + names.count / 2 > slots.count { grow() }
    last = names.count - 1
    return last
  }

  /// The upper bits of the fingerprint, one fewer than there is room for, so that no slot looks free.
  private static func tag(_ name: TensorName) -> UInt64 { UInt64(UInt(bitPattern: name.fingerprint)) >> 33 }

  private mutating func grow() {
    slots = Array(repeating: Self.free, count: 2 * slots.count)
    mask = slots.count - 1
    for (number, name) in names.enumerated() {
      var slot = name.fingerprint & mask
      while slots[slot] != Self.free { slot = (slot + 1) & mask }
      slots[slot] = Self.tag(name) << 32 | UInt64(number)
    }
  }
}
