"""What inspect and validate count equals what numpy counts."""

import hashlib
import math

import numpy as np

import dialect
from harness import FIXTURES, LANES, SIGNS, Check, bits_with_zeros, prune_groups, read, report, run, write

COMMON = [(1, 2), (2, 4), (4, 8), (8, 16), (1, 4), (2, 8)]
SHAPES = [(), (1,), (7,), (0, 5), (5, 0), (1, 1), (3, 1), (4, 8), (5, 63), (6, 64), (3, 257), (16, 3, 5), (8, 16, 3, 3),
          (8, 32, 1, 1), (6, 40, 48), (17, 128)]
# Magnitudes: the first infinite one, and the first that is no number; None where a type has no infinity.
LIMITS = {
    "F16": (0x7C00, 0x7C01), "BF16": (0x7F80, 0x7F81), "F32": (0x7F80_0000, 0x7F80_0001),
    "F64": (0x7FF0 << 48, (0x7FF0 << 48) + 1), "F8_E5M2": (0x7C, 0x7D), "F8_E4M3": (None, 0x7F),
}


class Truth:
    """Zeros, NaNs and infinities of an array of lanes."""

    def __init__(self, dtype, bits):
        nothing = np.zeros(bits.shape, bool)
        self.zero, self.nan, self.inf = bits == 0, nothing, nothing
        if dtype == "C64":
            half = Truth("F32", bits[..., None].view(np.uint32))
            self.zero, self.nan = half.zero.all(-1), half.nan.any(-1)
            self.inf = half.inf.any(-1) & ~self.nan
        elif dtype in LIMITS:
            sign = bits.dtype.type(SIGNS[dtype])
            magnitude = bits & ~sign
            infinite, nan = LIMITS[dtype]
            self.zero, self.nan = magnitude == 0, magnitude >= nan
            if infinite is not None:
                self.inf = magnitude == infinite
        elif dtype.endswith("FNUZ"):
            self.nan = bits == 0x80
        elif dtype == "F8_E8M0":
            self.zero, self.nan = nothing, bits == 0xFF
        self.negative_zero = self.zero & (bits != 0)


def groups_along(nonzero, axis, size):
    """The nonzeros of each whole group along an axis, and how many groups are shorter."""
    lines = np.moveaxis(nonzero, axis, -1)
    whole = lines.shape[-1] // size * size
    counts = lines[..., :whole].reshape(-1, size).sum(axis=1) if whole else np.zeros(0, int)
    ragged = math.prod(lines.shape[:-1]) if lines.shape[-1] % size else 0
    return counts, ragged


def layout_sizes(dtype, bits, candidates):
    """The bytes of each layout that a tensor can take."""
    sizes = {"dense": bits.nbytes}
    if bits.size:
        for layout in candidates:
            try:
                sizes[layout] = dialect.byte_count(dialect.encode("t", dtype, bits, layout)[1])
            except AssertionError:
                pass
    return sizes


def compare(check, found, dtype, bits, what):
    """One tensor of a report against numpy."""

    def expect(rule, reported, counted):
        check.expect(rule, reported == counted, f"{what}: lacuna {reported}, numpy {counted}")

    truth = Truth(dtype, bits)
    nonzero = ~truth.zero
    expect("dtype, shape, elements", [found["dtype"], found["shape"], found["elements"]], [dtype, list(bits.shape), bits.size])
    expect("zeros", found["zeros"], int(truth.zero.sum()))
    expect("nnz", found["nnz"], int(nonzero.sum()))
    expect("negative zeros", found["negative_zeros"], int(truth.negative_zero.sum()))
    expect("NaN", found["nan"], int(truth.nan.sum()))
    expect("infinities", found["inf"], int(truth.inf.sum()))
    expect("sparsity", round(found["sparsity"], 12), round(float(truth.zero.mean()) if bits.size else 0, 12))
    digest = hashlib.sha256(f"{dtype}\0{','.join(map(str, bits.shape))}\0".encode() + bits.tobytes()).hexdigest()
    expect("digest", found["digest"], digest)
    if bits.ndim >= 2 and bits.size:
        for kept, size in COMMON:
            counts, ragged = groups_along(nonzero, found["axis"], size)
            result = found["patterns"][f"{kept}:{size}"]
            expect("whole groups", result["groups"], len(counts))
            expect("short groups", result["ragged_groups"], ragged)
            violations = int((counts > kept).sum())
            expect("violations", result["violations"], violations)
            expect("compliant", result["compliant"], len(counts) > 0 and violations == 0 and ragged == 0)
    if bits.size:
        rows = dialect.matrix(nonzero)
        whole = rows.shape[1] // 4 * 4
        blocks = rows[:, :whole].reshape(-1, 4)
        expect("blocks of 4", found["structure"]["blocks_of_4"], len(blocks))
        expect("zero blocks of 4", found["structure"]["zero_blocks_of_4"], int((~blocks.any(axis=1)).sum()))
        expect("zero rows", found["structure"]["zero_rows"], int((~rows.any(axis=1)).sum()))
        expect("zero columns", found["structure"]["zero_columns"], int((~rows.any(axis=0)).sum()))
    sizes = layout_sizes(dtype, bits, ["bitmask", "csr", *(f"nm:{n}:{m}" for n, m in COMMON)])
    expect("bytes of the smallest layout", found["best"]["bytes"], min(sizes.values()))
    expect("its name has that size", sizes.get(found["best"]["layout"]), min(sizes.values()))


