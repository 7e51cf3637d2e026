"""ONNX models as safetensors and GGUF: the values that numpy_helper has, read by the reference and by PyPI's gguf."""

import pathlib
import subprocess

import numpy as np
import onnx
from gguf import GGUFReader
from onnx import TensorProto, helper, numpy_helper

from harness import FIXTURES, LACUNA, Check, read
from onnx_building import TYPES, saved, weight
from onnx_reading import compared, stored

# What GGUF has types for.
GGML = {"F32": "F32", "F16": "F16", "BF16": "BF16", "F64": "F64", "I8": "I8", "I16": "I16", "I32": "I32", "I64": "I64"}


def convert(source, target, *options):
    return subprocess.run([LACUNA, "convert", source, target, "--quiet", "--force", *options], capture_output=True)


def refused(check, rule, done, what):
    """Whether a conversion was refused, not broken."""
    line = done.stderr.decode()
    check.expect(rule, done.returncode in (65, 73) and line.count("\n") == 1, f"{what}: {done.returncode} {line}")


def check_safetensors(check, path, what, expected=None):
    """All its tensors, under their scoped names, dense and sparse."""
    expected = expected or stored(path)[0]
    target, back = check.folder / "out.safetensors", check.folder / "dense.safetensors"
    for layout in ("dense", "keep", "auto"):
        done = convert(path, target, "--layout", layout)
        if not check.expect("models become safetensors", done.returncode == 0, f"{what}: {layout}: {done.stderr.decode()[:300]}"):
            return
        if layout != "dense":  # Parts of sparse tensors are read by us alone.
            done = convert(target, back, "--layout", "dense")
            if not check.expect("safetensors become dense", done.returncode == 0, f"{what}: {done.stderr.decode()[:300]}"):
                continue
        found = read(back if layout != "dense" else target)
        rule = f"safetensors hold what numpy_helper has: {layout}"
        check.expect(f"{rule}: names", found.keys() == expected.keys(), f"{what}: {sorted(found.keys() ^ expected.keys())[:5]}")
        for name in found.keys() & expected.keys():
            dtype, lanes = found[name]
            one = expected[name]
            check.expect(rule, dtype == one.dtype and lanes.tobytes() == one.data and (one.dtype in ("F4", "F6_E2M3", "F6_E3M2")
                         or lanes.shape == one.shape), f"{what}: {name}: {dtype} {lanes.shape} {one.dtype} {one.shape}")


def check_gguf(check, path, what, expected=None):
    """Those that GGUF has types for; others are refused by name."""
    expected = expected or stored(path)[0]
    target = check.folder / "out.gguf"
    done = convert(path, target, "--layout", "dense")
    if any(one.dtype not in GGML or len(one.shape) > 4 or 0 in one.shape for one in expected.values()) or not expected:
        if done.returncode != 0:
            return refused(check, "what GGUF cannot hold is refused in one line", done, what)
    elif done.returncode != 0 and b"no exact form in GGUF" in done.stderr and b": w: QDQ" in done.stderr or b": annotated" in done.stderr:
        return refused(check, "what is quantized otherwise than ggml does is refused in one line", done, what)
    elif not check.expect("models become GGUF", done.returncode == 0, f"{what}: {done.stderr.decode()[:300]}"):
        return
    found = {tensor.name: tensor for tensor in GGUFReader(target).tensors}
    check.expect("gguf finds all names", found.keys() == expected.keys(), f"{what}: {sorted(found.keys() ^ expected.keys())[:5]}")
    for name in found.keys() & expected.keys():
        one, tensor = expected[name], found[name]
        shape = tuple(int(extent) for extent in tensor.shape)[::-1]
        # GGUF has four axes: what is beyond lies in the first.
        wanted = (int(np.prod(one.shape[:-3])), *one.shape[-3:]) if len(one.shape) > 4 else one.shape
        check.expect("gguf reads what numpy_helper has", tensor.tensor_type.name == GGML.get(one.dtype)
                     and np.ascontiguousarray(tensor.data).tobytes() == one.data
                     and shape == wanted, f"{what}: {name}: {tensor.tensor_type.name} {shape} {one.shape}")


