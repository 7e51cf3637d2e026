"""The checkpoints that are made and restored: what each is, who writes it, what must come back."""

import dataclasses

# Arguments of a quantization, in the library's words.
INT8 = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "channel"}
INT8_TOKEN = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "token", "dynamic": True}
FP8 = {"num_bits": 8, "type": "float", "symmetric": True, "strategy": "channel"}
FP8_TENSOR = {"num_bits": 8, "type": "float", "symmetric": True, "strategy": "tensor"}
FP8_TOKEN = {"num_bits": 8, "type": "float", "symmetric": True, "strategy": "token", "dynamic": True}
FP8_BLOCK = {"num_bits": 8, "type": "float", "symmetric": True, "strategy": "block", "block_structure": [128, 128]}


def grouped(bits, symmetric=True, size=128, **more):
    """Integers in groups of columns."""
    return {"num_bits": bits, "type": "int", "symmetric": symmetric, "strategy": "group", "group_size": size, **more}


@dataclasses.dataclass(frozen=True)
class Case:
    """One checkpoint."""

    name: str
    library: str  # the release of compressed-tensors that writes it
    type: str = "bf16"
    zeros: str | None = None  # how weights are pruned: None, "50%" or "2:4"
    sparse: str | None = None  # the sparse format
    weights: dict | str | None = None  # how they are quantized: arguments, or a preset's name
    inputs: dict | None = None
    format: str | None = None  # of the quantization, where the library would choose another
    intermediate: int = 256
    tied: bool = False
    shards: int = 1
    old_config: bool = False  # the configuration's key and fields as until 0.6
    by_name: bool = False  # targets are names of modules, as llm-compressor writes them when not all qualify
    second: dict | str | None = None  # another quantization, of the attention's layers
    # Whether today's stack can hold the quantized weights; where not, only `--type` restores them.
    quantized_today: bool = True

    @property
    def seed(self):
        """The seed of the weights, from the name so that a new case leaves the others as they are."""
        return sum(self.name.encode()) * 7919 % 2**31

    @property
    def is_quantized(self):
        return self.weights is not None


OLD = "0.14.0.1"
NEW = "0.20.0"
CASES = [
    Case("sparse-bitmask-bf16", OLD, zeros="50%", sparse="sparse-bitmask"),
    Case("sparse-bitmask-f32", OLD, type="f32", zeros="50%", sparse="sparse-bitmask", by_name=True),
    Case("sparse-bitmask-tied", OLD, zeros="50%", sparse="sparse-bitmask", tied=True),
    Case("sparse-bitmask-sharded", OLD, zeros="50%", sparse="sparse-bitmask", shards=2),
    Case("sparse-bitmask-0.8", "0.8.1", zeros="50%", sparse="sparse-bitmask"),
    Case("sparse-bitmask-0.6-config", "0.8.1", type="f32", zeros="50%", sparse="sparse-bitmask", old_config=True),
    Case("sparse-24-bf16", OLD, zeros="2:4", sparse="sparse-24-bitmask"),
    Case("sparse-24-f32", OLD, type="f32", zeros="2:4", sparse="sparse-24-bitmask"),
    Case("sparse-24-sharded", OLD, zeros="2:4", sparse="sparse-24-bitmask", shards=3, by_name=True),
    Case("sparse-24-int8-w8a8", OLD, zeros="2:4", sparse="sparse-24-bitmask", weights=INT8, inputs=INT8_TOKEN),
    Case("sparse-24-fp8", OLD, zeros="2:4", sparse="sparse-24-bitmask", weights=FP8, inputs=FP8_TOKEN),
    Case("sparse-24-fp8-static", OLD, zeros="2:4", sparse="sparse-24-bitmask", weights=FP8_TENSOR, inputs=FP8_TENSOR),
    Case("sparse-bitmask-int8-w8a8", OLD, type="f32", zeros="50%", sparse="sparse-bitmask", weights=INT8,
         inputs=INT8_TOKEN),
    Case("marlin-24-int4-g128", OLD, type="f16", zeros="2:4", weights=grouped(4), intermediate=512),
    Case("marlin-24-int8-channel", OLD, type="f16", zeros="2:4", weights=INT8),
    Case("pack-int8-w8a16", OLD, weights=INT8),
    Case("pack-int4-g128", OLD, weights=grouped(4)),
    Case("pack-int4-g128-f32", OLD, type="f32", weights=grouped(4)),
    Case("pack-int4-g128-asym", OLD, weights=grouped(4, symmetric=False)),
    Case("pack-int3-padded", OLD, weights={**INT8, "num_bits": 3}, format="pack-quantized"),
    Case("pack-int3-padded-asym", OLD, weights=grouped(3, symmetric=False, size=64), format="pack-quantized"),
    Case("pack-int6-padded", OLD, weights=grouped(6, size=32), format="pack-quantized"),
    Case("pack-int4-activation-order", OLD, weights=grouped(4, size=32, actorder="group"), quantized_today=False),
    Case("naive-int8", OLD, weights=INT8, format="naive-quantized"),
    Case("mxfp4-0.13", "0.13.0", weights="MXFP4A16"),
    Case("nvfp4", NEW, weights="NVFP4"),
    Case("nvfp4-weights-only", NEW, weights="NVFP4A16"),
    Case("mxfp4", NEW, weights="MXFP4A16"),
    Case("mxfp6", NEW, weights="MXFP6A16"),
    Case("mxfp8", NEW, weights="MXFP8A16"),
    Case("int8-w8a8-asym", NEW, weights={**INT8, "symmetric": False},
         inputs={**INT8, "strategy": "tensor", "symmetric": False}),
    Case("fp8", NEW, weights=FP8, inputs=FP8_TOKEN),
    Case("fp8-block", NEW, weights=FP8_BLOCK, inputs={**FP8_TOKEN, "strategy": "group", "group_size": 128}),
    Case("pack-int4-dense", NEW, weights=grouped(4)),
    Case("pack-int3-dense", NEW, weights={**INT8, "num_bits": 3}),
    Case("pack-int3-dense-asym", NEW, weights=grouped(3, symmetric=False, size=64)),
    Case("mixed-precision", NEW, weights="NVFP4A16", second=grouped(4, size=32)),
]
