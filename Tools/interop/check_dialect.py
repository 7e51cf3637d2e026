"""Sparse files, decoded and encoded by numpy after the dialect's rules alone."""

import numpy as np
from safetensors import safe_open

import dialect
from harness import FIXTURES, LANES, Check, bits_with_zeros, prune_groups, read, report, run, same, write

SHAPES = [(1,), (9,), (1, 1), (3, 1), (1, 3), (4, 8), (5, 63), (5, 64), (5, 65), (3, 256), (3, 257), (2, 3, 5),
          (3, 4, 3, 3), (2, 1, 1, 33), (17, 128)]
PATTERNS = [(1, 2), (2, 4), (4, 8), (8, 16), (1, 4), (2, 8), (3, 7), (1, 3), (2, 3), (5, 6), (1, 32), (31, 32), (4, 17)]


def logical(path):
    """A file's logical tensors, decoded by numpy; and its manifest's entries, None for a dense file."""
    stored = read(path)
    with safe_open(path, framework="np") as opened:
        metadata = opened.metadata() or {}
    if "lacuna.manifest" not in metadata:
        return stored, None
    entries = dialect.manifest(metadata)
    tensors = {entry["name"]: (entry["dtype"], dialect.decode(entry, lambda name: stored[name][1])) for entry in entries}
    return tensors, entries


def random_tensors(check, pattern=None, density=0.5):
    """Tensors of every dtype and shape, following a pattern if one is given."""
    tensors = {}
    for dtype in LANES:
        for shape in SHAPES:
            bits = bits_with_zeros(check.random, dtype, shape, density, negative_zeros=0.1)
            if pattern:
                bits = prune_groups(check.random, bits, *pattern)
            tensors[f"t{len(tensors)}.{dtype}"] = (dtype, bits)
    return tensors


def special_tensors():
    """Zeros of both signs, infinities and NaNs with payloads, quiet and signalling, at every place."""
    bf16 = [0x0000, 0x8000, 0x7F80, 0xFF80, 0x7FC0, 0xFFC1, 0x7F81, 0x7FFF, 0x0001, 0x8001, 0x0000, 0x0000]
    f32 = [0, 0x8000_0000, 0x7F80_0000, 0x7FC0_0001, 0xFFA5_5A5A, 0x7F80_0001, 1, 0, 0, 0, 0, 0xFFFF_FFFF]
    return {
        "bf16": ("BF16", np.stack([np.roll(np.array(bf16, np.uint16), n) for n in range(12)])),
        "f32": ("F32", np.stack([np.roll(np.array(f32, np.uint32), n) for n in range(12)])),
        "f64": ("F64", (np.array(f32, np.uint64) << np.uint64(32))[None, :].repeat(3, axis=0)),
        "c64": ("C64", np.array([[0, 0x8000_0000, 0x8000_0000_0000_0000, 1 << 32, 0, 0x7FC0_0000]], np.uint64)),
    }


def decode_ours(check, tensors, layout, what):
    """Our sparse file, decoded by numpy, has the bits that went in; its parts are those that numpy writes."""
    source, target = check.folder / "in.safetensors", check.folder / "sparse.safetensors"
    write(source, tensors)
    run("convert", source, target, "--layout", layout, "--force", "--quiet")
    found, entries = logical(target)
    for name, expected in tensors.items():
        check.expect("numpy decodes our parts to the same bits", name in found and same(found[name], expected), f"{what} {name}")
    if entries is None:
        return
    stored = read(target)
    check.expect("the manifest keeps the source's order", [e["name"] for e in entries] == source_order(source), what)
    for entry in entries:
        name = entry["name"]
        _, parts = dialect.encode(name, *tensors[name], entry["layout"])
        equal = all(part in stored and same(stored[part], parts[part]) for part in parts)
        check.expect("our parts are the ones that the rules prescribe", equal, f"{what} {name} {entry['layout']}")


def source_order(path):
    """The tensors of a file in the order of its header."""
    import json
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return [name for name in header if name != "__metadata__"]


def encode_theirs(check, tensors, layout_of, what):
    """A sparse file that numpy made is read by lacuna, and has the right bits as a dense one."""
    source, dense, target = (check.folder / f"{name}.safetensors" for name in ("numpy", "expected", "dense"))
    entries, parts = [], {}
    for name, (dtype, bits) in tensors.items():
        entry, found = dialect.encode(name, dtype, bits, layout_of(dtype, bits))
        entries.append(entry)
        parts |= found
    write(source, parts, dialect.metadata(entries))
    run("convert", source, target, "--layout", "dense", "--force", "--quiet")
    found = read(target)
    check.expect("a file of numpy's becomes dense with all its tensors", found.keys() == tensors.keys(), what)
    for name, expected in tensors.items():
        check.expect("lacuna decodes numpy's parts to the same bits", name in found and same(found[name], expected), f"{what} {name}")
    write(dense, tensors)
    check.expect("diff finds numpy's file equal to a dense one", report("diff", source, dense)["equal"], what)
    check.expect("verify finds numpy's file whole", report("verify", source)["whole"], what)


with Check("dialect") as check:
    for layout in ["bitmask", "csr", "auto"]:
        for density in [0, 0.02, 0.3, 0.9, 1]:
            decode_ours(check, random_tensors(check, density=density), layout, f"{layout} {density}")
    for pattern in PATTERNS:
        layout = f"nm:{pattern[0]}:{pattern[1]}"
        decode_ours(check, random_tensors(check, pattern, 0.7), layout, layout)
        decode_ours(check, random_tensors(check, pattern, 0.7), "auto", f"auto on {layout}")
    for layout in ["bitmask", "csr", "auto", "nm:31:32", "nm:11:12"]:
        decode_ours(check, special_tensors(), layout, f"special {layout}")
    for source in sorted((FIXTURES / "real").glob("*.safetensors")):
        for layout in ["bitmask", "csr", "auto", "nm:2:4"]:
            decode_ours(check, read(source), layout, f"{source.name} {layout}")

    for layout in ["dense", "bitmask", "csr"]:
        for density in [0, 0.02, 0.5, 1]:
            encode_theirs(check, random_tensors(check, density=density), lambda *_: layout, f"{layout} {density}")
        encode_theirs(check, special_tensors(), lambda *_: layout, f"special {layout}")
    for pattern in PATTERNS:
        layout = f"nm:{pattern[0]}:{pattern[1]}"
        encode_theirs(check, random_tensors(check, pattern, 0.7), lambda *_: layout, layout)
    mixed = random_tensors(check, (2, 4), 0.5)
    layouts = ["dense", "bitmask", "csr", "nm:2:4", "nm:4:8"]
    encode_theirs(check, mixed, lambda *_: str(check.random.choice(layouts)), "mixed")
