"""Writes a model's float tensors in three types, dense and pruned: safetensors files of two-dimensional weights.

    weight_variants.py MODEL.safetensors FOLDER

TYPE-PRUNING.safetensors for bf16, f16 and f32 (by rounding to nearest), and dense, 50, 90 (the smallest of every
matrix are +0) and 2of4 (of every 4 elements of a row the 2 smallest are).
"""

import json
import pathlib
import sys

import numpy as np


def bfloat16(values):
    bits = np.ascontiguousarray(values).view(np.uint32)
    return ((bits + ((bits >> 16 & 1) + 0x7FFF)) >> 16).astype(np.uint16)


def thin(values, rule):
    values = values.copy()
    magnitude = np.abs(values)
    if rule == "2of4":
        whole = values.shape[-1] // 4 * 4
        groups = magnitude[..., :whole].reshape(-1, 4)
        rank = np.argsort(np.argsort(-groups, axis=1, kind="stable"), axis=1, kind="stable")
        view = values[..., :whole]
        view[rank.reshape(view.shape) >= 2] = 0
    else:
        order = np.sort(magnitude, axis=None)
        values[magnitude <= order[order.size * int(rule) // 100 - 1]] = 0
    return values


def floats(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    for name, info in sorted(json.loads(data[8 : 8 + size]).items()):
        if name == "__metadata__" or info["dtype"] != "F32":
            continue
        begin, end = info["data_offsets"]
        yield name, np.frombuffer(data, np.float32, (end - begin) // 4, 8 + size + begin).reshape(info["shape"])


TYPES = {
    "f32": ("F32", np.ascontiguousarray),
    "bf16": ("BF16", bfloat16),
    "f16": ("F16", lambda values: values.astype(np.float16)),
}


def write(path, dtype, tensors):
    header, offset = {}, 0
    for name, values in tensors:
        header[name] = {"dtype": dtype, "shape": values.shape, "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, values in tensors:
            file.write(values.tobytes())


source, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
dense = list(floats(source))
for rule in ("dense", "50", "90", "2of4"):
    pruned = [(name, thin(values, rule) if rule != "dense" and values.ndim == 2 else values) for name, values in dense]
    for element, (dtype, convert) in TYPES.items():
        write(folder / f"{element}-{rule}.safetensors", dtype, [(name, convert(values)) for name, values in pruned])
