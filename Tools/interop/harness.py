"""What the checks share: running lacuna, files of the reference library, counting what passed."""

import ctypes
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from safetensors import TensorSpec, deserialize, serialize

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Fixtures"
LACUNA = os.environ["LACUNA"]

# How the reference library names each dtype when it writes, and how many bytes an element takes.
# It has no writing name for F6_E2M3 and F6_E3M2; one element of its F4 is a byte of two.
WRITTEN_AS = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "F8_E5M2": "float8_e5m2", "F8_E4M3": "float8_e4m3fn",
    "F8_E8M0": "float8_e8m0fnu", "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "I16": "int16", "U16": "uint16", "F16": "float16", "BF16": "bfloat16", "I32": "int32", "U32": "uint32",
    "F32": "float32", "C64": "complex64", "F64": "float64", "I64": "int64", "U64": "uint64",
}
LANES = {
    "BOOL": np.uint8, "U8": np.uint8, "I8": np.uint8, "F8_E5M2": np.uint8, "F8_E4M3": np.uint8,
    "F8_E8M0": np.uint8, "F8_E4M3FNUZ": np.uint8, "F8_E5M2FNUZ": np.uint8, "I16": np.uint16,
    "U16": np.uint16, "F16": np.uint16, "BF16": np.uint16, "I32": np.uint32, "U32": np.uint32,
    "F32": np.uint32, "C64": np.uint64, "F64": np.uint64, "I64": np.uint64, "U64": np.uint64,
}
# The sign bit of each dtype that has a negative zero; of complex numbers that of both halves.
SIGNS = {
    "F8_E5M2": 0x80, "F8_E4M3": 0x80, "F16": 0x8000, "BF16": 0x8000, "F32": 0x8000_0000,
    "F64": 0x8000_0000_0000_0000, "C64": 0x8000_0000_8000_0000,
}


class Check:
    """Counts what passed and says what failed; as a context, also makes a folder for files."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, {}, 0
        self.seed = int(os.environ.get("LACUNA_INTEROP_SEED", "20250801"))
        self.random = np.random.default_rng([self.seed, *name.encode()])

    def __enter__(self):
        self.place = tempfile.TemporaryDirectory(prefix="lacuna-interop-")
        self.folder = pathlib.Path(self.place.name)
        return self

    def __exit__(self, kind, error, trace):
        self.place.cleanup()
        if error is not None:
            return
        for rule, count in self.passed.items():
            print(f"  ok    {count:6}  {rule}")
        verdict = f"{self.failed} FAILED" if self.failed else "passed"
        print(f"interop: {self.name}: {sum(self.passed.values())} comparisons, {verdict} (seed {self.seed})")
        sys.exit(1 if self.failed or not self.passed else 0)

    def expect(self, rule, holds, detail=""):
        """Notes whether a rule holds for one case."""
        if holds:
            self.passed[rule] = self.passed.get(rule, 0) + 1
        else:
            self.failed += 1
            if self.failed <= 40:
                print(f"  FAIL  {rule}: {detail}")
        return holds


def run(*arguments, codes=(0,)):
    """Runs lacuna; its standard output. An exit code that is not in `codes` is an error."""
    done = subprocess.run([LACUNA, *map(str, arguments)], capture_output=True)
    if done.returncode not in codes:
        words = " ".join(map(str, arguments))
        raise RuntimeError(f"lacuna {words}: exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def report(*arguments, codes=(0,)):
    """The JSON document that a command prints."""
    return json.loads(run(*arguments, "--json", codes=codes))


def write(path, tensors, metadata=None):
    """Lets the reference library write `tensors`: name -> (dtype, array of unsigned lanes)."""
    kept, specs = [], {}
    for name, (dtype, bits) in tensors.items():
        data = np.ascontiguousarray(bits).tobytes()
        buffer = ctypes.create_string_buffer(data, max(len(data), 1))
        kept.append(buffer)
        specs[name] = TensorSpec(
            dtype=WRITTEN_AS[dtype], shape=list(bits.shape), data_ptr=ctypes.addressof(buffer), data_len=len(data))
    path.write_bytes(bytes(serialize(specs, metadata)))


def read(path):
    """What the reference library reads: name -> (dtype, array of unsigned lanes)."""
    tensors = {}
    for name, view in deserialize(path.read_bytes()):
        lane = LANES.get(view["dtype"], np.uint8)
        bits = np.frombuffer(bytes(view["data"]), dtype=lane)
        tensors[name] = (view["dtype"], bits.reshape(view["shape"]) if view["dtype"] in LANES else bits)
    return tensors


def same(left, right):
    """Whether two tensors are equal in dtype, shape and every bit."""
    return left[0] == right[0] and left[1].shape == right[1].shape and bool(np.array_equal(left[1], right[1]))


def bits_with_zeros(random, dtype, shape, density, negative_zeros=0.0):
    """Random bit patterns (NaN payloads among them), zero but for a share; some of the zeros negative."""
    lane = LANES[dtype]
    size = int(np.prod(shape, dtype=np.int64))
    bits = random.integers(0, 1 << (8 * lane().itemsize), size=size, dtype=np.uint64, endpoint=False) \
        if lane is not np.uint64 else random.integers(0, np.iinfo(np.uint64).max, size=size, dtype=np.uint64, endpoint=True)
    bits = bits.astype(lane)
    bits[random.random(size) >= density] = 0
    if dtype in SIGNS:
        bits[(bits == 0) & (random.random(size) < negative_zeros)] = lane(SIGNS[dtype])
    if dtype == "BOOL":
        bits &= lane(1)
    return bits.reshape(shape)


def prune_groups(random, bits, kept, group):
    """Zeroes elements until no group of a row has more than `kept` bit patterns that are not zero."""
    rows = bits.reshape(-1, bits.shape[-1]).copy()
    for start in range(0, rows.shape[1], group):
        part = rows[:, start : start + group]
        order = np.argsort(random.random(part.shape), axis=1)
        rank = np.argsort(order, axis=1)
        part[rank >= kept] = 0
    return rows.reshape(bits.shape)


