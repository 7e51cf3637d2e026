/// A block type whose scaling is known before its codes are made.
protocol ScalingKernel: EncodingKernel {
  /// The scaling of a block.
  static func scaling(of numbers: UnsafeRawPointer) -> Scaling

  /// Writes one block.
  ///
  /// - Returns: whether the type can store its scales.
  static func encode(
    _ numbers: UnsafeRawPointer,
    _ scaling: Scaling,
    into block: UnsafeMutableRawPointer
  ) -> Bool
}

extension ScalingKernel {
  /// Makes the scalings of some blocks before their codes: a block waits long for its own, and the processor
  /// looks ahead over several short steps.
  @inline(__always)
  static func encodeInSteps(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    withUnsafeTemporaryAllocation(of: Scaling.self, capacity: 32) { scalings -> Int? in
      guard let scalings = scalings.baseAddress else { return nil }
      var done = 0
      while done < blockCount {
        let count = min(32, blockCount &- done)
        let first = numbers + done &* elements &* 4
        var index = 0
        while index < count {
          (scalings + index).initialize(to: scaling(of: first + index &* elements &* 4))
          index &+= 1
        }
        index = 0
        while index < count {
          let block = blocks + (done &+ index) &* bytes
          if !encode(first + index &* elements &* 4, scalings[index], into: block) { return done &+ index }
          index &+= 1
        }
        done &+= count
      }
      return nil
    }
  }
}
