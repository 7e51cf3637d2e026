"""Numbers: what `--type` decodes and encodes is what PyPI's gguf decodes and encodes."""

import re
import subprocess

import numpy as np
from gguf.constants import GGML_QUANT_VERSION, LlamaFileType

from gguf_comparing import attempt, cast, compared, equal
from gguf_files import (BLOCKS, DECODED, ENCODED, HOLD_ZERO, PLAIN, Stored, encoded, random_blocks, random_metadata, random_numbers,
                        random_tensors, read_gguf, sizes, write_gguf)
from harness import LACUNA, Check, bits_with_zeros, read, report, write
from small_floats import alike, lanes, numbers

# What lacuna encodes and gguf 0.19.0 only decodes.
OURS_ALONE = ["Q4_K", "Q5_K", "Q6_K", "NVFP4"]
FLOATS = ["F32", "F16", "BF16", "F64"]
ENDINGS = ["safetensors", "gguf"]
# Larger than what is encoded at a time, of several ranks, and one that is a vector's worth.
SHAPES = [(6, 512), (300, 1024), (2, 3, 256), (2, 1, 3, 512), (1, 131072)]


def check_plain(check, path, metadata, tensors, what):
    """`--type` with an element type gives the numbers that gguf gives, in safetensors and in GGUF."""
    decoded = {}
    for name, tensor in tensors.items():
        if tensor.type in DECODED:
            decoded[name] = ("F32", tensor.decoded().view(np.uint32))
        elif tensor.type in PLAIN:
            decoded[name] = (tensor.type, tensor.lanes)
    # Of what gguf has no decoder for there are no numbers to compare.
    for dtype, kind in [("F32", LlamaFileType.ALL_F32), ("BF16", LlamaFileType.MOSTLY_BF16), ("F16", LlamaFileType.MOSTLY_F16)]:
        for ending in ENDINGS:
            target = check.folder / f"numbers.{ending}"
            rule = f"--type {dtype.lower()} to {ending}"
            if not attempt(check, rule, what, path, target, "--type", dtype.lower()):
                continue
            if ending == "gguf":
                after, stored = read_gguf(target)
                found = {name: (tensor.type, tensor.lanes) for name, tensor in stored.items()}
                equal(check, f"{rule}: metadata", what, after, metadata | {"general.file_type": ("u32", int(kind))})
            else:
                found = read(target)
            check.expect(f"{rule} keeps all tensors", found.keys() == tensors.keys(), what)
            for name, tensor in decoded.items():
                expected = cast(tensor, dtype) if tensor[0] in FLOATS and tensor[0] != dtype else tensor
                check.expect(f"{tensors[name].type} decoded", name in found and alike(found[name], expected),
                             f"{rule}: {what}: {name}: {tensors[name].shape}")


def check_blocks(check, number):
    """Thousands of blocks of each type that gguf decodes, of any bytes and of finite numbers."""
    metadata = random_metadata(check.random, 32)
    for wild in (True, False):
        tensors = {}
        for name in DECODED:
            elements, _ = sizes(name)
            rows, blocks = int(check.random.integers(3, 40)), int(check.random.integers(20, 60))
            tensors[f"{name}.weight"] = Stored(name, (rows, blocks * elements), random_blocks(check.random, name, rows * blocks, wild))
        path = check.folder / "blocks.gguf"
        write_gguf(path, metadata, tensors)
        check_plain(check, path, metadata, tensors, f"{'any' if wild else 'finite'} blocks, {number}")


# Encoding


