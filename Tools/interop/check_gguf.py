"""GGUF files that PyPI's gguf writes: what is said of them, what they become, what is edited in them."""

import json
import math

import numpy as np
from safetensors import safe_open

from gguf_comparing import attempt, bits, compared, equal, parsed, shown
from gguf_files import (BLOCKS, DECODED, HOLD_ZERO, PLAIN, VALUES, of_bits, random_metadata, random_tensors, random_value, read_gguf,
                        write_gguf)
from harness import Check, read, run

PATTERNS = ["1:2", "2:4", "4:8", "8:16", "1:4", "2:8"]


def check_inspect(check, path, metadata, tensors, what):
    """What inspect says of a file of theirs."""
    document = parsed(run("inspect", "--json", "--metadata", "--digest", path))["models"][0]
    entries = document["metadata"]
    check.expect("inspect lists their keys in order", [entry["key"] for entry in entries] == list(metadata), what)
    for entry in entries:
        word, value = metadata.get(entry["key"], ("", None))
        check.expect("inspect shows their values", shown(entry, word, value), f"{what}: {str(entry)[:300]}: {word} {str(value)[:200]}")
    found = {tensor["name"]: tensor for tensor in document["tensors"]}
    check.expect("inspect lists their tensors", found.keys() == tensors.keys(), what)
    for name in found.keys() & tensors.keys():
        one, tensor = found[name], tensors[name]
        quantization = one["quantization"] or {}
        kind = quantization.get("scheme", one["dtype"])
        shape = quantization.get("logical_shape", one["shape"])
        check.expect("inspect gives their types, shapes and bytes", (kind, tuple(shape), one["bytes"])
                     == (tensor.type, tensor.shape, len(tensor.data)), f"{what}: {name}: {kind} {shape} {one['bytes']}")
        check.expect("digests are those of the rule", one["digest"] == tensor.digest, f"{what}: {name}: {tensor.type} {tensor.shape}")
        if tensor.type in DECODED and not name.rstrip("x").endswith("wild"):
            check_zeros(check, one, tensor, f"{what}: {name}")


def check_zeros(check, found, tensor, what):
    """Zeros and patterns, counted on codes, are those of the numbers that gguf decodes."""
    if tensor.type not in HOLD_ZERO:
        check.expect("zeros are not counted where a type has none", found["zeros"] is None, what)
        return
    numbers = tensor.decoded()
    zeros = int((numbers == 0).sum())
    check.expect("zeros on codes are those of the numbers", (found["zeros"], found["nnz"]) == (zeros, numbers.size - zeros),
                 f"{what}: {found['zeros']} and {found['nnz']}, not {zeros} of {numbers.size}")
    if numbers.ndim not in (2, 3):
        return  # Of others the last axis is not the one that patterns run along.
    for pattern in PATTERNS:
        kept, group = map(int, pattern.split(":"))
        groups = (numbers.reshape(-1, group) != 0).sum(axis=1)
        counted = found["patterns"][pattern] if found["patterns"] else {}
        check.expect("patterns on codes are those of the numbers", (counted.get("groups"), counted.get("violations"))
                     == (len(groups), int((groups > kept).sum())), f"{what}: {pattern}: {counted}")


def check_safetensors(check, path, metadata, tensors, what):
    """Through safetensors: each value there, and the same file again."""
    target, back = check.folder / "blocks.safetensors", check.folder / "back.gguf"
    if not attempt(check, "their files become safetensors", what, path, target):
        return
    with safe_open(target, framework="np") as opened:
        text = opened.metadata()
    carried = {key: (word, [bits(word[1:-1], element) for element in value] if word.startswith("[") else bits(word, value))
               for key, word, value in parsed(text["lacuna.metadata"])}
    equal(check, "safetensors carry their metadata", what, carried, metadata)
    entries = {entry["name"]: entry for entry in json.loads(text["lacuna.manifest"])["tensors"]}
    check.expect("the manifest keeps their order", list(entries) == list(tensors), what)
    found = read(target)
    check.expect("safetensors hold their tensors", found.keys() == tensors.keys(), what)
    for name in found.keys() & tensors.keys():
        tensor, (dtype, values) = tensors[name], found[name]
        holds = values.tobytes() == tensor.data and values.shape == tensor.lanes.shape
        if tensor.type in BLOCKS:
            quantization = entries[name].get("quantization", {})
            holds = holds and dtype == "U8" and quantization.get("ggml_type") == tensor.type \
                and tuple(quantization.get("logical_shape")) == tensor.shape
        else:
            holds = holds and dtype == tensor.type
        check.expect("safetensors hold their bits", holds, f"{what}: {name}: {dtype} {values.shape}")
    if attempt(check, "safetensors become GGUF again", what, target, back):
        check.expect("through safetensors and back it is their file", back.read_bytes() == path.read_bytes(), what)


