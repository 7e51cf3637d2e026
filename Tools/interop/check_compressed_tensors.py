"""Folders of the library compressed-tensors: what is restored, what `--type` makes of them, what is written.

The reference files come from the library itself, the others from compressed_tensors_writer.py. What they hold, and
what Lacuna made of them, compressed_tensors_reader.py decodes.
"""

import json
import shutil

import numpy as np

from compressed_tensors_reader import read_checkpoint, settings_of
from compressed_tensors_writer import SIDE, bitmask_parts, dense_folder, makers, random_dense, two_of_four_parts
from harness import FIXTURES, Check, read, run, same
from small_floats import alike, converted, numbers

REFERENCE = FIXTURES / "compressed-tensors"
# The formats that the library reads today, and the release whose reading is meant.
TODAY = {"dense", "int-quantized", "float-quantized", "naive-quantized", "pack-quantized", "nvfp4-pack-quantized",
         "mxfp4-pack-quantized", "mxfp6-pack-quantized", "mxfp8-quantized", "mixed-precision"}
RELEASE = "0.20.0"
FLOATS = {"BF16", "F16", "F32", "F64"}


def reference_folders():
    """Those of the reference folders that hold a checkpoint."""
    return [folder for folder in sorted(REFERENCE.iterdir()) if (folder / "config.json").exists()]


def converts(check, rule, what, *arguments):
    """Whether lacuna converts; a failure counts against a rule and ends nothing."""
    # Weights of an earlier case beside those of this one would be refused, with reason.
    shutil.rmtree(arguments[1], ignore_errors=True)
    try:
        run("convert", *arguments, "--quiet")
    except RuntimeError as error:
        return check.expect(rule, False, f"{what}: {error}")
    return True


def same_tensors(left, right, compare=same):
    """The names of tensors that differ or that only one side has."""
    return sorted(name for name in left.keys() | right.keys()
                  if name not in left or name not in right or not compare(left[name], right[name]))


def same_layers(left, right):
    """The modules whose codes, zero points or values differ."""
    def equal(one, two):
        zeros = (one.zero is None) == (two.zero is None) and (one.zero is None or np.array_equal(one.zero, two.zero))
        return zeros and np.array_equal(one.codes, two.codes, equal_nan=one.codes.dtype.kind == "f") \
            and alike(one.weight, two.weight)
    return sorted(name for name in left.keys() | right.keys()
                  if name not in left or name not in right or not equal(left[name], right[name]))


def check_reader(check):
    """The reader that decides here reads the reference files as the library did."""
    for folder in reference_folders():
        found, decoded = read_checkpoint(folder), read(folder / "decompressed.safetensors")
        for name, tensor in decoded.items():
            module = name.rpartition(".")[0]
            if name.endswith(".weight_int"):
                holds = np.array_equal(found.layers[module].codes, numbers(*tensor))
            elif name in found.plain:
                holds = same(found.plain[name], tensor)
            elif name.endswith(".weight"):
                holds = alike(found.layers[module].weight, tensor)
            else:
                continue  # Scales and the like, which the library keeps beside the weights.
            check.expect("the reader here agrees with the library", holds, f"{folder.name}: {name}")


def uses_index(config):
    """Whether any group orders its columns, which today's library refuses to read."""
    groups = settings_of(config).get("config_groups") or {}
    return any((group["weights"] or {}).get("actorder") == "group" for group in groups.values())


def check_restored(check, source, what):
    """`--layout dense` keeps every value and makes what today's library reads."""
    target = check.folder / "restored"
    rule = "--layout dense restores a folder"
    if not converts(check, rule, what, source, target, "--to", "safetensors", "--layout", "dense"):
        return
    check.expect(rule, True)
    config = json.loads((source / "config.json").read_text())
    after = json.loads((target / "config.json").read_text())
    expected = read_checkpoint(source)
    try:
        found = read_checkpoint(target, None if uses_index(config) else RELEASE)
    except (KeyError, AssertionError, ValueError, IndexError) as error:
        check.expect("what is restored can be read today", False, f"{what}: {type(error).__name__}: {error}")
        return
    check.expect("nothing stays sparse", not found.sparse, what)
    differ = same_tensors(expected.plain, found.plain)
    check.expect("restored tensors are the same bits", not differ, f"{what}: {differ[:3]}")
    differ = same_layers(expected.layers, found.layers)
    check.expect("restored codes, zero points and values are the same", not differ, f"{what}: {differ[:3]}")
    differ = same_tensors(expected.side, found.side)
    check.expect("scales of activations are the same bits", not differ, f"{what}: {differ[:3]}")
    check_config(check, config, after, bool(expected.layers), what)
    for name in SIDE:
        if (source / name).exists():
            check.expect("other files come along byte for byte",
                         (target / name).read_bytes() == (source / name).read_bytes(), f"{what}: {name}")


