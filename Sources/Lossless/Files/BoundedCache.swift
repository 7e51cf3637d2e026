internal import Synchronization

/// What was made of keys lately, so that neighbours that ask for the same make it once.
///
/// Two threads that ask for one key at the same time wait for each other; different keys never do. What was used
/// longest ago goes first. Memory: values that cost at most the bound together, or the one used last.
final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private final class Entry: Sendable {
    let value = Mutex<Value?>(nil)
  }

  private struct Slot {
    var entry: Entry
    var used: UInt64
    var cost: Int
  }

  private struct State {
    var slots: [Key: Slot] = [:]
    var clock: UInt64 = 0
    var cost = 0
  }

  private let mostCost: Int
  private let mostEntries: Int
  private let state = Mutex(State())

  init(mostCost: Int, mostEntries: Int) {
    self.mostCost = mostCost
    self.mostEntries = mostEntries
  }

  /// The value of `key`, made if it is not there.
  /// - Throws: what `make` throws; then nothing is kept.
  func value(for key: Key, cost: (Value) -> Int, _ make: () throws -> Value) throws -> Value {
    let entry = state.withLock { state in
      state.clock += 1
      if var slot = state.slots[key] {
        slot.used = state.clock
        state.slots[key] = slot
        return slot.entry
      }
      let entry = Entry()
      state.slots[key] = Slot(entry: entry, used: state.clock, cost: 0)
      return entry
    }
    do {
      let (value, isNew) = try entry.value.withLock { value in
        if let value { return (value, false) }
        let made = try make()
        value = made
        return (made, true)
      }
      if isNew { note(key, entry, cost(value)) }
      return value
    } catch {
      state.withLock { state in
        if state.slots[key]?.entry === entry { state.slots[key] = nil }
      }
      throw error
    }
  }

  /// The value of `key`, if it is there.
  func known(_ key: Key) -> Value? {
    let entry = state.withLock { $0.slots[key]?.entry }
    return entry?.value.withLock { $0 }
  }

  private func note(_ key: Key, _ entry: Entry, _ cost: Int) {
    state.withLock { state in
      guard state.slots[key]?.entry === entry else { return }
      state.slots[key]?.cost = cost
      state.cost += cost
      while state.slots.count > 1, state.cost > mostCost || state.slots.count > mostEntries {
        guard let oldest = state.slots.min(by: { $0.value.used < $1.value.used }), oldest.key != key else {
          return
        }
        state.cost -= oldest.value.cost
        state.slots[oldest.key] = nil
      }
    }
  }
}
