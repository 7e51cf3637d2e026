"""Small models to look at, by the standard library alone: safetensors files of BF16 weights named as Llama's are."""

import array
import json
import math
import random
import struct


def bfloat16(value):
    return struct.unpack("<I", struct.pack("<f", value))[0] + 0x8000 >> 16


def matrix(source, rows, columns, rule, layer, layers):
    """Normal values, thinned: `2of4`, or `90`, where zeros grow with the layer and lie in bands."""
    bits = array.array("H", bytes(2 * rows * columns))
    limit = 1.15 + 0.9 * layer / layers
    for row in range(rows):
        strength = 0.5 + abs(math.sin(row / 9))
        for start in range(0, columns, 4):
            values = [source.gauss(0, 1) for _ in range(min(4, columns - start))]
            if rule == "2of4":
                kept = sorted(range(len(values)), key=lambda place: -abs(values[place]))[:2]
            elif rule == "90":
                kept = [place for place, value in enumerate(values) if abs(value) * strength > limit]
            else:
                kept = range(len(values))
            for place in kept:
                bits[row * columns + start + place] = bfloat16(0.02 * values[place])
    return bits


def write(path, tensors):
    header, offset, data = {}, 0, []
    for name, kind, extents, values in tensors:
        size = len(values) * values.itemsize
        header[name] = {"dtype": kind, "shape": extents, "data_offsets": [offset, offset + size]}
        offset += size
        data.append(values.tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


def llama(rule, layers=30, width=64, inner=160):
    """A model of so many layers; under 2of4 one matrix stays dense."""
    source = random.Random(7)
    ones = array.array("H", [0x3F80] * width)
    yield "model.embed_tokens.weight", "BF16", [500, width], matrix(source, 500, width, "dense", 0, layers)
    matrices = [
        ("self_attn.q_proj", width, width), ("self_attn.k_proj", width // 2, width),
        ("self_attn.v_proj", width // 2, width), ("self_attn.o_proj", width, width),
        ("mlp.gate_proj", inner, width), ("mlp.up_proj", inner, width), ("mlp.down_proj", width, inner),
    ]
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        for name, rows, columns in matrices:
            kept = rule == "2of4" and layer == 17 and name == "mlp.down_proj"
            values = matrix(source, rows, columns, "dense" if kept else rule, layer, layers)
            yield f"{prefix}{name}.weight", "BF16", [rows, columns], values
        for norm in ("input_layernorm", "post_attention_layernorm"):
            yield f"{prefix}{norm}.weight", "BF16", [width], ones
    yield "model.norm.weight", "BF16", [width], ones


def experts(layers=120, count=25):
    """3,000 tensors of 64 by 16, every other one of them thinned."""
    source = random.Random(8)
    dense, sparse = (
        [matrix(source, 64, 16, rule, layer, 8) for layer in range(8)] for rule in ("dense", "90")
    )
    for layer in range(layers):
        for expert in range(count):
            values = (sparse if expert % 2 else dense)[(layer + expert) % 8]
            yield f"model.layers.{layer}.mlp.experts.{expert}.up_proj.weight", "BF16", [64, 16], values


HOSTILE = [
    "</script><img src=x onerror=\"alert(1)\">", "<!--<script>", "quote\" ' & <b>", "]]>", "a\u202egpj.exe\u200b\x07",
    "line\nbreak\\\u2028", "x" + "\u0301" * 40, "\u91cd\u307f.0.weight", "", "y" * 400, "__proto__", "constructor",
]


def odd():
    """Hostile names, and values, types and shapes that are rare."""
    floats = lambda *values: array.array("f", values)
    for name in HOSTILE:
        yield name, "F32", [2, 4], floats(0, 1, 0, -2, 0.5, 0, 0, 3)
    yield "odd.values", "F32", [1, 4], floats(math.nan, math.inf, -0.0, 1e30)
    yield "all.zeros", "F32", [16, 16], floats(*[0] * 256)
    yield "scalar", "F32", [], floats(3)
    yield "nothing", "F32", [0], floats()
    yield "integers", "I64", [3, 4], array.array("q", range(12))
