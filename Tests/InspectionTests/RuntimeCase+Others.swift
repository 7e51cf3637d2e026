import Inspection
import ModelIR

extension RuntimeCase {
  static let others: [RuntimeCase] = [
    .init(
      runtime: .asp,
      title: "a linear layer",
      extents: [8, 16],
      along: 1,
      status: .compliant,
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "a linear layer along its outputs",
      extents: [8, 16],
      along: 0,
      status: .violating,
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "dim0 % 8",
      type: .float16,
      extents: [12, 16],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "dim1 % 16",
      extents: [8, 24],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "BF16, which is not guarded",
      type: .bfloat16,
      extents: [12, 24],
      along: 1,
      status: .compliant,
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "BF16 whose groups are not whole",
      type: .bfloat16,
      extents: [12, 18],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: "apex sparse_masklib.py, create_mask"
    ),
    .init(
      runtime: .asp,
      title: "Conv2d along C",
      extents: [8, 16, 3, 3],
      along: 1,
      status: .compliant,
      source: "apex sparse_masklib.py, create_mask"
    ),
    .init(
      runtime: .asp,
      title: "Conv1d along C",
      extents: [8, 16, 4],
      along: 1,
      name: "conv.weight",
      status: .compliant,
      source: "apex sparse_masklib.py, create_mask"
    ),
    .init(
      runtime: .asp,
      title: "Conv3d",
      extents: [8, 16, 3, 3, 3],
      along: 1,
      status: .ineligible,
      rules: [.layer],
      source: "apex sparse_masklib.py, create_mask"
    ),
    .init(
      runtime: .asp,
      title: "a recurrent layer",
      extents: [8, 16],
      along: 1,
      name: "lstm.weight_ih_l0",
      status: .ineligible,
      rules: [.layer],
      source: apex
    ),
    .init(
      runtime: .compressedTensors,
      title: "rows of whole groups",
      extents: [6, 8],
      along: 1,
      status: .compliant,
      source: library
    ),
    .init(
      runtime: .compressedTensors,
      title: "the wrong axis",
      extents: [8, 8],
      along: 0,
      status: .violating,
      source: library
    ),
    .init(
      runtime: .compressedTensors,
      title: "numel % 4",
      extents: [3, 6],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: library
    ),
    .init(
      runtime: .compressedTensors,
      title: "an odd number of columns",
      extents: [4, 3],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: "compressed-tensors 0.14 sparse_24_bitmask.py"
    ),
    .init(
      runtime: .compressedTensors,
      title: "a convolution",
      extents: [8, 4, 3, 3],
      along: 1,
      status: .ineligible,
      rules: [.layer],
      source: "compressed-tensors 0.14 sparse_24_bitmask.py"
    ),
    .init(
      runtime: .any,
      title: "any type and size",
      type: .float64,
      extents: [3, 4],
      along: 1,
      status: .compliant,
      source: "the pattern"
    ),
    .init(
      runtime: .any,
      title: "the wrong axis",
      type: .float64,
      extents: [8, 8],
      along: 0,
      status: .violating,
      source: "the pattern"
    ),
    .init(
      runtime: .any,
      title: "K % 4",
      extents: [3, 6],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: "the pattern"
    ),
  ]
}
