"""GGUF files that lacuna writes of safetensors, read by PyPI's gguf, and back."""

import json
import subprocess

import numpy as np
from gguf import GGUFReader
from safetensors import safe_open

from gguf_comparing import attempt, cast, compared, equal
from gguf_files import PLAIN, TEXTS, Stored, read_gguf
from harness import LACUNA, LANES, Check, bits_with_zeros, read, write
from small_floats import alike


def check_written(check, number):
    """Safetensors files of every type that GGUF has, read by gguf, and back."""
    source, target, back = (check.folder / name for name in ("in.safetensors", "ours.gguf", "back.safetensors"))
    shapes = [(), (1,), (9,), (3, 5), (64, 32), (2, 3, 4), (2, 1, 3, 5), (0, 4), (4, 1)]
    tensors = {}
    for dtype in PLAIN:
        for shape in shapes:
            if dtype == "BF16" and not shape:
                continue  # gguf 0.19.0 fails on a scalar of a type that numpy lacks.
            name = f"{len(tensors)}.{dtype}.{TEXTS[number % len(TEXTS)]}{'' if shape else '.scalar'}"
            tensors[name] = (dtype, bits_with_zeros(check.random, dtype, shape, 0.7, 0.1))
    own = {"format": "pt", **{f"key {place} {text}": text for place, text in enumerate(TEXTS)}} if number else None
    write(source, tensors, own)
    data = source.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    if not attempt(check, "safetensors become GGUF", number, source, target):
        return
    check_dims(check, target, tensors)
    metadata, found = read_gguf(target)
    expected = {name: Stored(tensors[name][0], tensors[name][1].shape, tensors[name][1].tobytes())
                for name in header if name != "__metadata__"}
    equal(check, "gguf reads our tensors", number, found, expected)
    check.expect("the architecture is no engine's", metadata.get("general.architecture") == ("str", "lacuna"), metadata)
    carried = {key: value for key, word, value in json.loads(metadata.get("lacuna.metadata", ("str", "[]"))[1]) if word == "str"}
    check.expect("gguf reads what safetensors said", carried == (own or {}), carried)
    check.expect("nothing else is said", metadata.keys() == {"general.architecture"} | ({"lacuna.metadata"} if own else set()), metadata)
    if attempt(check, "GGUF becomes safetensors again", number, target, back):
        again = read(back)
        check.expect("back in safetensors are all tensors", again.keys() == tensors.keys(), number)
        for name in again.keys() & tensors.keys():
            check.expect("back in safetensors is every bit", again[name][0] == tensors[name][0]
                         and again[name][1].tobytes() == tensors[name][1].tobytes() and again[name][1].shape == tensors[name][1].shape, name)
        with safe_open(back, framework="np") as opened:
            said = {key: value for key, value in (opened.metadata() or {}).items() if not key.startswith("lacuna.")}
            check.expect("back in safetensors is what it said", said == (own or {}), said)
    for dtype in ("F32", "F16", "BF16"):
        without = ("--exclude", "*.scalar") if dtype == "BF16" else ()
        if attempt(check, f"safetensors become GGUF of {dtype}", number, source, target, "--type", dtype.lower(), *without):
            _, found = read_gguf(target)
            for name, (kind, values) in tensors.items():
                if without and not values.shape:
                    continue
                wanted = cast((kind, values), dtype) if kind in ("F32", "F16", "BF16", "F64") and kind != dtype else (kind, values)
                one = found.get(name)
                check.expect(f"--type {dtype.lower()} from safetensors", one is not None and alike((one.type, one.lanes), wanted), name)


def check_dims(check, path, tensors):
    """Extents are stored with the innermost first, and element by element numpy finds the same array."""
    for tensor in GGUFReader(path).tensors:
        dtype, values = tensors[tensor.name]
        check.expect("dims are reversed", [int(extent) for extent in tensor.shape] == list(values.shape)[::-1], tensor.name)
        # Of BF16 gguf gives the bytes of rows; of a tensor without dimensions one element.
        stored = tensor.data.view(values.dtype) if values.size else tensor.data
        check.expect("gguf finds the same elements", np.array_equal(stored.reshape(values.shape), values), f"{tensor.name}: {dtype}")