def weights(random):
    """Matrices of float types that blocks are made of, and tensors that none are made of."""
    found, kept = {}, {}
    for dtype in FLOATS:
        for place, shape in enumerate(SHAPES):
            # No magnitude whose scale is beyond half precision, and none whose reciprocal is infinite.
            values = random_numbers(random, shape, -110 if place == 1 and dtype != "F16" else -20)
            found[f"{dtype}.{place}.weight"] = (dtype, lanes(dtype, values))
        kept[f"{dtype}.bias"] = (dtype, lanes(dtype, random_numbers(random, (512,))))
        kept[f"{dtype}.ffn_gate_inp.weight"] = (dtype, lanes(dtype, random_numbers(random, (8, 512))))
        kept[f"{dtype}.odd.weight"] = (dtype, bits_with_zeros(random, dtype, (5, 33), 0.9))
        kept[f"{dtype}.none.weight"] = (dtype, np.zeros((0, 256), lanes(dtype, np.zeros(1)).dtype))
    kept["codes.weight"] = ("I8", bits_with_zeros(random, "I8", (8, 256), 0.9))
    return found, kept


def single(tensor):
    """A tensor's numbers in single precision."""
    return np.ascontiguousarray(numbers(*cast(tensor, "F32"))) if tensor[0] != "F32" else tensor[1].view(np.float32)


