internal import ModelIR

/// Sixteen codes of a block, less what the type subtracts from them.
typealias Codes = SIMD16<Int8>

/// How the blocks of a type hold their numbers: as runs of 16 whole codes with a common factor.
///
/// Every block type of ggml can be read so, the grids of the IQ types too. A number is `code * factor`, and
/// `code * factor + addend` for a type with a minimum; each operation is rounded by itself, in single precision.
protocol BlockLayout {
  /// The type whose blocks these are.
  static var type: GGMLType { get }

  /// Whether numbers have an addend. Adding 0 for the others would turn -0 into 0.
  static var hasAddend: Bool { get }

  /// Calls `take` once for each run of a block.
  ///
  /// - Parameters:
  ///   - block: the first byte of the block.
  ///   - take: gets the run's first element within the block, a multiple of 16, its codes, factor and addend.
  ///     Runs come in any order. A closure that is inlined: the codes stay in registers.
  func eachRun(
    of block: UnsafeRawPointer,
    _ take: (_ start: Int, _ codes: Codes, _ factor: Float, _ addend: Float) -> Void
  )
}

extension BlockLayout {
  static var hasAddend: Bool { false }
}

/// Work on blocks that is compiled once for each layout.
protocol BlockTask {
  /// Does it for the blocks of one layout.
  func run<Layout: BlockLayout>(_ layout: Layout)
}

extension GGMLType {
  /// Whether elements come in blocks of several.
  var isBlocked: Bool { elementType == nil }

  /// Runs a task with the layout of this type, which must have blocks.
  func withLayout(_ task: some BlockTask) {
    switch self {
    case .q1_0: task.run(Q1_0Layout())
    case .q2_0: task.run(Q2_0Layout())
    case .q4_0: task.run(Q4_0Layout())
    case .q4_1: task.run(Q4_1Layout())
    case .q5_0: task.run(Q5_0Layout())
    case .q5_1: task.run(Q5_1Layout())
    case .q8_0: task.run(Q8_0Layout())
    case .q8_1: task.run(Q8_1Layout())
    case .q8_K: task.run(Q8_KLayout())
    case .q2_K: task.run(Q2_KLayout())
    case .q3_K: task.run(Q3_KLayout())
    case .q4_K: task.run(Q4_KLayout())
    case .q5_K: task.run(Q5_KLayout())
    case .q6_K: task.run(Q6_KLayout())
    case .tq1_0: task.run(TQ1_0Layout())
    case .tq2_0: task.run(TQ2_0Layout())
    case .mxfp4: task.run(MXFP4Layout())
    case .nvfp4: task.run(NVFP4Layout())
    case .iq4_NL: CodeBook.iq4.withRows { task.run(IQ4_NLLayout(codeBook: $0)) }
    case .iq4_XS: CodeBook.iq4.withRows { task.run(IQ4_XSLayout(codeBook: $0)) }
    case .iq2_XXS: CodeBook.iq2XXS.withRows { task.run(IQ2_XXSLayout(grid: $0)) }
    case .iq2_XS: CodeBook.iq2XS.withRows { task.run(IQ2_XSLayout(grid: $0)) }
    case .iq2_S: CodeBook.iq2S.withRows { task.run(IQ2_SLayout(grid: $0)) }
    case .iq3_XXS: CodeBook.iq3XXS.withRows { task.run(IQ3_XXSLayout(grid: $0)) }
    case .iq3_S: CodeBook.iq3S.withRows { task.run(IQ3_SLayout(grid: $0)) }
    case .iq1_S: CodeBook.iq1.withRows { task.run(IQ1_SLayout(grid: $0)) }
    case .iq1_M: CodeBook.iq1.withRows { task.run(IQ1_MLayout(grid: $0)) }
    case .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64:
      preconditionFailure("\(name) has no blocks")
    }
  }
}