def check_aligned(check):
    """Data of safetensors at any alignment that is asked for."""
    source, target = check.folder / "in.safetensors", check.folder / "aligned.gguf"
    shapes = [(3, 5), (7,), (2, 3, 4), (1, 1), (64, 33)]
    tensors = {f"{dtype}.{place}": (dtype, bits_with_zeros(check.random, dtype, shape, 0.7))
               for dtype in PLAIN for place, shape in enumerate(shapes)}
    write(source, tensors)
    for alignment in (1, 8, 16, 32, 64, 4096):
        if not attempt(check, "an alignment can be set", alignment, source, target, f"--set=general.alignment:u32={alignment}"):
            continue
        reader = GGUFReader(target)
        check.expect("gguf reads the alignment", reader.alignment == alignment, alignment)
        check.expect("the data start at the alignment", reader.data_offset % alignment == 0, alignment)
        for tensor in reader.tensors:
            check.expect("each tensor starts at the alignment", tensor.data_offset % alignment == 0, f"{alignment}: {tensor.name}")
        size = sum(-(-len(tensor.data.tobytes()) // alignment) * alignment for tensor in reader.tensors)
        check.expect("tensors lie one behind the other, padded", target.stat().st_size == reader.data_offset + size, alignment)
        check_dims(check, target, tensors)


def check_beyond(check):
    """More axes and longer names than GGUF has: the file is ours by its architecture, gguf lists it, and nothing is lost."""
    source, target = check.folder / "in.safetensors", check.folder / "beyond.gguf"
    for name, shape in [("t", (1, 2, 1, 2, 2)), ("t" * 64, (2, 2))]:
        write(source, {name: ("F32", np.arange(np.prod(shape), dtype=np.uint32).reshape(shape))})
        target.unlink(missing_ok=True)
        done = subprocess.run([LACUNA, "convert", source, target, "--quiet"], capture_output=True)
        check.expect("axes and names beyond GGUF are written", done.returncode == 0, done.stderr.decode())
        fields = GGUFReader(target).fields
        architecture = bytes(fields["general.architecture"].parts[-1]).decode()
        check.expect("a file that engines cannot run says so", architecture == "lacuna", architecture)
        back = subprocess.run([LACUNA, "diff", source, target], capture_output=True)
        check.expect("axes and names beyond GGUF come back", back.returncode == 0, back.stdout.decode())
        target.unlink(missing_ok=True)


def check_impossible(check):
    """What GGUF has no form for is refused, and nothing is left behind."""
    source, target = check.folder / "in.safetensors", check.folder / "impossible.gguf"
    cases = [({"t": (dtype, bits_with_zeros(check.random, dtype, (3, 32), 0.7))}, dtype) for dtype in LANES if dtype not in PLAIN]
    for tensors, mention in cases:
        write(source, tensors)
        done = subprocess.run([LACUNA, "convert", source, target, "--quiet"], capture_output=True)
        check.expect("what GGUF has no form for is refused", done.returncode in (65, 73) and mention.encode() in done.stderr
                     and not target.exists(), f"{mention}: {done.returncode} {done.stderr.decode()}")
        target.unlink(missing_ok=True)


with Check("gguf-written") as check:
    for number in range(3):
        check_written(check, number)
    check_aligned(check)
    check_beyond(check)
    check_impossible(check)
    compared(check, "gguf reads our tensors", "dims are reversed", "gguf finds the same elements", "gguf reads what safetensors said",
             "back in safetensors is every bit", "--type f32 from safetensors", "--type f16 from safetensors", "--type bf16 from safetensors",
             "each tensor starts at the alignment", "tensors lie one behind the other, padded", "what GGUF has no form for is refused")
