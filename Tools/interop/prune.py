"""Makes pruned variants of a model folder: everything copied, weight matrices thinned by magnitude.

    prune.py FOLDER OUTPUT 2:4      of every 4 elements of a row the 2 largest stay
    prune.py FOLDER OUTPUT 0.9      of every matrix the smallest 90 % go
"""

import json
import pathlib
import shutil
import sys

import numpy as np

FLOATS = {"F32": np.float32, "F16": np.float16, "F64": np.float64}


def thin(weights, rule):
    """Sets elements to +0, in place."""
    magnitude = np.abs(weights)
    if ":" in rule:
        kept, group = map(int, rule.split(":"))
        whole = weights.shape[-1] // group * group
        groups = magnitude[..., :whole].reshape(-1, group)
        rank = np.argsort(np.argsort(-groups, axis=1, kind="stable"), axis=1, kind="stable")
        view = weights[..., :whole]
        view[rank.reshape(view.shape) >= kept] = 0
    else:
        weights[magnitude < np.quantile(magnitude, float(rule))] = 0


def prune(path, rule):
    """Thins the matrices of a safetensors file where they lie; embeddings stay."""
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[:8], "little")
    for name, info in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__" or len(info["shape"]) != 2 or info["dtype"] not in FLOATS or "embed" in name:
            continue
        begin, end = (8 + size + offset for offset in info["data_offsets"])
        weights = np.frombuffer(data, FLOATS[info["dtype"]], (end - begin) // FLOATS[info["dtype"]]().itemsize, begin)
        thin(weights.reshape(info["shape"]), rule)
    path.write_bytes(data)


source, output, rule = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
shutil.rmtree(output, ignore_errors=True)
shutil.copytree(source, output)
for path in output.glob("*.safetensors"):
    prune(path, rule)