def check_config(check, before, after, quantized, what):
    """config.json says what the folder now holds, and nothing else of it changed."""
    ours = {"quantization_config", "compression_config"}
    check.expect("the rest of config.json stays as it is", {key: value for key, value in before.items() if key not in ours}
                 == {key: value for key, value in after.items() if key not in ours}, what)
    if not quantized:
        check.expect("no quantization is claimed where there is none", not ours & after.keys(), what)
        return
    settings = after.get("quantization_config", {})
    groups = settings.get("config_groups", {}).values()
    check.expect("a restored folder claims formats that are read today",
                 settings.get("format") in TODAY and all(group.get("format") in TODAY for group in groups), what)
    check.expect("a restored folder claims to be compressed", settings.get("quantization_status") == "compressed"
                 and settings.get("quant_method") == "compressed-tensors", what)
    check.expect("a restored folder claims no sparsity", not (settings.get("sparsity_config") or {}).get("targets"), what)
    was = settings_of(before)
    check.expect("what is not quantized stays so", sorted(settings.get("ignore") or []) == sorted(was.get("ignore") or []), what)


def check_typed(check, source, what, dtype):
    """`--type` gives the values that the library gives, in plain tensors."""
    target = check.folder / "typed"
    rule = f"--type {dtype} makes plain tensors"
    if not converts(check, rule, what, source, target, "--to", "safetensors", "--layout", "dense", "--type", dtype):
        return
    dtype = dtype.upper()
    expected, found = read_checkpoint(source), read_checkpoint(target)
    wanted = {f"{name}.weight": converted(layer.weight, dtype) for name, layer in expected.layers.items()}
    config = json.loads((target / "config.json").read_text())
    check.expect(rule, not found.layers and not found.side and not found.sparse
                 and not {"quantization_config", "compression_config"} & config.keys(), what)
    check.expect("--type leaves no tensor out and adds none", wanted.keys() | expected.plain.keys() == found.plain.keys(), what)
    differ = [name for name, tensor in wanted.items() if name in found.plain and not alike(found.plain[name], tensor)]
    check.expect(f"--type {dtype.lower()} gives the library's values", not differ, f"{what}: {differ[:3]}")
    differ = [name for name, tensor in expected.plain.items() if name in found.plain and not same(found.plain[name], tensor)
              and not (tensor[0] in FLOATS and alike(found.plain[name], converted(tensor, dtype)))]
    check.expect("--type rounds other tensors or leaves them", not differ, f"{what}: {differ[:3]}")


def check_same_output(check, source, what):
    """Threads and memory change nothing."""
    first, second = check.folder / "one", check.folder / "many"
    options = ["--to", "safetensors", "--layout", "dense"]
    if converts(check, "threads and memory change nothing", what, source, first, *options, "--threads", 1) and \
            converts(check, "threads and memory change nothing", what, source, second, *options, "--threads", 7, "--memory", "1M"):
        files = sorted(path.name for path in first.iterdir())
        check.expect("threads and memory change nothing", files == sorted(path.name for path in second.iterdir()) and all(
            (first / name).read_bytes() == (second / name).read_bytes() for name in files), what)


# Writing


def check_written_reference(check):
    """`--as-reference` writes what the library wrote; without it not even a sign is lost."""
    for folder, layout in [("01-sparse-bitmask-f32", "bitmask"), ("02-sparse-bitmask-bf16", "bitmask"),
                           ("04-sparse-24-bitmask-f32", "nm:2:4"), ("05-sparse-24-bitmask-bf16", "nm:2:4")]:
        reference = REFERENCE / folder
        source = dense_folder(check.folder / "dense", file=reference / "input.safetensors")
        target = check.folder / "written"
        options = ["--to", "compressed-tensors", "--layout", layout, "--ignore", "head"]
        if converts(check, "a sparse folder is written", folder, source, target, *options):
            found = read_checkpoint(target)
            differ = same_tensors(read(source / "model.safetensors"), found.plain)
            check.expect("what is written decodes to the same bits", not differ, f"{folder}: {differ[:3]}")
            check_written_config(check, target, layout, ["head"], folder)
        if converts(check, "a sparse folder is written", folder, source, target, *options, "--as-reference"):
            check.expect("--as-reference writes the library's bytes", (target / "model.safetensors").read_bytes()
                         == (reference / "model.safetensors").read_bytes(), folder)
            check_written_config(check, target, layout, ["head"], folder)
            wanted = json.loads((reference / "config.json").read_text())["quantization_config"]["sparsity_config"]
            found = json.loads((target / "config.json").read_text())["quantization_config"]["sparsity_config"]
            same_keys = {key: value for key, value in wanted.items() if key != "global_sparsity"}
            check.expect("--as-reference writes the library's configuration", same_keys.items() <= found.items(),
                         f"{folder}: {found}")