def check_made(check):
    """Models made here: every type, typed and raw, scalars, empty tensors, sub-graphs and Constants."""
    path = check.folder / "made.onnx"
    random, tensors = check.random, []
    kinds = {TensorProto.FLOAT: np.uint32, TensorProto.FLOAT16: np.uint16, TensorProto.BFLOAT16: np.uint16, TensorProto.DOUBLE: np.uint64,
             TensorProto.INT8: np.uint8, TensorProto.INT16: np.uint16, TensorProto.INT32: np.uint32, TensorProto.INT64: np.uint64}
    for kind, lane in kinds.items():
        # A scalar of BF16 is more than PyPI's gguf can read.
        scalar = () if kind != TensorProto.BFLOAT16 else (1, 1)
        for number, shape in enumerate([scalar, (1,), (7,), (3, 5), (2, 3, 4), (16, 32)]):
            bits = random.integers(0, np.iinfo(lane).max, size=shape, dtype=lane, endpoint=True)
            tensors.append(helper.make_tensor(f"{TensorProto.DataType.Name(kind)}.{number}", kind, shape, bits.tobytes(), raw=True))
    body = helper.make_graph([helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(weight(random, "F16", (4, 8), 0.5), "ignored")),
                              helper.make_node("Identity", ["inner"], ["o"])], "body", [],
                             [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)],
                             [numpy_helper.from_array(weight(random, "F32", (8, 4), 0.9), "inner")])
    nodes = [helper.make_node("Constant", [], ["c"], value_floats=[1.0, -0.0, 3.5]),
             helper.make_node("If", ["x"], ["y"], name="choice", then_branch=body, else_branch=body)]
    saved(path, nodes, "F32", (1,), [("y", 2)], tensors)
    for source in (path, sparse(check, path)):
        check_safetensors(check, source, "made", stored(path)[0])
        check_gguf(check, source, "made", stored(path)[0])
    check_types(check)


def sparse(check, path):
    """The same model, with sparse tensors."""
    target = check.folder / "sparse.onnx"
    done = convert(path, target, "--layout", "csr")
    check.expect("made models become sparse", done.returncode == 0, done.stderr.decode())
    return target


def check_types(check):
    """`--type` on the way: the numbers that numpy casts."""
    path, target = check.folder / "floats.onnx", check.folder / "floats.safetensors"
    arrays = {name: weight(check.random, dtype, (24, 32), 0.5, odd=False) for name, dtype in (("a", "F32"), ("b", "F16"))}
    saved(path, [helper.make_node("MatMul", ["x", "a"], ["y"])], "F32", (1, 24), [("y", 2)],
          [numpy_helper.from_array(array, name) for name, array in arrays.items()])
    for dtype in ("F16", "F32"):
        done = convert(path, target, "--type", dtype.lower())
        if check.expect("--type gives safetensors", done.returncode == 0, done.stderr.decode()):
            for name, (kind, lanes) in read(target).items():
                expected = arrays[name].astype(TYPES[dtype][1]).view(TYPES[dtype][2])
                check.expect("--type gives the numbers that numpy casts", kind == dtype and np.array_equal(lanes, expected), f"{name} {dtype}")


with Check("onnx-containers") as check:
    package = pathlib.Path(onnx.__file__).parent
    held = {"C128", "U4", "I4", "U2", "I2"}  # Types that safetensors has not.
    for path in sorted(package.rglob("*.onnx"))[::6] + sorted((FIXTURES / "onnx").glob("*.onnx")):
        expected = stored(path)[0]
        if path.name == "bitmask_selfexpanding.onnx":
            continue
        if held & {one.dtype for one in expected.values()} or not expected:
            done = convert(path, check.folder / "none.safetensors")
            if expected:
                refused(check, "types that safetensors has not are refused in one line", done, path.name)
        else:
            check_safetensors(check, path, path.name)
        if expected:
            check_gguf(check, path, path.name)
    check_made(check)
    compared(check, "safetensors hold what numpy_helper has: dense", "safetensors hold what numpy_helper has: auto",
             "gguf reads what numpy_helper has", "--type gives the numbers that numpy casts")
