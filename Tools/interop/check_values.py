"""What inspect --deep and diff say of values equals what numpy computes."""

import json
import math

import numpy as np

from harness import FIXTURES, LANES, Check, bits_with_zeros, report, run, write

TYPES = ["F32", "F64", "BF16", "F16", "I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"]
SHAPES = [(1,), (7, 3), (64, 64), (33, 100), (200, 17), (5, 6, 48), (3, 1500)]
# Means and deviations are sums of doubles in another order: so many units of the largest value's last place.
TOLERANCE = 2.0**-40


def numbers(dtype, bits):
    """The values of lanes as doubles."""
    with np.errstate(invalid="ignore", over="ignore"):
        if dtype == "BF16":
            return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        kind = {"F": "f", "I": "i", "U": "u"}[dtype[0]]
        return bits.view(np.dtype(f"{kind}{bits.dtype.itemsize}")).astype(np.float64)


def entropy(values):
    """The order-0 entropy of bytes in bits."""
    counts = np.bincount(values.ravel(), minlength=256)
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def bins(lines, extent):
    """Lines by the share of their nonzeros, in steps of 5 %."""
    found = [0] * 21
    for line in lines.tolist():
        found[0 if line == 0 else min(20, (line * 20 - 1) // extent + 1)] += 1
    return found


def near(left, right, scale):
    return float(left) == right or abs(float(left) - right) <= TOLERANCE * scale


def tame(random, dtype, shape):
    """Lanes without values whose squares are infinite, with zeros of both signs and some NaNs."""
    bits = bits_with_zeros(random, dtype, shape, density=random.choice([0.1, 0.5, 0.97]), negative_zeros=0.1)
    if dtype == "F64":
        # At most 2^257.
        bits &= bits.dtype.type(~(0x6 << 60) & 0xFFFF_FFFF_FFFF_FFFF)
    return bits


def compare_deep(check, found, dtype, bits, what):
    deep = found["deep"]
    values = numbers(dtype, bits)
    finite = values[np.isfinite(values)]
    rows = values.reshape(-1, values.shape[-1]) if values.ndim else values.reshape(1, 1)
    nonzero = rows != 0
    if finite.size:
        told = deep["values"]
        scale = max(float(np.abs(finite).max()), 1e-300)
        with np.errstate(over="ignore"):
            mean, deviation = float(math.fsum(finite.ravel()) / finite.size), float(finite.std())
        check.expect("least, greatest, finite", (float(told["min"]), float(told["max"]), told["finite"])
                     == (finite.min(), finite.max(), finite.size), f"{what}: {told}")
        check.expect("mean", near(told["mean"], mean, scale), f"{what}: {told['mean']} {mean}")
        check.expect("deviation", near(told["deviation"], deviation, scale), f"{what}: {told['deviation']} {deviation}")
        check.expect("all values are in bins", sum(told["bins"]) == finite.size, what)
        if bits.dtype.itemsize <= 2 and finite.max() > finite.min():
            width = finite.max() / 41 - finite.min() / 41
            places = np.clip(np.floor((finite - finite.min()) / width), 0, 40).astype(int)
            check.expect("bins", told["bins"] == np.bincount(places, minlength=41).tolist(), what)
    planes = bits.reshape(-1, 1).view(np.uint8)[:, ::-1]
    entropies = [entropy(planes[:, place]) for place in range(planes.shape[1])]
    check.expect("entropies", np.allclose(deep["plane_entropies"], entropies, atol=1e-9), f"{what}: {deep['plane_entropies']}")
    stored = planes[planes.any(1)]
    share = len(stored) / len(planes)
    mask = -sum(part * math.log2(part) for part in (share, 1 - share) if part > 0)
    masked = mask * len(planes) + sum(entropy(stored[:, place]) for place in range(planes.shape[1])) * len(stored)
    predicted = min(sum(entropies) * len(planes), masked) / 8
    check.expect("predicted bytes", abs(deep["predicted_bytes"] - predicted) <= 1 + 1e-9 * predicted, f"{what}: {deep['predicted_bytes']} {predicted}")
    for name, lines, extent in [("row", nonzero.sum(1), rows.shape[1]), ("column", nonzero.sum(0), rows.shape[0])]:
        told = deep[f"{name}_densities"]
        check.expect(f"{name}s by density", told == {"fewest": lines.min(), "most": lines.max(), "bins": bins(lines, extent)},
                     f"{what}: {told}")
    whole = rows.shape[1] // 16 * 16
    blocks = nonzero[:, :whole].reshape(-1, 16)
    check.expect("blocks of 16", (deep["blocks_of_16"], deep["zero_blocks_of_16"])
                 == (len(blocks), int((~blocks.any(1)).sum())), what)
    chart = deep["density_map"]
    check.expect("density map", (sum(chart["nonzeros"]), sum(chart["elements"])) == (int(nonzero.sum()), rows.size), what)
    edges = [[cell * extent // chart[side] for cell in range(chart[side] + 1)]
             for side, extent in (("rows", rows.shape[0]), ("columns", rows.shape[1]))]
    cells = np.add.reduceat(np.add.reduceat(nonzero.astype(np.int64), edges[0][:-1], 0), edges[1][:-1], 1)
    check.expect("cells", chart["nonzeros"] == cells.ravel().tolist(), what)


def compare_diff(check, told, dtype, first, second, what):
    a, b = numbers(dtype, first), numbers(dtype, second)
    different = (first != second).ravel()
    check.expect("elements, first", (told["elements"], told["first_element"]) == (int(different.sum()), int(different.argmax())), what)
    told = told["numbers"]
    with np.errstate(invalid="ignore"):
        changed = (a != b) & ~(np.isnan(a) & np.isnan(b))
        gaps = np.abs(a - b)
    measured = changed & np.isfinite(gaps)
    largest = float(gaps[measured].max()) if measured.any() else 0.0
    mean = math.fsum(gaps[measured].ravel()) / max(1, a.size - int((changed & ~measured).sum()))
    check.expect("changed, unmeasured", (told["changed"], told["unmeasured"]) == (int(changed.sum()), int((changed & ~measured).sum())), what)
    check.expect("largest difference", float(told["max_absolute"]) == largest, f"{what}: {told['max_absolute']} {largest}")
    check.expect("mean difference", near(told["mean_absolute"], mean, largest), f"{what}: {told['mean_absolute']} {mean}")
    counts = [((a == 0) == x) & ((b == 0) == y) for x, y in [(False, False), (False, True), (True, False)]]
    check.expect("kept, pruned, regrown", [told["kept"], told["pruned"], told["regrown"]] == [int(count.sum()) for count in counts], what)


def stored(path):
    """The tensors of a file whose types have lanes: name, type, bits. Read by hand, as the format page says."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    for name, told in json.loads(data[8:start]).items():
        if name != "__metadata__" and told["dtype"] in TYPES and math.prod(told["shape"]):
            begin, end = told["data_offsets"]
            yield name, told["dtype"], np.frombuffer(data[start + begin : start + end], LANES[told["dtype"]]).reshape(told["shape"])


def transformer(check):
    """A folder whose config tells heads and experts, some of which are empty; returns its tensors too."""
    folder = check.folder / "mixture"
    folder.mkdir()
    hidden, heads, pairs, width, experts = 48, 6, 2, 8, 5
    config = {"model_type": "mixtral", "hidden_size": hidden, "num_attention_heads": heads, "num_key_value_heads": pairs, "num_local_experts": experts}
    (folder / "config.json").write_text(json.dumps(config))
    tensors, kept = {}, {}
    for layer in range(4):
        prefix = f"model.layers.{layer}"
        for name, count, axis in [("q", heads, 0), ("k", pairs, 0), ("v", pairs, 0), ("o", heads, 1)]:
            extents = (count * width, hidden) if axis == 0 else (hidden, count * width)
            bits = bits_with_zeros(check.random, "BF16", extents, density=0.5, negative_zeros=0.1)
            for head in range(count):
                if check.random.random() < 0.3:
                    bits[(slice(None),) * axis + (slice(head * width, head * width + width),)] = 0x8000
            tensors[f"{prefix}.self_attn.{name}_proj.weight"] = ("BF16", bits)
        present = [expert for expert in range(experts) if check.random.random() < 0.8] or [0]
        empty = [expert for expert in present if check.random.random() < 0.3]
        for expert in present:
            for part in ("w1", "w2"):
                bits = bits_with_zeros(check.random, "BF16", (hidden, hidden), density=0 if expert in empty else 0.5)
                tensors[f"{prefix}.moe.experts.{expert}.{part}.weight"] = ("BF16", bits)
        tensors[f"{prefix}.moe.gate.weight"] = ("BF16", bits_with_zeros(check.random, "BF16", (experts, hidden), density=1))
        kept[f"{prefix}.moe"] = {"present": len(present), "empty": len(empty), "routed": experts, "expected": experts}
    write(folder / "model.safetensors", tensors)
    return folder, tensors, kept, width


def compare_structure(check):
    folder, tensors, kept, width = transformer(check)
    told = report("inspect", "--deep", folder)["models"][0]
    found = {layer.pop("layer"): layer for layer in told["experts"]}
    check.expect("experts", found == kept, f"{found} {kept}")
    counted = 0
    for found in told["tensors"]:
        heads = found["deep"]["heads"]
        if "self_attn" not in found["name"]:
            check.expect("only attention has heads", heads is None, found["name"])
            continue
        nonzero = numbers(*tensors[found["name"]]) != 0
        lines = nonzero.sum(1) if heads["axis"] == 0 else nonzero.sum(0)
        counts = lines.reshape(-1, width).sum(1)
        check.expect("heads", (heads["count"], heads["dimension"], heads["expected"]) == (len(counts), width, len(counts)), found["name"])
        check.expect("axis of heads", heads["axis"] == (1 if ".o_proj." in found["name"] else 0), found["name"])
        check.expect("nonzeros of heads", (heads["fewest"], heads["most"]) == (counts.min(), counts.max()), found["name"])
        check.expect("empty heads", heads["empty"] == np.flatnonzero(counts == 0).tolist(), found["name"])
        counted += 1
    check.expect("all attention was looked at", counted == 16, counted)


with Check("values") as check:
    tensors, changed = {}, {}
    for dtype in TYPES:
        for number, shape in enumerate(SHAPES):
            name = f"{dtype}.{number}"
            bits = tame(check.random, dtype, shape)
            other = tame(check.random, dtype, shape)
            keeps = check.random.random(shape) < 0.5
            tensors[name] = (dtype, bits)
            changed[name] = (dtype, np.where(keeps, bits, other).astype(LANES[dtype]))
    first, second = check.folder / "first.safetensors", check.folder / "second.safetensors"
    write(first, tensors)
    write(second, changed)
    for options in [(), ("--threads", "1"), ("--memory", "1M")]:
        for found in report("inspect", "--deep", first, *options)["models"][0]["tensors"]:
            compare_deep(check, found, *tensors[found["name"]], f"{found['name']} {options}")
    told = {found["name"]: found for found in report("diff", first, second, codes=(1,))["differences"]}
    for name, (dtype, bits) in tensors.items():
        if np.array_equal(bits, changed[name][1]):
            check.expect("equal tensors are not listed", name not in told, name)
        else:
            compare_diff(check, told[name], dtype, bits, changed[name][1], name)
    layouts = check.folder / "sparse.safetensors"
    run("convert", first, layouts, "--layout", "bitmask")
    dense = {found["name"]: found["deep"] for found in report("inspect", "--deep", first)["models"][0]["tensors"]}
    for found in report("inspect", "--deep", layouts)["models"][0]["tensors"]:
        check.expect("a layout changes nothing", found["deep"] == dense[found["name"]], found["name"])
    compare_structure(check)
    for path in [*sorted((FIXTURES / "real").glob("*.safetensors")), *sorted((FIXTURES / "safetensors").glob("*.safetensors"))]:
        found = {found["name"]: found for found in report("inspect", "--deep", path)["models"][0]["tensors"]}
        for name, dtype, bits in stored(path):
            compare_deep(check, found[name], dtype, bits, f"{path.name} {name}")
