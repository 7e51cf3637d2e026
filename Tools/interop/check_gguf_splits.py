"""Splits: ours are read by PyPI's gguf shard by shard, theirs here; both merge to the whole file."""

import shutil

from gguf_comparing import attempt, compared, equal
from gguf_files import random_metadata, random_tensors, read_gguf, write_gguf
from harness import Check, report


def shards_in(folder):
    """The shards of a folder, in order."""
    return sorted(folder.glob("*.gguf"))


def check_split(check, path, metadata, tensors, what):
    """Our shards, read by gguf one by one, and merged to their file again; their shards, merged to theirs."""
    data = sum(len(tensor.data) for tensor in tensors.values())
    ours, merged = check.folder / "ours", check.folder / "merged.gguf"
    for size in (data // 2, data // 9, 1):
        if attempt(check, "--shard-size makes a split", what, path, ours, "--shard-size", size):
            check_shards(check, shards_in(ours), metadata, tensors, f"{what} in shards of {size}")
            if attempt(check, "shards are merged", what, shards_in(ours)[0], merged):
                check.expect("split and merged it is their file", merged.read_bytes() == path.read_bytes(), f"{what} {size}")
    if metadata.get("general.alignment", ("u32", 32))[1] != 32:
        # Their writer aligns all shards so and says it in the first only: the others cannot be read.
        return
    for split in ({"split_max_tensors": len(tensors) // 4}, {"split_max_size": data // 5},
                  {"split_max_size": data // 3, "small_first_shard": True}):
        check_theirs(check, path, metadata, tensors, split, f"{what} {split}")


def check_theirs(check, path, metadata, tensors, split, what):
    """Shards that their writer made."""
    theirs, merged = check.folder / "theirs", check.folder / "merged.gguf"
    theirs.mkdir()
    write_gguf(theirs / "model.gguf", metadata, tensors, **split)
    first = shards_in(theirs)[0]
    _, found = read_gguf(first)
    check.expect("their shards are several", len(shards_in(theirs)) > 3 and bool(found) != split.get("small_first_shard", False), what)
    if attempt(check, "their shards are merged", what, first, merged):
        check.expect("their shards merge to their whole file", merged.read_bytes() == path.read_bytes(), what)
    document = report("inspect", "--digest", first)["models"][0]
    check.expect("their shards are one model", {one["name"]: one["digest"] for one in document["tensors"]}
                 == {name: tensor.digest for name, tensor in tensors.items()}, what)
    other = check.folder / "theirs.safetensors"
    rule = "through safetensors their shards become their whole file"
    if attempt(check, rule, what, first, other) and attempt(check, rule, what, other, merged):
        check.expect(rule, merged.read_bytes() == path.read_bytes(), what)
    shutil.rmtree(theirs)


def check_shards(check, paths, metadata, tensors, what):
    """Shards that gguf reads: numbers, counts, metadata in the first, every tensor once and in order."""
    joined = {}
    for number, path in enumerate(paths):
        after, found = read_gguf(path)
        rest = {"split.no": ("u16", number), "split.count": ("u16", len(paths)), "split.tensors.count": ("i32", len(tensors))}
        own = {key: value for key, value in after.items() if key not in rest}
        check.expect("a shard says which it is", {key: after.get(key) for key in rest} == rest, f"{what}: {path.name}")
        check.expect("a shard's name says which it is", path.name.endswith(f"-{number + 1:05}-of-{len(paths):05}.gguf"), path.name)
        check.expect("metadata are in the first shard alone", own == (metadata if number == 0 else {}), f"{what}: {path.name}")
        check.expect("no tensor is in two shards", not joined.keys() & found.keys(), f"{what}: {path.name}")
        joined |= found
    equal(check, "gguf reads our shards", what, joined, tensors)


with Check("gguf-splits") as check:
    for alignment in (32, 8, 64, 256):
        metadata, tensors = random_metadata(check.random, alignment), random_tensors(check.random)
        path, what = check.folder / f"whole-{alignment}.gguf", f"alignment {alignment}"
        write_gguf(path, metadata, tensors)
        check_split(check, path, metadata, tensors, what)
    compared(check, "a shard says which it is", "a shard's name says which it is", "metadata are in the first shard alone",
             "no tensor is in two shards", "gguf reads our shards", "split and merged it is their file",
             "their shards merge to their whole file", "their shards are one model", "through safetensors their shards become their whole file")
