"""GGUF files against PyPI's gguf: theirs are read, ours are read there; numbers of blocks, splits, metadata, verdicts."""

import json
import math
import shutil
import struct
import subprocess

import numpy as np
from gguf import GGUFReader
from safetensors import safe_open

from gguf_files import (BLOCKS, DECODED, HOLD_ZERO, NUMPY, PLAIN, TEXTS, VALUES, Stored, of_bits, random_metadata, random_tensors,
                        random_value, read_gguf, sizes, write_gguf)
from gguf_forms import check_forms
from harness import FIXTURES, LACUNA, Check, bits_with_zeros, read, report, run, write
from small_floats import alike, lanes

PATTERNS = ["1:2", "2:4", "4:8", "8:16", "1:4", "2:8"]
MOST_ELEMENTS, MOST_BYTES = 8, 4096


def attempt(check, rule, what, *arguments):
    """Whether a conversion succeeds; a failure counts against a rule and ends nothing."""
    target = arguments[1]
    if target.is_dir():
        shutil.rmtree(target)
    try:
        run("convert", *arguments, "--quiet", "--force")
    except RuntimeError as error:
        return check.expect(rule, False, f"{what}: {error}")
    return True


def equal(check, rule, what, found, expected):
    """Whether two dictionaries have the same content in the same order."""
    differ = [name for name in expected if found.get(name) != expected[name]]
    check.expect(f"{rule}: names and order", list(found) == list(expected), f"{what}: {list(found)[:3]} {list(expected)[:3]}")
    for name in expected:
        check.expect(rule, name not in differ, f"{what}: {name!r}: {str(found.get(name))[:200]} is not {str(expected[name])[:200]}")


def bits(word, value):
    """A number of a JSON text as a model has it: floats by their bits."""
    if word not in ("f32", "f64"):
        return value
    if isinstance(value, str):
        return int(value, 16)
    return int.from_bytes(struct.pack("<f" if word == "f32" else "<d", value), "little")


def parsed(text):
    """A JSON text; -0 keeps its sign."""
    return json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))


# Theirs


def shown(entry, word, value):
    """Whether an entry of `inspect --metadata` shows a value."""
    def one(word, found, value):
        if word in ("f32", "f64"):
            number = of_bits(word, value)
            if math.isnan(number):
                return isinstance(found, str) and "nan" in found
            return found == str(number) if math.isinf(number) else not isinstance(found, str) and bits(word, found) == value
        return type(found) is type(value) and found == value
    if entry["type"] != word:
        return False
    if word.startswith("["):
        found = entry["value"]
        return entry["count"] == len(value) and entry["cut"] == (len(value) > MOST_ELEMENTS) and len(found) == min(
            len(value), MOST_ELEMENTS) and all(one(word[1:-1], left, right) for left, right in zip(found, value))
    if word == "str":
        data = value.encode()
        return entry["count"] == len(data) and entry["cut"] == (len(data) > MOST_BYTES) \
            and entry["value"] == data[:MOST_BYTES].decode(errors="replace")
    return one(word, entry["value"], value) and entry["count"] is None and not entry["cut"]


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


def check_numbers(check, path, metadata, tensors, what):
    """`--type` gives the numbers that gguf gives, in safetensors and in GGUF."""
    decoded = {}
    for name, tensor in tensors.items():
        if tensor.type in DECODED:
            decoded[name] = ("F32", tensor.decoded().view(np.uint32))
        elif tensor.type in PLAIN:
            decoded[name] = (tensor.type, tensor.lanes)
    for dtype, number in [("F32", 0), ("BF16", 32), ("F16", 1)]:
        for ending in (".safetensors", ".gguf"):
            target = check.folder / f"numbers{ending}"
            rule = f"--type {dtype.lower()} to {ending[1:]}"
            if not attempt(check, rule, what, path, target, "--type", dtype.lower()):
                continue
            if ending == ".gguf":
                after, stored = read_gguf(target)
                found = {name: (tensor.type, tensor.lanes) for name, tensor in stored.items()}
                equal(check, f"{rule}: metadata", what, after, metadata | {"general.file_type": ("u32", number)})
            else:
                found = read(target)
            check.expect(f"{rule} keeps all tensors", found.keys() == tensors.keys(), what)
            for name, tensor in decoded.items():
                expected = tensor
                if tensor[0] in ("F32", "F16", "BF16", "F64") and tensor[0] != dtype:
                    expected = cast(tensor, dtype)
                check.expect(f"{rule} gives their numbers", name in found and alike(found[name], expected),
                             f"{what}: {name}: {tensors[name].type} {tensors[name].shape}")


