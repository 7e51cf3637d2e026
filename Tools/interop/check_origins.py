"""`inspect --against`: which zeros were there before, which rounding alone makes; against numpy and gguf's own quantizers."""

import json

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize, quantize

from harness import FIXTURES, Check, read, report, write
from small_floats import bf16, numbers

GOLDEN = FIXTURES / "compressed-tensors"
# Half steps are exact in numpy; lacuna allows for the arithmetic of quantizers, which is no more than this much beyond.
MARGIN = 2.0**-6
COUNTS = ("elements", "zeros", "reference_zeros", "zero_before", "regrown", "unexplained")


def expected(own, reference, reach):
    """The counts, by half steps."""
    zero, before = own == 0, reference == 0
    new = zero & ~before
    rounded = new & (np.abs(reference) <= reach)
    doubtful = new & ~rounded & (np.abs(reference) <= reach * (1 + MARGIN))
    return {
        "elements": own.size, "zeros": int(zero.sum()), "reference_zeros": int(before.sum()), "zero_before": int((zero & before).sum()),
        "regrown": int((before & ~zero).sum()), "unexplained": 0, "by_rounding": int(rounded.sum()),
    }, int(doubtful.sum()), int((new & ~rounded).sum())


def compare(check, rule, what, found, own, reference, reach):
    counts, doubtful, neither = expected(own.astype(np.float64), reference.astype(np.float64), reach)
    if not check.expect(f"{rule}: is compared", found is not None, what):
        return
    check.expect(f"{rule}: zeros and what they were", all(found[name] == counts[name] for name in COUNTS), f"{what}: {found} {counts}")
    beyond = found["by_rounding"] - counts["by_rounding"]
    check.expect(f"{rule}: within half a step", 0 <= beyond <= doubtful, f"{what}: {beyond} of {doubtful} more")
    check.expect(f"{rule}: neither", found["neither"] == neither - beyond, f"{what}: {found['neither']} {neither} - {beyond}")


def told(path, reference):
    """What inspect says: the counts of each tensor, and of the model."""
    model = report("inspect", path, "--against", reference)["models"][0]
    return {tensor["name"]: tensor["against"] for tensor in model["tensors"]}, model["against"]