def check_same(check, path, what):
    """What is not changed is the same bytes: copied, or set to what it was, or set and unset again."""
    target, second = check.folder / "same.gguf", check.folder / "same-again.gguf"
    for options in [(), ("--layout", "dense"), ("--set", "general.file_type=7"), ("--threads", 1, "--memory", "1M")]:
        if attempt(check, "their files go out unchanged", f"{what} {options}", path, target, *options):
            check.expect("their files go out unchanged", target.read_bytes() == path.read_bytes(), f"{what} {options}")
    if attempt(check, "a key set and unset", what, path, target, "--set", "added.key:i16=-5") \
            and attempt(check, "a key set and unset", what, target, second, "--unset", "added.key"):
        check.expect("a key set and unset leaves their file", second.read_bytes() == path.read_bytes() != target.read_bytes(), what)


def check_edits(check, path, metadata, tensors, what):
    """`--set` and `--unset`, read by gguf; the other keys and all tensors stay."""
    options, expected, edited = [], dict(metadata), set()
    keys = [key for key in metadata if "=" not in key and "\0" not in key and not key.startswith("general.")]
    for word in VALUES:
        value = random_value(check.random, word)
        while word == "str" and "\0" in value or word[0] == "f" and math.isnan(of_bits(word, value)):
            value = random_value(check.random, word)
        text = str(value).lower() if word == "bool" else value if word == "str" else str(value)
        if word[0] == "f":
            text = repr(of_bits(word, value)) if word == "f64" else str(np.uint32(value).view(np.float32))
        old = [key for key in keys if expected.get(key, ("",))[0] == word]
        if old:
            options += [f"--set={old[0]}={text}"]
            expected[old[0]] = (word, value)
            edited.add(old[0])
        options += [f"--set=new.{word}.größe:{word}={text}"]
        expected[f"new.{word}.größe"] = (word, value)
    changed = [key for key in keys if key not in edited and not expected[key][0].startswith("[")][:1]
    for key in changed:
        options += [f"--set={key}:u16=77"]
        expected[key] = ("u16", 77)
    for key in [key for key in keys if key not in edited and key not in changed][::4]:
        options += [f"--unset={key}"]
        del expected[key]
    for alignment in (None, 8, 128):
        target = check.folder / "edited.gguf"
        more = [] if alignment is None else [f"--set=general.alignment:u32={alignment}"]
        if alignment is not None:
            expected["general.alignment"] = ("u32", alignment)
        if attempt(check, "metadata can be edited", what, path, target, *options, *more):
            after, found = read_gguf(target)
            equal(check, "gguf reads edited metadata", f"{what} {alignment}", after, expected)
            equal(check, "gguf reads the tensors beside edited metadata", f"{what} {alignment}", found, tensors)


def check_selection(check, path, metadata, tensors, what):
    """Tensors that are left out."""
    target = check.folder / "selected.gguf"
    if attempt(check, "tensors can be left out", what, path, target, "--tensors", "*.F32.*", "--tensors", "*.Q?_?.*"):
        after, found = read_gguf(target)
        # A glob's ? is one character.
        wanted = {name: tensor for name, tensor in tensors.items()
                  if tensor.type == "F32" or tensor.type in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q1_0") or
                  (len(tensor.type) == 4 and tensor.type[0] == "Q" and tensor.type.endswith("_K"))}
        equal(check, "gguf reads the tensors that were selected", what, found, wanted)
        equal(check, "metadata stay with selected tensors", what, after, metadata)


with Check("gguf") as check:
    for alignment in (8, 32, 64, 256):
        metadata, tensors = random_metadata(check.random, alignment), random_tensors(check.random)
        path, what = check.folder / f"theirs-{alignment}.gguf", f"alignment {alignment}"
        write_gguf(path, metadata, tensors)
        after, found = read_gguf(path)
        equal(check, "gguf reads what it wrote", what, after | found, metadata | tensors)
        check_inspect(check, path, metadata, tensors, what)
        check_safetensors(check, path, metadata, tensors, what)
        check_same(check, path, what)
        check_edits(check, path, metadata, tensors, what)
        check_selection(check, path, metadata, tensors, what)
    compared(check, "gguf reads what it wrote", "inspect shows their values", "inspect gives their types, shapes and bytes",
             "digests are those of the rule", "zeros on codes are those of the numbers", "patterns on codes are those of the numbers",
             "zeros are not counted where a type has none", "safetensors carry their metadata", "safetensors hold their bits",
             "through safetensors and back it is their file", "their files go out unchanged", "a key set and unset leaves their file",
             "gguf reads edited metadata", "gguf reads the tensors beside edited metadata", "gguf reads the tensors that were selected")