def inspect(check, path, tensors):
    """A file's report, and that of its sparse form, against numpy."""
    sparse = check.folder / "sparse.safetensors"
    run("convert", path, sparse, "--layout", "auto", "--force", "--quiet")
    for shown, source in [(path.name, path), (f"{path.name} as auto", sparse)]:
        document = report("inspect", "--digest", source)
        model = document["models"][0]
        found = {tensor["name"]: tensor for tensor in model["tensors"]}
        check.expect("all tensors are listed", found.keys() == tensors.keys(), shown)
        for name, (dtype, bits) in tensors.items():
            if dtype not in LANES:
                check.expect("types that share bytes are not counted", found[name]["zeros"] is None, f"{shown} {name}")
                continue
            compare(check, found[name], dtype, bits, f"{shown} {name}")


def validate(check, path, tensors):
    """Validation along every axis, with every tail policy, against numpy."""
    for kept, size in [*COMMON, (3, 7), (1, 32), (31, 32)]:
        for axis in range(4):
            for tail in ["error", "ignore", "pad"]:
                document = report(
                    "validate", path, "--pattern", f"{kept}:{size}", "--axis", axis, "--tail", tail, "--tensors", "*",
                    "--limit", 1, codes=(0, 1))
                for found in document["tensors"]:
                    dtype, bits = tensors[found["name"]]
                    if found["status"] == "skipped":
                        fits = dtype in LANES and bits.size and axis < bits.ndim
                        check.expect("validate skips what has no such axis", not fits, found["name"])
                        continue
                    nonzero = np.moveaxis(~Truth(dtype, bits).zero, axis, -1)
                    length = nonzero.shape[-1]
                    whole = length // size * size
                    counts = list(nonzero[..., :whole].reshape(-1, size).sum(axis=1)) if whole else []
                    rest = list(nonzero[..., whole:].sum(axis=-1).reshape(-1)) if length % size else []
                    used = counts if tail == "ignore" else counts + rest
                    bad = sum(count > kept for count in used)
                    histogram = np.bincount(used, minlength=size + 1) if used else np.zeros(size + 1, int)
                    what = f"{found['name']} {kept}:{size} axis {axis} tail {tail}: {found}"
                    check.expect("validate counts violating groups", found["violating_groups"] == bad, what)
                    check.expect("validate counts nonzeros per group", found["histogram"][: size + 1] == histogram.tolist(), what)
                    violating = bad > 0 or (tail == "error" and rest != [])
                    check.expect("validate's verdict", (found["status"] == "violating") == violating, what)


with Check("counts") as check:
    random = check.random
    for number, density in enumerate([0, 0.03, 0.3, 0.8, 1]):
        tensors = {}
        for dtype in LANES:
            for shape in SHAPES:
                bits = bits_with_zeros(random, dtype, shape, density, negative_zeros=0.2)
                if bits.size and bits.ndim >= 2 and len(tensors) % 3:
                    bits = prune_groups(random, bits, *COMMON[len(tensors) % len(COMMON)])
                if bits.ndim == 2 and len(tensors) % 2:
                    bits[random.random(bits.shape[0]) < 0.3] = 0
                    bits[:, random.random(bits.shape[1]) < 0.3] = 0
                tensors[f"layers.{len(tensors)}.{'conv' if len(shape) == 3 and len(tensors) % 2 else 'w'}.{dtype}"] = (dtype, bits)
        path = check.folder / f"random-{density}.safetensors"
        write(path, tensors)
        inspect(check, path, tensors)
        if density == 0.3:
            few = {name: tensors[name] for name in list(tensors)[::7]}
            write(check.folder / "few.safetensors", few)
            validate(check, check.folder / "few.safetensors", few)
    # Several chunks: long rows, tall matrices, a convolution whose groups run across rows.
    large = {
        "tall": ("BF16", prune_groups(random, bits_with_zeros(random, "BF16", (40_000, 64), 0.6, 0.1), 2, 4)),
        "long": ("F32", bits_with_zeros(random, "F32", (2, 900_001), 0.1, 0.1)),
        "conv.weight": ("F16", bits_with_zeros(random, "F16", (256, 512, 3, 3), 0.4, 0.1)),
        "vector": ("U8", bits_with_zeros(random, "U8", (3_000_001,), 0.2)),
    }
    large["tall"][1][1000:9000] = 0
    large["tall"][1][:, 5] = 0
    path = check.folder / "large.safetensors"
    write(path, large)
    inspect(check, path, large)
    for path in [*sorted((FIXTURES / "real").glob("*.safetensors")), *sorted((FIXTURES / "safetensors").glob("*.safetensors"))]:
        inspect(check, path, read(path))
    validate(check, sorted((FIXTURES / "real").glob("*.safetensors"))[0], read(sorted((FIXTURES / "real").glob("*.safetensors"))[0]))
