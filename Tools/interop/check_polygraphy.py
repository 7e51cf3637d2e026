"""Verdicts of validate --for tensorrt beside those of NVIDIA's own checker, `polygraphy inspect sparsity`.

Where it judges a weight by its values it is right for F32 and F16. BF16 it judges by other numbers, or not at all, and codes behind
DequantizeLinear it skips; there numpy tells what is right, and what it says is counted.
"""

import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

from harness import FIXTURES, Check, report

PROGRAM = pathlib.Path(sys.executable).with_name("polygraphy")
LAYERS = [("MatMul", {}, (32, 12), 0), ("Gemm", {}, (16, 8), 0), ("Gemm", {"transB": 1}, (8, 16), 1), ("Conv", {}, (8, 16, 3, 3), 1), ("Conv", {"group": 2}, (8, 4, 1, 1), 1)]
TYPES = {"F32": TensorProto.FLOAT, "F16": TensorProto.FLOAT16, "BF16": TensorProto.BFLOAT16}


def judged(path):
    """What it says of each weight: True for sparse."""
    text = subprocess.run([PROGRAM, "inspect", "sparsity", path], check=False, capture_output=True, text=True).stdout
    said = {name: verdict == "sparse" for verdict, name in re.findall(r"Found (sparse|non-sparse) tensor: (.*)", text)}
    return said, "Finished checking" in text


def weight(random, extents, axis, violates):
    """Numbers of two decimals of which two in each group along the axis are zero, but for one group if it violates."""
    values = random.integers(1, 900, size=extents) / 100 * random.choice([-1, 1], size=extents)
    rows = np.moveaxis(values, axis, -1)
    for place in np.ndindex(rows.shape[:-1]):
        for start in range(0, rows.shape[-1], 4):
            rows[place][start + random.permutation(4)[:2]] = 0
    if violates:
        rows[tuple(int(random.integers(extent)) for extent in rows.shape[:-1])][-4:-1] = 1.5
    return values


def encoded(values, dtype):
    if dtype == "F16":
        return values.astype(np.float16).tobytes()
    bits = values.astype(np.float32)
    return (bits.view(np.uint32) >> 16).astype(np.uint16).tobytes() if dtype == "BF16" else bits.tobytes()


def model(check, dtype, number):
    """A model with every kind of layer; returns which weights comply."""
    nodes, weights, inputs, outputs, complies = [], [], [], [], {}
    for place, (operator, attributes, extents, axis) in enumerate(LAYERS):
        name = f"w{place}"
        complies[name] = bool((number >> place) & 1)
        values = weight(check.random, extents, axis, not complies[name])
        weights.append(helper.make_tensor(name, TYPES[dtype], extents, encoded(values, dtype), raw=True))
        channels = extents[1] * attributes.get("group", 1)
        shape = [1, channels, 5, 5] if operator == "Conv" else [2, extents[axis]]
        inputs.append(helper.make_tensor_value_info(f"x{place}", TYPES[dtype], shape))
        outputs.append(helper.make_tensor_value_info(f"y{place}", TYPES[dtype], None))
        nodes.append(helper.make_node(operator, [f"x{place}", name], [f"y{place}"], f"n{place}", **attributes))
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    path = check.folder / f"{dtype}-{number}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), path)
    return path, complies


def verdicts(path):
    """What Lacuna says of each weight that it does not skip: its status."""
    found = report("validate", path, "--for", "tensorrt", codes=(0, 1))["tensors"]
    return {tensor["name"]: tensor["status"] for tensor in found if tensor["status"] != "skipped"}


with Check("polygraphy") as check:
    compared = differs = silent = 0
    for dtype in TYPES:
        for number in (0, 31, *check.random.integers(1, 31, 4).tolist()):
            path, complies = model(check, dtype, number)
            said, ended = judged(path)
            ours = verdicts(path)
            for name, truth in complies.items():
                check.expect("the verdict is numpy's", ours[name] == ("compliant" if truth else "violating"), f"{path.name} {name}: {ours[name]}")
                if dtype == "BF16":
                    silent += name not in said
                    differs += said.get(name, truth) != truth
                else:
                    check.expect("the other program ends", ended, path.name)
                    # It prunes no weight of a grouped convolution with few channels, and says nothing of it.
                    if name in said:
                        compared += 1
                        check.expect("the other program says the same", said[name] == truth, f"{path.name} {name}: {said[name]}")
    check.expect("most weights were judged by both", compared >= 40, compared)
    print(f"  of {6 * len(LAYERS)} BF16 weights the other program misjudges {differs} and passes {silent} over")
    skipped = 0
    for path in sorted((FIXTURES / "onnx").glob("nm*.onnx")) + sorted((FIXTURES / "onnx").glob("qdq_*.onnx")):
        said, _ = judged(path)
        for name, status in verdicts(path).items():
            if name in said:
                check.expect("fixtures: the same", said[name] == (status == "compliant"), f"{path.name} {name}: {said[name]} {status}")
            else:
                skipped += 1
    print(f"  of the fixtures' weights it passes {skipped} over that Lacuna judges")
    check.expect("it passes codes over", skipped > 5, skipped)
