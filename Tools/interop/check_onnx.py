"""ONNX models of the onnx package and of our fixtures: written back byte for byte, every tensor as numpy_helper has it."""

import pathlib

import numpy as np
import onnx

from harness import FIXTURES, Check, report, run
from onnx_reading import Found, compared, stored

# The parts of the one model that expands a mask itself; what it makes of them is the tensor.
EXPANSION = "bitmask_selfexpanding.onnx"


def expansion(tensors):
    """The mask of `EXPANSION` and its values, put together; its other parts are none of their own."""
    mask = np.unpackbits(tensors["w.mask"].lanes, bitorder="little")
    shape = tuple(int(extent) for extent in tensors["w.shape"].lanes)
    whole = np.zeros(mask.size, np.uint32)
    whole[mask == 1] = tensors["w.values"].lanes[1:]
    return {"w": Found("F32", shape, whole)}


def check_models(check, paths, whose):
    """Each of them, unchanged and looked at."""
    target = check.folder / "same.onnx"
    for path in paths:
        # External data are copied along; those of another model may have had the same name.
        run("convert", path, target, "--quiet", "--force")
        check.expect(f"{whose} come back byte for byte", target.read_bytes() == path.read_bytes(), path.name)
    for start in range(0, len(paths), 50):
        batch = paths[start : start + 50]
        for path, model in zip(batch, report("inspect", "--digest", *batch)["models"]):
            check_tensors(check, path, model, whose)


def check_tensors(check, path, model, whose):
    """What inspect says of each tensor of a model."""
    expected, places = stored(path)
    if path.name == EXPANSION:
        expected = expansion(expected)
    found = {tensor["name"]: tensor for tensor in model["tensors"]}
    check.expect(f"{whose} have the tensors that onnx finds, under scoped names", found.keys() == expected.keys(),
                 f"{path.name}: {sorted(found.keys() ^ expected.keys())[:6]}")
    for name in found.keys() & expected.keys():
        one, tensor = found[name], expected[name]
        where = places.get(name, "expansion")
        check.expect(f"types and shapes are onnx's: {where}", (one["dtype"], tuple(one["shape"]))
                     == (tensor.dtype, tensor.shape), f"{path.name}: {name}: {one['dtype']} {one['shape']} {tensor.shape}")
        check.expect(f"elements are numpy_helper's: {where}", one["digest"] == tensor.digest, f"{path.name}: {name}: {tensor.dtype}")


with Check("onnx") as check:
    package = pathlib.Path(onnx.__file__).parent
    theirs = sorted(package.rglob("*.onnx"))
    check.expect("the package has its 149 models", len(theirs) == 149, len(theirs))
    check_models(check, theirs, "the package's models")
    fixtures = sorted((FIXTURES / "onnx").glob("*.onnx"))
    check_models(check, fixtures, "the fixtures")
    compared(check, "elements are numpy_helper's: initializer", "elements are numpy_helper's: sparse_initializer",
             "elements are numpy_helper's: constant", "elements are numpy_helper's: attribute")
