internal import ModelIR

/// How a value's axes lie over those of the stored tensor that it is made of.
struct TensorView: Hashable {
  /// An axis of the value.
  struct Axis: Hashable {
    /// The stored axis; nil where it is none: put in with extent 1, or merged or split by a reshape.
    var source: Int?
    /// Its extent.
    var extent: UInt64
  }

  /// The highest rank that is followed.
  static let highestRank = 64

  /// The axes, outermost first; nil where not even their number is known.
  private(set) var axes: [Axis]?
  /// The operator that lost an axis, if one did.
  private(set) var lostBy: String?

  /// A stored tensor as it is.
  init(_ shape: Shape) {
    if shape.rank <= Self.highestRank {
      axes = shape.extents.enumerated().map { Axis(source: $0.offset, extent: $0.element) }
    } else {
      lostBy = "more than \(Self.highestRank) axes"
    }
  }

  /// The number of axes.
  var rank: Int? { axes?.count }

  /// The extents.
  var extents: [UInt64]? { axes?.map(\.extent) }

  /// Whether it is the stored tensor's own shape and order.
  var isStored: Bool { axes?.indices.allSatisfy { axes?[$0].source == $0 } ?? false }

  /// For each axis the stored one; nil where nothing was turned, or nothing is known.
  var order: [Int?]? {
    guard let axes, lostBy == nil, !axes.indices.allSatisfy({ axes[$0].source == $0 }) else { return nil }
    return axes.map(\.source)
  }

  /// Gives up all axes.
  mutating func lose(by operation: String) {
    axes = nil
    if lostBy == nil { lostBy = operation }
  }

  /// Puts the axes into another order: axis `i` of the result is axis `permutation[i]`; reversed without one.
  mutating func transpose(_ permutation: [Int64]?) {
    guard let axes else { return }
    guard let permutation else {
      self.axes = axes.reversed()
      return
    }
    var turned: [Axis] = []
    var seen: Set<Int> = []
    for entry in permutation {
      guard let axis = Self.axis(entry, rank: axes.count), seen.insert(axis).inserted else { break }
      turned.append(axes[axis])
    }
    guard turned.count == axes.count, permutation.count == axes.count else { return lose(by: "Transpose") }
    self.axes = turned
  }

  /// Removes one axis, as each step of a scan sees it.
  mutating func dropAxis(_ axis: Int64, by operation: String) {
    guard let count = axes?.count else { return }
    guard let axis = Self.axis(axis, rank: count) else { return lose(by: operation) }
    axes?.remove(at: axis)
  }

  /// Removes axes of extent 1: these, or all of them.
  mutating func squeeze(_ list: [Int64]?) {
    guard let axes else { return }
    guard let list else {
      self.axes = axes.filter { $0.extent != 1 }
      return
    }
    var gone: Set<Int> = []
    for entry in list {
      guard let axis = Self.axis(entry, rank: axes.count), axes[axis].extent == 1 else {
        return lose(by: "Squeeze")
      }
      gone.insert(axis)
    }
    self.axes = axes.indices.filter { !gone.contains($0) }.map { axes[$0] }
  }

  /// Puts in axes of extent 1 at these places of the result.
  mutating func unsqueeze(_ list: [Int64]) {
    guard let axes else { return }
    let rank = axes.count + list.count
    var new: Set<Int> = []
    for entry in list {
      guard rank <= Self.highestRank, let axis = Self.axis(entry, rank: rank), new.insert(axis).inserted
      else {
        return lose(by: "Unsqueeze")
      }
    }
    var old = axes.makeIterator()
    self.axes = (0..<rank).compactMap { new.contains($0) ? Axis(source: nil, extent: 1) : old.next() }
  }

  /// An axis of that rank, counted from the end where negative; nil where there is none.
  static func axis(_ axis: Int64, rank: Int) -> Int? {
    let (fromEnd, overflow) = axis.addingReportingOverflow(Int64(rank))
    let place = axis < 0 ? fromEnd : axis
    return !overflow && place >= 0 && place < rank ? Int(place) : nil
  }
}

extension TensorView {
  /// Merges the axes before and from a place into two.
  mutating func flatten(at axis: Int64) {
    guard let extents else { return }
    let place = Int64(extents.count) == axis ? extents.count : Self.axis(axis, rank: extents.count)
    guard let place, let head = Shape(Array(extents[..<place])), let tail = Shape(Array(extents[place...]))
    else {
      return lose(by: "Flatten")
    }
    reshape(to: [head.elementCount, tail.elementCount], by: "Flatten")
  }

  /// What a `Reshape` to this target makes: 0 keeps the extent unless `allowsZero`, -1 takes what is left.
  mutating func reshape(_ target: [Int64], allowsZero: Bool) {
    guard let extents else { return }
    guard target.count <= Self.highestRank, let count = Shape(extents)?.elementCount else {
      return lose(by: "Reshape")
    }
    var result: [UInt64] = []
    var open: Int?
    for (place, extent) in target.enumerated() {
      switch extent {
      case -1 where open == nil:
        open = place
        result.append(1)
      case 0 where !allowsZero:
        guard place < extents.count else { return lose(by: "Reshape") }
        result.append(extents[place])
      case 0...: result.append(UInt64(extent))
      default: return lose(by: "Reshape")
      }
    }
    guard let known = Shape(result)?.elementCount else { return lose(by: "Reshape") }
    if let open {
      guard known > 0, count % known == 0 else { return lose(by: "Reshape") }
      result[open] = count / known
    }
    guard Shape(result)?.elementCount == count else { return lose(by: "Reshape") }
    reshape(to: result, by: "Reshape")
  }

  /// Lays the elements out in another shape of as many. Where a product of leading extents is the same on both
  /// sides the axes between two such places correspond; one to one they stay what they are.
  private mutating func reshape(to target: [UInt64], by operation: String) {
    guard let axes, axes.map(\.extent) != target else { return }
    var result = target.map { Axis(source: nil, extent: $0) }
    defer { self.axes = result }
    guard !target.contains(0) else {
      lostBy = lostBy ?? operation
      return
    }
    let before = axes.indices.filter { axes[$0].extent != 1 }
    let after = target.indices.filter { target[$0] != 1 }
    var (left, right) = (0, 0)
    while left < before.count, right < after.count {
      let (firstLeft, firstRight) = (left, right)
      var (leftProduct, rightProduct) = (axes[before[left]].extent, target[after[right]])
      // Products of extents whose whole product fits 64 bits.
      while leftProduct != rightProduct {
        if leftProduct < rightProduct {
          left += 1
          guard left < before.count else { break }
          leftProduct *= axes[before[left]].extent
        } else {
          right += 1
          guard right < after.count else { break }
          rightProduct *= target[after[right]]
        }
      }
      if left == firstLeft, right == firstRight {
        result[after[right]].source = axes[before[left]].source
      } else {
        lostBy = lostBy ?? operation
      }
      left += 1
      right += 1
    }
  }
}