def spread(scale, shape):
    """One number for each element: of a tensor, of a row, of a group of a row."""
    scale = np.abs(scale.astype(np.float64)).reshape(-1, scale.shape[-1] if scale.ndim > 1 else 1)
    scale = np.broadcast_to(scale, (shape[0], scale.shape[1]))
    return np.repeat(scale, -(-shape[1] // scale.shape[1]), axis=1)[:, : shape[1]]


def check_golden(check):
    """What compressed-tensors quantized, and what it decompresses that to."""
    for folder in sorted(GOLDEN.glob("[01]*")):
        number = int(folder.name[:2])
        if number not in (6, 7, 10, 11, 12, 13, 14, 15):
            continue
        source, plain, parts = (read(folder / f"{name}.safetensors") for name in ("input", "decompressed", "model"))
        found, model = told(folder, folder / "input.safetensors")
        check.expect("compressed-tensors: all are compared", model["not_compared"] == [], f"{folder.name}: {model['not_compared']}")
        for name, (dtype, bits) in source.items():
            module = name.removesuffix(".weight")
            key = name if name in found else module + ".weight_packed"
            original = numbers(dtype, bits)
            if f"{module}.weight_scale" not in parts or name == module:
                continue
            scale = numbers(*parts[f"{module}.weight_scale"])
            # Blocks of rows have no place in rows of scales.
            if scale.shape[0] not in (1, original.shape[0]):
                continue
            step = spread(scale, original.shape) * (2.0**-9 if number in (7, 12, 13) else 1)
            own = numbers(*plain[name])
            if plain[name][0] in ("I8", "F8_E4M3"):
                own = own * spread(scale, original.shape)
            compare(check, "compressed-tensors", f"{folder.name} {name}", found[key], own, original, step / 2)


def check_blocks(check):
    """What gguf quantizes, of dense and of pruned weights."""
    for kind in ("Q8_0", "Q4_0", "Q5_0"):
        for pruned in (0.0, 0.3, 1.0):
            values = check.random.normal(size=(40, 512)).astype(np.float32)
            values *= 10.0 ** check.random.integers(-4, 4, size=(40, 1))
            kept = np.where(check.random.random(values.shape) < pruned, np.float32(0), values)
            write(check.folder / "dense.safetensors", {"w.weight": ("F32", values.view(np.uint32))})
            blocks = quantize(kept, GGMLQuantizationType[kind])
            path = check.folder / "blocks.gguf"
            writer = GGUFWriter(path, "test")
            writer.add_tensor("w.weight", blocks, raw_dtype=GGMLQuantizationType[kind])
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
            size, largest = {"Q8_0": (34, 127), "Q4_0": (18, 8), "Q5_0": (22, 16)}[kind]
            scales = blocks.reshape(-1, size)[:, :2].copy().view(np.float16).reshape(40, -1)
            own = dequantize(blocks, GGMLQuantizationType[kind])
            found, model = told(path, check.folder / "dense.safetensors")
            what = f"{kind}, {pruned} pruned"
            # A scale of 0 is what is left of one below half the smallest number of half precision.
            reach = np.where(scales == 0, largest * 2.0**-25, np.abs(scales.astype(np.float64)) / 2)
            compare(check, "gguf", what, found["w.weight"], own, values, spread(reach, values.shape))
            check.expect("gguf: sums are those of the only matrix", model["matrices"]["neither"] == found["w.weight"]["neither"], what)
            if pruned == 0:
                check.expect("gguf: nothing of dense weights is pruned", found["w.weight"]["neither"] == 0, f"{what}: {found['w.weight']}")


def check_integers(check):
    """int8 by rows and in groups, of weights whose largest or smallest were pruned."""
    for group in (None, 16, 64):
        for kind in ("smallest", "largest", "none"):
            values = check.random.standard_t(3, size=(33, 128)).astype(np.float32)
            kept = values.copy()
            order = np.argsort(np.abs(values), axis=1)
            for row, places in enumerate({"smallest": order[:, :64], "largest": order[:, -10:], "none": order[:, :0]}[kind]):
                kept[row, places] = 0
            parts = kept.reshape(33, -1, group or 128)
            scale = (np.abs(parts).max(axis=2) / np.float32(127)).astype(np.float32)
            scale[scale == 0] = 1
            codes = np.clip(np.rint(parts / scale[..., None]), -128, 127).astype(np.int8).reshape(33, 128)
            folder = check.folder / f"int8-{group}-{kind}"
            folder.mkdir()
            write(folder / "model.safetensors", {
                "fc.weight": ("I8", codes.view(np.uint8)), "fc.weight_scale": ("F32", scale.view(np.uint32)),
                "fc.bias": ("BF16", bf16(values[:, 0])),
            })
            weights = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "group" if group else "channel", "group_size": group}
            (folder / "config.json").write_text(json.dumps({"quantization_config": {
                "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}}, "format": "int-quantized",
                "quant_method": "compressed-tensors", "quantization_status": "compressed", "version": "0.20.0"}}))
            write(check.folder / "dense.safetensors", {"fc.weight": ("F32", values.view(np.uint32)), "fc.bias": ("F32", values[:, 0].copy().view(np.uint32))})
            found, _ = told(folder, check.folder / "dense.safetensors")
            own = codes.astype(np.float64) * spread(scale, values.shape)
            compare(check, "int8", f"{group} {kind}", found["fc.weight"], own, values, spread(scale, values.shape) / 2)


def check_casts(check):
    """Numbers that are too small for half precision, or for BF16."""
    for dtype, smallest in (("F16", 2.0**-24), ("BF16", 2.0**-133)):
        values = (np.ldexp(check.random.normal(size=(50, 100)), int(np.log2(smallest)))).astype(np.float32)
        values[0, :50] = np.float32(smallest / 2)
        lanes = values.astype(np.float16).view(np.uint16) if dtype == "F16" else bf16(values)
        lanes[1:3] &= 0x8000
        write(check.folder / "cast.safetensors", {"w": (dtype, lanes)})
        write(check.folder / "dense.safetensors", {"w": ("F32", values.view(np.uint32))})
        found, _ = told(check.folder / "cast.safetensors", check.folder / "dense.safetensors")
        compare(check, "casts", dtype, found["w"], numbers(dtype, lanes), values, smallest / 2)


with Check("origins") as check:
    check_golden(check)
    check_blocks(check)
    check_integers(check)
    check_casts(check)
