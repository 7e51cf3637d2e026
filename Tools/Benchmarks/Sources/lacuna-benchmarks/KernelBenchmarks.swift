internal import CKernels
internal import SparseCoding

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The compact and expand kernels of each set, from memory to memory.
struct KernelBenchmarks {
  private static let bar = 0.8
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    var rows: [Row] = []
    for type in WeightType.allCases {
      for share in [50, 90] { rows += try measure(type, .percent(share)) }
    }
    return rows
  }

  private func measure(_ type: WeightType, _ pruning: Pruning) throws -> [Row] {
    let count = setting.bufferBytes / type.byteWidth / 64 * 64
    let byteCount = count * type.byteWidth
    let slack = Int(LACUNA_KERNELS_SLACK)
    let dense = Buffer(byteCount: byteCount)
    let values = Buffer(byteCount: byteCount + slack)
    let mask = Buffer(byteCount: count / 8 + slack)
    let target = Buffer(byteCount: byteCount)
    defer { for buffer in [dense, values, mask, target] { buffer.free() } }
    Weights(type, pruning).fill(dense.bytes)

    let sets = KernelSet.allCases.reversed().filter(\.isAvailable)
    var contenders: [() -> Double] = [
      { Interleaved.seconds { PlainMemory.copy(dense, to: target, 0..<byteCount) } }
    ]
    for set in sets {
      let kernels = Kernels(type, set)
      contenders.append {
        Interleaved.seconds { Blackhole.take(UInt64(kernels.compact(dense, count, mask, values))) }
      }
      contenders.append {
        Interleaved.seconds { Blackhole.take(UInt64(kernels.expand(mask, values, count, target))) }
      }
      _ = kernels.compact(dense, count, mask, values)
      _ = kernels.expand(mask, values, count, target)
      guard memcmp(dense.start, target.start, byteCount) == 0 else {
        throw WrongResult(description: "\(set.rawValue): expand does not undo compact")
      }
    }
    let samples = try Interleaved.measure(rounds: setting.isQuick ? 5 : 15, contenders)
    return sets.enumerated().flatMap { place, set in
      ["compact", "expand"].enumerated().map { kernel, name in
        .throughput(
          .kernels,
          "\(name) \(type.rawValue), \(pruning.text) zeros, \(set.rawValue)",
          bytes: byteCount,
          samples[1 + place * 2 + kernel],
          against: samples[0],
          named: "memcpy",
          // Plain C is there to be right, not to be fast.
          bar: set == .scalar ? nil : .ratioAtLeast(Self.bar)
        )
      }
    }
  }
}

/// A result that is not what it must be, so that its speed does not matter.
struct WrongResult: Error, CustomStringConvertible {
  var description: String
}

/// The kernels of one set for one element type.
private struct Kernels {
  private let type: WeightType
  private let code: lacuna_kernels

  init(_ type: WeightType, _ set: KernelSet) {
    self.type = type
    code =
      switch set {
      case .scalar: LACUNA_KERNELS_SCALAR
      case .avx2: LACUNA_KERNELS_AVX2
      case .avx512: LACUNA_KERNELS_AVX512
      }
  }

  func compact(_ dense: Buffer, _ count: Int, _ mask: Buffer, _ values: Buffer) -> Int {
    switch type {
    case .bf16: lacuna_compact16(code, dense.start, count, mask.start, values.start)
    case .f32: lacuna_compact32(code, dense.start, count, mask.start, values.start)
    }
  }

  func expand(_ mask: Buffer, _ values: Buffer, _ count: Int, _ dense: Buffer) -> Int {
    switch type {
    case .bf16: lacuna_expand16(code, mask.start, values.start, count, dense.start)
    case .f32: lacuna_expand32(code, mask.start, values.start, count, dense.start)
    }
  }
}