def check_written_config(check, folder, layout, ignore, what):
    """config.json says which format was written and what stayed dense."""
    part = json.loads((folder / "config.json").read_text()).get("quantization_config", {})
    sparsity = part.get("sparsity_config", {})
    form = {"bitmask": "sparse-bitmask", "nm:2:4": "sparse-24-bitmask"}[layout]
    check.expect("config.json names the sparse format", part.get("quant_method") == "compressed-tensors"
                 and sparsity.get("format") == form, f"{what}: {part}")
    check.expect("config.json names what stays dense", set(ignore) <= set(sparsity.get("ignore") or []), f"{what}: {sparsity}")


def above(left, right):
    """Where one magnitude is larger than another; NaN is above all but NaN."""
    return (left > right) | (np.isnan(left) & ~np.isnan(right))


def kept_by_library(dtype, bits):
    """The mask that the library computes for 2:4: the two largest of four, by its order among equals."""
    if dtype in ("F8_E4M3", "I8"):
        # Of 8-bit floats it takes the byte for an integer.
        integers = bits.view(np.int8).astype(np.float64)
        magnitude = np.where(integers == -128, -128, np.abs(integers))
    else:
        with np.errstate(invalid="ignore"):
            magnitude = np.abs(numbers(dtype, bits).astype(np.float64))
    groups = magnitude.reshape(-1, 4)
    mask = np.zeros(groups.shape, dtype=bool)
    # Of equals the later goes first (NaN sorts last) ...
    np.put_along_axis(mask, np.argsort(groups, axis=1, kind="stable")[:, 2:], True, axis=1)
    # ... but beside a first that is above the others the earliest, unless all three are equal.
    first, others = groups[:, :1], groups[:, 1:]
    leads = above(first, others).all(axis=1)
    largest = ~above(others[:, None, :], others[:, :, None]).any(axis=2)
    place = np.where(largest.all(axis=1), 1, largest.argmax(axis=1)) + 1
    mask[leads] = False
    mask[leads, 0] = True
    mask[leads, place[leads]] = True
    return mask.reshape(bits.shape)


def check_written_random(check, layout):
    """Random weights: the same bits come back; as the library, its own parts."""
    tensors = random_dense(check.random, layout)
    source, target, back = dense_folder(check.folder / "dense", tensors), check.folder / "written", check.folder / "back"
    options = ["--to", "compressed-tensors", "--layout", layout, "--ignore", "lm_head", "--ignore", "re:.*layers\\.1\\..*"]
    untouched = {"lm_head.weight", "model.norm.weight", "model.layers.0.mlp.proj.bias", "model.layers.1.mlp.proj.weight"}
    weights = {name for name, tensor in tensors.items() if name not in untouched}
    if converts(check, "a sparse folder is written", layout, source, target, *options):
        found = read_checkpoint(target)
        differ = same_tensors(tensors, found.plain)
        check.expect("what is written decodes to the same bits", not differ, f"{layout}: {differ[:3]}")
        check.expect("only weights that are not ignored are sparse", found.sparse and found.sparse <= weights,
                     f"{layout}: {sorted(found.sparse - weights)[:3]}")
        if converts(check, "a sparse folder is restored", layout, target, back, "--to", "safetensors", "--layout", "dense"):
            differ = same_tensors(tensors, read_checkpoint(back).plain)
            check.expect("written and restored is the same bits", not differ, f"{layout}: {differ[:3]}")
    if converts(check, "a sparse folder is written", layout, source, target, *options, "--as-reference"):
        written = read(target / "model.safetensors")
        sparse = read_checkpoint(target).sparse
        check.expect("--as-reference makes every weight sparse", sparse == weights, f"{layout}: {sorted(weights - sparse)[:3]}")
        for name in sorted(sparse):
            dtype, bits = tensors[name]
            if layout == "nm:2:4":
                parts = two_of_four_parts(dtype, bits, kept_by_library(dtype, bits))
            else:
                parts = bitmask_parts(dtype, bits, numbers(dtype, bits) != 0)
            module = name.removesuffix(".weight")
            differ = [part for part, tensor in parts.items()
                      if f"{module}.{part}" not in written or not same(written[f"{module}.{part}"], tensor)]
            check.expect("--as-reference writes the library's parts", not differ, f"{layout}: {name} {dtype}: {differ}")


with Check("compressed-tensors") as check:
    check_reader(check)
    for reference in reference_folders():
        source = check.folder / reference.name
        source.mkdir()
        for name in ("config.json", "model.safetensors"):
            shutil.copyfile(reference / name, source / name)
        check_restored(check, source, reference.name)
        for dtype in ("bf16", "f32"):
            check_typed(check, source, reference.name, dtype)
    for number, (label, maker) in enumerate(makers(check.random)):
        source = check.folder / f"random-{number}"
        maker.save(source, shards=1 + 2 * (number % 2))
        check_restored(check, source, label)
        if maker.codes:
            for dtype in ("bf16", "f32"):
                check_typed(check, source, label, dtype)
        if number % 5 == 0:
            check_same_output(check, source, label)
        shutil.rmtree(source)
    check_written_reference(check)
    for layout in ("bitmask", "nm:2:4"):
        check_written_random(check, layout)