def cast(tensor, dtype):
    """A float tensor in another type, rounded once."""
    kind, values = tensor
    with np.errstate(all="ignore"):
        if kind == "F64" and dtype == "BF16":
            return dtype, bf16_of_doubles(values.view(np.float64))
        wide = (values.astype(np.uint32) << 16).view(np.float32) if kind == "BF16" else values.view(f"f{values.itemsize}")
        return dtype, lanes(dtype, wide).reshape(values.shape)


def bf16_of_doubles(values):
    """Doubles as BF16 lanes: to odd in F32 first, so that they are rounded once."""
    near = values.astype(np.float32)
    over = np.abs(near.astype(np.float64)) > np.abs(values)
    exact = near.astype(np.float64) == values
    toward = near.view(np.uint32) - over.astype(np.uint32)
    odd = np.where(exact | np.isnan(values) | np.isinf(values), near.view(np.uint32), toward | 1).astype(np.uint32)
    return lanes("BF16", odd.view(np.float32))


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
    options, expected = [], dict(metadata)
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
        options += [f"--set=new.{word}.größe:{word}={text}"]
        expected[f"new.{word}.größe"] = (word, value)
    changed = [key for key in keys if expected[key] == metadata[key] and not expected[key][0].startswith("[")][:1]
    for key in changed:
        options += [f"--set={key}:u16=77"]
        expected[key] = ("u16", 77)
    for key in [key for key in keys if key in metadata and key not in changed][::5]:
        if expected[key] == metadata[key]:
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
    theirs = check.folder / "theirs"
    theirs.mkdir(exist_ok=True)
    write_gguf(theirs / "model.gguf", metadata, tensors, tensors_in_shard=len(tensors) // 4)
    first = shards_in(theirs)[0]
    check.expect("their shards are several", len(shards_in(theirs)) > 3, what)
    if attempt(check, "their shards are merged", what, first, merged):
        check.expect("their shards merge to their whole file", merged.read_bytes() == path.read_bytes(), what)
    document = report("inspect", "--digest", first)["models"][0]
    check.expect("their shards are one model", {one["name"]: one["digest"] for one in document["tensors"]}
                 == {name: tensor.digest for name, tensor in tensors.items()}, what)
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


def check_big_endian(check):
    """Their big-endian files of plain types, read leniently, and as little-endian ones after."""
    metadata = random_metadata(check.random, 32)
    tensors = {name: tensor for name, tensor in random_tensors(check.random).items() if tensor.type in NUMPY}
    path, target = check.folder / "big.gguf", check.folder / "little.gguf"
    write_gguf(path, metadata, tensors, big_endian=True)
    done = subprocess.run([LACUNA, "inspect", path], capture_output=True)
    check.expect("big-endian files are refused strictly", done.returncode == 65 and b"big-endian" in done.stderr, done.stderr)
    document = report("inspect", "--digest", "--lenient", path)["models"][0]
    check.expect("big-endian files have the same digests", {one["name"]: one["digest"] for one in document["tensors"]}
                 == {name: tensor.digest for name, tensor in tensors.items()})
    if attempt(check, "big-endian files go out unchanged", "big", path, target, "--lenient"):
        check.expect("big-endian files go out unchanged", target.read_bytes() == path.read_bytes())
    if attempt(check, "big-endian files become little-endian ones", "big", path, target, "--lenient", "--layout", "dense"):
        after, found = read_gguf(target)
        check.expect("big-endian files become little-endian ones", target.read_bytes()[4:8] == b"\3\0\0\0")
        equal(check, "gguf reads what was big-endian", "metadata", after, metadata)
        equal(check, "gguf reads what was big-endian", "tensors", found, tensors)


# Ours


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


# Verdicts


def takes(paths, *options):
    """Which files lacuna takes, and what it says to all."""
    taken, said = set(), {}
    for start in range(0, len(paths), 100):
        batch = [str(path) for path in paths[start : start + 100]]
        done = subprocess.run([LACUNA, "inspect", "--headers-only", "--json", "--metadata", *options, *batch], capture_output=True)
        if done.returncode not in (0, 65):
            raise RuntimeError(f"exit {done.returncode}: {done.stderr.decode()[-500:]}")
        if done.stdout:
            for model in parsed(done.stdout)["models"]:
                taken.add(model["path"].rpartition("/")[2])
                said[model["path"].rpartition("/")[2]] = model
    return taken, said


def check_hostile(check):
    """The verdicts of llama.cpp on broken files, as Fixtures/hostile/gguf lists them."""
    folder = FIXTURES / "hostile" / "gguf"
    rows = [line.split("\t") for line in (folder / "EXPECTED.tsv").read_text().splitlines() if not line.startswith("#")]
    paths = [folder / row[0] for row in rows]
    strict, _ = takes(paths)
    lenient, _ = takes(paths, "--lenient")
    for name, rule, reference, _, leniently, *_ in rows:
        check.expect("broken files have the verdict of the list", (name in strict) == (rule == "accept"), f"{name}: {rule}")
        check.expect("broken files have the verdict of the list, leniently", (name in lenient) == (leniently == "accept"), name)
        # What llama.cpp takes with a key that is no UTF-8 is the one exception.
        check.expect("strictly, what llama.cpp loads is taken and nothing else",
                     (name in strict) == (reference == "accept") or name == "g024_key_bad_utf8.gguf", f"{name}: {reference}")


def check_mutations(check, count):
    """Files changed at random: what we take strictly, gguf takes too, and finds the same in it."""
    metadata = {"general.architecture": ("str", "llama"), "general.alignment": ("u32", 32), "a": ("[str]", ["b", ""]),
                "n": ("u64", 3), "f": ("f32", 0x3F800000), "l": ("[i16]", [1, -2])}
    tensors = {name: Stored(kind, shape, check.random.bytes(size)) for name, kind, shape, size in [
        ("t.weight", "F32", (2, 4), 32), ("q", "Q8_0", (2, 32), 68), ("e", "I8", (3,), 3)]}
    source = check.folder / "seed.gguf"
    write_gguf(source, metadata, tensors)
    whole = source.read_bytes()
    size = int(GGUFReader(source).data_offset)
    folder = check.folder / "mutations"
    folder.mkdir()
    random, paths = check.random, []
    for number in range(count):
        data = bytearray(whole)
        for _ in range(int(random.integers(1, 4))):
            place = int(random.integers(4, size))
            kind = random.integers(4)
            if kind == 0:
                data[place] = int(random.integers(256))
            elif kind == 1:
                data[place] = (data[place] + int(random.choice([1, 255]))) % 256
            elif kind == 2:
                data[place : place + 8] = int(random.choice([0, 1, 2, 32, 1 << 31])).to_bytes(8, "little")
            else:
                del data[place : place + int(random.choice([1, 4, 8, 32]))]
        paths.append(folder / f"m{number}.gguf")
        paths[-1].write_bytes(data)
    taken, said = takes(paths)
    for path in paths:
        if path.name not in taken:
            continue
        if any(one["quantization"] and one["quantization"]["scheme"] in ("Q8_1", "Q2_0") for one in said[path.name]["tensors"]):
            continue  # Types that gguf has a wrong size for, or none.
        try:
            found, parts = read_gguf(path)
        except Exception as error:  # Whatever it is, it does not take the file.
            check.expect("gguf takes the changed files that are taken here", False, f"{path.name}: {type(error).__name__}: {error}")
            continue
        entries = said[path.name]["metadata"]
        same = [entry["key"] for entry in entries] == list(found) and all(shown(entry, *found[entry["key"]]) for entry in entries)
        check.expect("gguf finds the same metadata in changed files", same, path.name)
        names = {one["name"]: tuple((one["quantization"] or {}).get("logical_shape", one["shape"])) for one in said[path.name]["tensors"]}
        check.expect("gguf finds the same tensors in changed files", names == {name: part.shape for name, part in parts.items()}, path.name)


with Check("gguf") as check:
    for alignment in (8, 32, 64, 256):
        metadata, tensors = random_metadata(check.random, alignment), random_tensors(check.random)
        path, what = check.folder / f"theirs-{alignment}.gguf", f"alignment {alignment}"
        write_gguf(path, metadata, tensors)
        after, found = read_gguf(path)
        equal(check, "gguf reads what it wrote", what, after | found, metadata | tensors)
        check_inspect(check, path, metadata, tensors, what)
        check_safetensors(check, path, metadata, tensors, what)
        check_numbers(check, path, metadata, tensors, what)
        check_same(check, path, what)
        check_edits(check, path, metadata, tensors, what)
        check_split(check, path, metadata, tensors, what)
        check_selection(check, path, metadata, tensors, what)
    check_big_endian(check)
    for number in range(3):
        check_written(check, number)
    check_hostile(check)
    check_mutations(check, 300)
    check_forms(check, attempt, equal)