def blocks_in(path, kind):
    """The blocks and the plain tensors of a file that lacuna wrote: name -> Stored, name -> (dtype, lanes)."""
    if path.suffix == ".gguf":
        _, tensors = read_gguf(path)
        return ({name: tensor for name, tensor in tensors.items() if tensor.type in BLOCKS},
                {name: (tensor.type, tensor.lanes) for name, tensor in tensors.items() if tensor.type not in BLOCKS})
    elements, size = sizes(kind)
    tensors = read(path)
    return ({name: Stored(kind, (*values.shape[:-1], values.shape[-1] // size * elements), values.tobytes())
             for name, (dtype, values) in tensors.items() if dtype == "U8"},
            {name: tensor for name, tensor in tensors.items() if tensor[0] != "U8"})


def check_encoding(check, kind):
    """`--type` with a type of blocks gives gguf's bytes where it encodes; what else is there stays."""
    found, kept = weights(check.random)
    metadata = random_metadata(check.random, 32)
    del metadata["general.file_type"]
    sources = [check.folder / f"floats.{ending}" for ending in ENDINGS]
    write(sources[0], found | kept)
    write_gguf(sources[1], metadata, {name: Stored(dtype, values.shape, values.tobytes()) for name, (dtype, values) in (found | kept).items()})
    expected = {name: encoded(kind, single(tensor)) for name, tensor in found.items()} if kind in ENCODED else None
    for source in sources:
        for ending in ENDINGS:
            target, what = check.folder / f"encoded.{ending}", f"{kind}: {source.suffix[1:]} to {ending}"
            if not attempt(check, f"{kind} encoded", what, source, target, "--type", kind.lower()):
                continue
            blocks, plain = blocks_in(target, kind)
            check.expect(f"{kind}: matrices are encoded and nothing else", blocks.keys() == found.keys() and plain.keys() == kept.keys(),
                         f"{what}: {blocks.keys() ^ found.keys()}")
            for name in kept.keys() & plain.keys():
                check.expect("what is not encoded stays", alike(plain[name], kept[name]), f"{what}: {name}")
            for name in found.keys() & blocks.keys():
                shape = found[name][1].shape
                check.expect(f"{kind}: types and shapes are right", (blocks[name].type, blocks[name].shape) == (kind, shape), f"{what}: {name}")
                if expected:
                    check.expect(f"{kind} encoded", blocks[name] == expected[name], f"{what}: {name}: {places(blocks[name], expected[name])}")
            if ending == "gguf":
                check_said(check, kind, target, metadata if source.suffix == ".gguf" else None, what)
    check_losses(check, kind, sources[0], found)
    check_ways(check, kind, sources[1])


def check_warning(check, kind, source, target, sums):
    """Who makes sparse weights blocks without a zero is told how many zeros go, unless that is allowed."""
    document = report("convert", source, target, "--type", kind.lower(), "--quiet", "--force")
    found = [warning["problem"] for warning in document["warnings"] if "zeros" in warning["problem"]]
    if kind in HOLD_ZERO:
        check.expect("nobody is warned of zeros that stay", found == [] and sums[2] == 0, f"{kind}: {found}, {sums}")
        return
    tensors, zeros, lost = map(int, sums)
    wanted = f"{lost} of {zeros} zeros in {tensors} sparse tensor"
    check.expect("zeros that go are warned of", len(found) == 1 and lost > 0 and found[0].startswith(wanted), f"{kind}: {found}, not {wanted}")


def check_ways(check, kind, source):
    """However it is computed, in one file or in shards, read back or not, it is the same file."""
    whole, target, shards = check.folder / "whole.gguf", check.folder / "other.gguf", check.folder / "shards"
    options = ("--type", kind.lower())
    if not attempt(check, "encoding in another way", kind, source, whole, *options):
        return
    for more in [("--threads", 1, "--memory", "1M"), ("--threads", 3), ("--verify",)]:
        if attempt(check, "encoding in another way", f"{kind} {more}", source, target, *options, *more):
            check.expect("encoding in another way", target.read_bytes() == whole.read_bytes(), f"{kind} {more}")
    if attempt(check, "encoding into shards", kind, source, shards, *options, "--shard-size", whole.stat().st_size // 3):
        parts = sorted(shards.glob("*.gguf"))
        if attempt(check, "encoding into shards", kind, parts[0], target):
            check.expect("encoding into shards", len(parts) > 2 and target.read_bytes() == whole.read_bytes(), f"{kind}: {len(parts)}")


def places(left, right):
    """Where two rows of blocks differ first."""
    if len(left.data) != len(right.data):
        return f"{len(left.data)} bytes and {len(right.data)}"
    differ = np.flatnonzero(np.frombuffer(left.data, np.uint8) != np.frombuffer(right.data, np.uint8))
    return f"{len(differ)} bytes from {differ[:1]} of {len(left.data)}"


def check_said(check, kind, target, metadata, what):
    """The metadata of encoded models: gguf's numbers of the type of the file and of the generation of blocks."""
    after, _ = read_gguf(target)
    number = next((int(one) for one in LlamaFileType if re.fullmatch(rf"MOSTLY_{kind}(_S|_MOE)?", one.name)), None)
    if kind in ("Q4_K", "Q5_K"):
        number = int(LlamaFileType[f"MOSTLY_{kind}_S"])
    wanted = {"general.file_type": ("u32", number), "general.quantization_version": ("u32", GGML_QUANT_VERSION)}
    said = {key: after.get(key) for key in wanted}
    check.expect("encoded models say what they are", said == wanted, f"{what}: {said}, not {wanted}")
    if metadata:
        rest = {key: value for key, value in after.items() if key not in wanted}
        equal(check, "encoded models keep their metadata", what, rest, metadata)


def check_losses(check, kind, source, found):
    """What is said of the numbers that encoding changed, and that gguf decodes our blocks to what we do."""
    target, back = check.folder / "lossy.gguf", check.folder / "back.safetensors"
    document = report("convert", source, target, "--type", kind.lower(), "--quiet", "--force", "--allow-zero-loss")
    said = {tensor["name"]: tensor for tensor in document["tensors"]}
    blocks, _ = blocks_in(target, kind)
    decoded, sums = {}, np.zeros(3, np.int64)
    if attempt(check, f"{kind} decoded again", kind, target, back, "--type", "f32"):
        decoded = read(back)
    for name, tensor in found.items():
        before, after = single(tensor).astype(np.float64), blocks[name].decoded()
        check.expect(f"{kind} decoded again", name in decoded and alike(decoded[name], ("F32", after.view(np.uint32))), name)
        zeros, lost = int((before == 0).sum()), int(((before == 0) & (after != 0)).sum())
        one = said[name]
        check.expect("the zeros that are lost are counted", (one["zeros"], one["lost_zeros"]) == (zeros, lost),
                     f"{kind}: {name}: {one['zeros']} {one['lost_zeros']}, not {zeros} {lost}")
        # What has a twentieth of zeros counts as sparse.
        sums += [1, zeros, lost] if zeros >= before.size * 0.05 and lost else [0, 0, 0]
        error = float(np.sqrt(((after - before) ** 2).sum() / (before**2).sum()))
        check.expect("the error is that of the numbers", one["relative_error"] is not None and abs(one["relative_error"] - error)
                     <= 1e-6 * error + 1e-12, f"{kind}: {name}: {one['relative_error']}, not {error}")
        # A ternary code keeps the sign and little else; the scales of NVFP4 end at 448.
        check.expect("encoding keeps most of the numbers", error < (0.9 if kind in ("TQ1_0", "TQ2_0", "NVFP4") else 0.2), f"{kind}: {name}: {error}")
    check_warning(check, kind, source, target, sums)


def check_requantized(check):
    """Blocks made of other blocks' numbers; blocks of the type that is asked for stay."""
    metadata, tensors = random_metadata(check.random, 64), {}
    for name in DECODED:
        elements, size = sizes(name)
        many = Stored(name, (20000, elements), random_blocks(check.random, name, 20000, False))
        # Numbers whose scales are beyond half precision have no blocks, the reciprocal of the least scales is infinite.
        largest = np.abs(many.decoded()).max(axis=1)
        usual = (largest == 0) | (largest < 30000) & (largest > 1e-30)
        blocks = np.frombuffer(many.data, np.uint8).reshape(-1, size)[usual][: 5 * 1024 // elements * 2]
        tensors[f"{name}.weight"] = Stored(name, (len(blocks) * elements // 1024, 1024), blocks.tobytes())
    source, target = check.folder / "other.gguf", check.folder / "requantized.gguf"
    write_gguf(source, metadata, tensors)
    for kind in ENCODED:
        if not attempt(check, f"{kind} from other blocks", kind, source, target, "--type", kind.lower()):
            continue
        _, found = read_gguf(target)
        check.expect("blocks of other types keep their names", list(found) == list(tensors), kind)
        for name in found.keys() & tensors.keys():
            tensor = tensors[name]
            wanted = tensor if tensor.type == kind else encoded(kind, tensor.decoded())
            check.expect(f"{kind} from other blocks", found[name] == wanted, f"{name}: {places(found[name], wanted)}")


def check_refused(check):
    """Numbers that no block holds are refused, and nothing is left behind."""
    source, target = check.folder / "bad.safetensors", check.folder / "bad.gguf"
    for kind in [*ENCODED, *OURS_ALONE]:
        for value in (np.nan, np.inf, -np.inf):
            values = random_numbers(check.random, (7, 512))
            values[int(check.random.integers(7)), int(check.random.integers(512))] = value
            write(source, {"fine.weight": ("F32", np.ones((2, 256), np.float32).view(np.uint32)), "w.weight": ("F32", values.view(np.uint32))})
            done = subprocess.run([LACUNA, "convert", source, target, "--type", kind.lower(), "--quiet"], capture_output=True)
            check.expect("what is no number is refused", done.returncode == 65 and b"w.weight" in done.stderr and not target.exists(),
                         f"{kind} {value}: {done.returncode} {done.stderr.decode()}")
            target.unlink(missing_ok=True)


with Check("gguf-numbers") as check:
    for alignment in (8, 32, 256):
        metadata, tensors = random_metadata(check.random, alignment), random_tensors(check.random)
        path = check.folder / f"theirs-{alignment}.gguf"
        write_gguf(path, metadata, tensors)
        check_plain(check, path, metadata, tensors, f"alignment {alignment}")
    for number in range(2):
        check_blocks(check, number)
    for kind in [*ENCODED, *OURS_ALONE]:
        check_encoding(check, kind)
    check_requantized(check)
    check_refused(check)
    compared(check, *[f"{kind} decoded" for kind in [*DECODED, *PLAIN]], *[f"{kind} encoded" for kind in ENCODED],
             *[f"{kind} decoded again" for kind in [*ENCODED, *OURS_ALONE]], *[f"{kind} from other blocks" for kind in ENCODED],
             "encoded models say what they are", "encoded models keep their metadata", "the zeros that are lost are counted",
             "the error is that of the numbers", "what is not encoded stays", "what is no number is refused", "encoding in another way",
             "encoding into shards", "zeros that go are warned of", "nobody is warned of zeros that stay")
