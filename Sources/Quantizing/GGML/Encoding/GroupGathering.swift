/// Writes the numbers of eight consecutive groups of `count` element by element, a lane for each group.
@inline(__always)
func gatherGroups(_ numbers: UnsafeRawPointer, of count: Int, into lanes: UnsafeMutablePointer<NumberLanes>) {
  let target = UnsafeMutableRawPointer(lanes)
  var group = 0
  while group < 8 {
    var index = 0
    while index < count {
      let number = numbers.loadUnaligned(fromByteOffset: (group &* count &+ index) &* 4, as: Float.self)
      target.storeBytes(of: number, toByteOffset: index &* 32 &+ group &* 4, as: Float.self)
      index &+= 1
    }
    group &+= 1
  }
}
