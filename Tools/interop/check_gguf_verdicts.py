"""What is taken and what is refused: forms that llama.cpp refuses and PyPI's gguf takes, broken and changed files."""

import subprocess

import numpy as np
from gguf import GGUFReader, GGUFWriter

from gguf_comparing import attempt, compared, equal, parsed, shown
from gguf_files import NUMPY, Stored, random_metadata, random_tensors, read_gguf, write_gguf
from harness import FIXTURES, LACUNA, Check, report

# Files whose headers are right by themselves: a shard without the others, and a shape whose product is beyond 64 bits.
RIGHT_HEADERS = ["g064_zero_then_huge.gguf", "g101_split_count.gguf"]


def check_lenient(check):
    """Arrays of arrays and long names, which PyPI's gguf writes and llama.cpp refuses."""
    path, target = check.folder / "odd.gguf", check.folder / "out.gguf"
    nested = {"a": [[1, 2], [3], [4, 5, 6]], "b": [[["x"], ["y", "z"]], [["ä", "€"]]], "c": [[[True]], [[False, True]]], "d": [[0.5], [-2.25]]}
    for name, arrays, mention in [("t", nested, b"array of arrays"), ("n" * 200, {}, b"200 bytes")]:
        writer = GGUFWriter(path, "odd")
        for key, value in arrays.items():
            writer.add_array(key, value)
        writer.add_tensor(name, np.arange(6, dtype=np.float32).reshape(2, 3))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        done = subprocess.run([LACUNA, "inspect", path], capture_output=True)
        check.expect("odd files are refused strictly", done.returncode == 65 and mention in done.stderr, done.stderr)
        model = report("inspect", "--metadata", "--lenient", path)["models"][0]
        check.expect("odd files are read leniently", [one["name"] for one in model["tensors"]] == [name] and model["warnings"] != [], model)
        found = {entry["key"]: entry["value"] for entry in model["metadata"]}
        check.expect("arrays of arrays are shown", {key: found.get(key) for key in arrays} == arrays, found)
        if attempt(check, "odd files go out unchanged", name, path, target, "--lenient"):
            check.expect("odd files go out unchanged", target.read_bytes() == path.read_bytes(), name)
        if arrays and attempt(check, "odd files are edited", name, path, target, "--lenient", "--set", "e:u8=1"):
            before, after = GGUFReader(path), GGUFReader(target)
            for key in arrays:
                check.expect("gguf finds arrays of arrays again", [part.tobytes() for part in before.fields[key].parts]
                             == [part.tobytes() for part in after.fields[key].parts], key)


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
        if name in RIGHT_HEADERS:
            check.expect("what no model can be made of is refused", name not in strict | lenient, name)
            continue
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


with Check("gguf-verdicts") as check:
    check_lenient(check)
    check_big_endian(check)
    check_hostile(check)
    check_mutations(check, 1000)
    compared(check, "odd files go out unchanged", "gguf finds arrays of arrays again", "big-endian files go out unchanged",
             "gguf reads what was big-endian", "broken files have the verdict of the list",
             "strictly, what llama.cpp loads is taken and nothing else", "gguf finds the same metadata in changed files",
             "gguf finds the same tensors in changed files")
