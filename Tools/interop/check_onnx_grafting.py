"""Weights of a safetensors file put into a graph: what onnx itself builds of them, tensor by tensor, and runs as it."""

import shutil
import subprocess

import numpy as np
import onnx
from onnx import helper, numpy_helper

from harness import LACUNA, Check, write
from onnx_building import TYPES, checked, outputs, runs_equal, saved, weight
from onnx_reading import compared, stored

# Three products and a bias; the extents of each tensor.
SHAPES = {"conv.weight": (8, 3, 3, 3), "fc1.weight": (128, 40), "fc1.bias": (40,), "fc2.weight": (24, 40), "square": (24, 24)}


def network(path, dtype, tensors):
    """A small network that onnx builds with these weights, and shows of."""
    nodes = [
        helper.make_node("Conv", ["x", "conv.weight"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("Reshape", ["c", "rows"], ["r"]),
        helper.make_node("MatMul", ["r", "fc1.weight"], ["m"]),
        helper.make_node("Add", ["m", "fc1.bias"], ["a"]),
        helper.make_node("Gemm", ["a", "fc2.weight"], ["g"], transB=1),
        helper.make_node("MatMul", ["g", "square"], ["y"]),
    ]
    stored = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    stored.append(numpy_helper.from_array(np.array([-1, 128], np.int64), "rows"))
    return saved(path, nodes, dtype, (2, 3, 10, 10), [("y", 2)], stored)


def random_weights(check, dtype, zeros=0.5):
    """A weight for each name; a NaN in the last alone, since it spreads to all that comes after."""
    return {name: weight(check.random, dtype, shape, zeros, nan=name == "square") for name, shape in SHAPES.items()}


def bits(dtype, array):
    return dtype, np.ascontiguousarray(array).view(TYPES[dtype][2])


def graft(source, target, base, *options):
    """The run that does it, in the folder of the output."""
    return subprocess.run([LACUNA, "convert", source, target, "--graph", base, "--force", *options], capture_output=True)


def same_tensors(check, rule, found, expected, what):
    """Whether two model files hold the same bits under the same names."""
    left, right = ({name: one.digest for name, one in stored(path)[0].items()} for path in (found, expected))
    check.expect(rule, left == right, f"{what}: {[name for name in right if left.get(name) != right[name]]} {left.keys() ^ right.keys()}")


def check_graft(check, dtype, layout):
    """All weights at once, some of them turned over as PyTorch has them."""
    folder = check.folder
    base, expected, target = folder / "base.onnx", folder / "expected.onnx", folder / "out.onnx"
    network(base, dtype, random_weights(check, dtype))
    fresh = random_weights(check, dtype, 0.9 if layout else 0.5)
    network(expected, dtype, fresh)
    data = check.random.standard_normal((2, 3, 10, 10)).astype(TYPES[dtype][1])
    before = outputs(expected, data)
    source = folder / "weights.safetensors"
    for turned in ((), ("fc1.weight", "fc2.weight")):
        tensors = {name: bits(dtype, array.T if name in turned else array) for name, array in fresh.items()}
        write(source, tensors)
        what = f"{dtype} {layout} {turned}"
        done = graft(source, target, base, "--verify", *layout)
        if not check.expect("grafting succeeds", done.returncode == 0, f"{what}: {done.stderr.decode()[:300]}"):
            continue
        said = (done.stdout + done.stderr).decode()
        check.expect("transposition is stated", ("transposed" in said) == bool(turned), f"{what}: {said[-400:]}")
        check.expect("square matrices are warned of", "square" in said, f"{what}: {said[-400:]}")
        if "bitmask" not in layout:
            same_tensors(check, "the grafted model holds what onnx builds", target, expected, what)
        checked(check, "check_model(full_check=True) passes", target, what)
        runs_equal(check, "onnxruntime computes what onnx's model computes", target, data, before, what)
        if not layout:
            check.expect("the grafted model is onnx's, byte for byte", target.read_bytes() == expected.read_bytes(), what)


def check_refusals(check):
    """What does not fit, and what has no place."""
    folder = check.folder
    base, expected, target, source = (folder / name for name in ("base.onnx", "expected.onnx", "out.onnx", "odd.safetensors"))
    old = random_weights(check, "F32")
    network(base, "F32", old)
    fresh = random_weights(check, "F32")
    target.unlink(missing_ok=True)
    cases = {
        "type": ({"fc1.weight": bits("F16", fresh["fc1.weight"].astype(np.float16))}, ["fc1.weight", "F16", "F32"]),
        "shape": ({"fc1.weight": bits("F32", fresh["fc1.weight"][:-1])}, ["fc1.weight", "127", "128"]),
        "rank": ({"fc1.weight": bits("F32", fresh["fc1.weight"].reshape(-1))}, ["fc1.weight", "5120"]),
        "turned tensor of rank 4": ({"conv.weight": bits("F32", fresh["conv.weight"].transpose(3, 2, 1, 0))}, ["conv.weight"]),
        "no name": ({"other": bits("F32", fresh["fc1.weight"])}, ["name"]),
    }
    for what, (tensors, words) in cases.items():
        write(source, tensors)
        done = graft(source, target, base)
        line = done.stderr.decode()
        check.expect("what does not fit is refused in a line that says why", done.returncode == 65 and not target.exists()
                     and line.count("\n") == 1 and all(word in line for word in words), f"{what}: {done.returncode} {line}")
    # Some names only: the rest stays; names that the graph has not are noted; --type makes types fit.
    some = {"fc1.weight": fresh["fc1.weight"], "conv.weight": fresh["conv.weight"]}
    network(expected, "F32", old | some)
    write(source, {name: bits("F32", array) for name, array in some.items()} | {"stranger": bits("F32", fresh["fc1.bias"])})
    done = graft(source, target, base)
    said = (done.stdout + done.stderr).decode()
    check.expect("unmatched names are noted", done.returncode == 0 and "stranger" in said and "fc2.weight" in said, said[-500:])
    same_tensors(check, "the rest of the graph stays", target, expected, "some")
    half = {name: array.astype(np.float16) for name, array in some.items()}
    network(expected, "F32", old | {name: array.astype(np.float32) for name, array in half.items()})
    write(source, {name: bits("F16", array) for name, array in half.items()})
    done = graft(source, target, base, "--type", "f32")
    check.expect("--type makes types fit", done.returncode == 0, done.stderr.decode())
    same_tensors(check, "--type gives the numbers", target, expected, "f16 as f32")


def checked_external(check, rule, path, expected_path, data, expected, what):
    """A model with elements in other files: for the checker, for onnxruntime, and for onnx's own loading."""
    checked(check, f"check_model(full_check=True) passes: {rule}", path, what)
    runs_equal(check, f"onnxruntime computes the same bits: {rule}", path, data, expected, what)
    same_tensors(check, f"onnx reads the same elements: {rule}", path, expected_path, what)


def check_external(check, dtype):
    """Elements beside the model: where they are already, in a new file, and in the model again."""
    folder = check.folder / f"external-{dtype}"
    folder.mkdir()
    base, expected, target, source = (folder / name for name in ("base.onnx", "expected.onnx", "out.onnx", "weights.safetensors"))
    network(base, dtype, random_weights(check, dtype))
    fresh = random_weights(check, dtype)
    network(expected, dtype, fresh)
    data = check.random.standard_normal((2, 3, 10, 10)).astype(TYPES[dtype][1])
    before = outputs(expected, data)
    check.expect("outputs are numbers", np.isfinite(np.frombuffer(before[0][2], before[0][0]).astype(np.float32)).mean() > 0.9)
    write(source, {name: bits(dtype, array) for name, array in fresh.items()})
    digest = source.read_bytes()

    done = graft(source, target, base, "--external-data", source.name)
    if check.expect("elements can stay in the safetensors file", done.returncode == 0, done.stderr.decode()):
        checked_external(check, "shared", target, expected, data, before, dtype)
        check.expect("nothing is copied, nothing changed", target.stat().st_size < base.stat().st_size // 4
                     and source.read_bytes() == digest and sum(1 for _ in folder.iterdir()) == 4, list(folder.iterdir()))
        check_again(check, target, expected, data, before, f"{dtype} shared")

    write(source, {name: bits(dtype, array.T if name == "fc1.weight" else array) for name, array in fresh.items()})
    done = graft(source, target, base, "--external-data", source.name, "--verify")
    if check.expect("what is turned over cannot stay there", done.returncode == 0, done.stderr.decode()):
        checked_external(check, "shared, one turned over", target, expected, data, before, dtype)

    target = folder / "data.onnx"
    for what, options in (("whole", (expected, target, "--external-data", "data.bin")),
                          ("grafted", (source, target, "--graph", base, "--external-data", "data.bin"))):
        done = subprocess.run([LACUNA, "convert", *options, "--force"], capture_output=True)
        if check.expect("elements can go to a file", done.returncode == 0, f"{what}: {done.stderr.decode()}"):
            checked_external(check, "data file", target, expected, data, before, f"{dtype} {what}")
            check.expect("the data file is used", (folder / "data.bin").stat().st_size > 4096, what)
            check_again(check, target, expected, data, before, f"{dtype} {what}")


def check_again(check, path, expected, data, before, what):
    """A model with external data, written once more: as it is, elsewhere, whole, and by onnx."""
    whole = path.with_name("whole.onnx")
    done = subprocess.run([LACUNA, "convert", path, whole, "--external-data", "never", "--force"], capture_output=True)
    if check.expect("--external-data never succeeds", done.returncode == 0, f"{what}: {done.stderr.decode()}"):
        moved = path.parent / "alone" / "whole.onnx"
        moved.parent.mkdir(exist_ok=True)
        shutil.copy(whole, moved)
        checked_external(check, "never", moved, expected, data, before, what)
        shutil.rmtree(moved.parent)
    whole.unlink(missing_ok=True)
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run([LACUNA, "convert", path, elsewhere / "m.onnx", "--force"], capture_output=True)
    if check.expect("unchanged models take their data along", done.returncode == 0, f"{what}: {done.stderr.decode()}"):
        check.expect("unchanged models come back byte for byte", (elsewhere / "m.onnx").read_bytes() == path.read_bytes(), what)
        checked_external(check, "taken along", elsewhere / "m.onnx", expected, data, before, what)
    shutil.rmtree(elsewhere)
    for layout in ("csr", "bitmask", "dense"):
        sparse = path.with_name("layout.onnx")
        done = subprocess.run([LACUNA, "convert", path, sparse, "--layout", layout, "--force"], capture_output=True)
        if check.expect("models with external data take layouts", done.returncode == 0, f"{what}: {layout}: {done.stderr.decode()}"):
            checked(check, f"check_model(full_check=True) passes: external, {layout}", sparse, what)
            runs_equal(check, f"onnxruntime computes the same bits: external, {layout}", sparse, data, before, what)
        sparse.unlink(missing_ok=True)


def check_theirs(check):
    """External data as onnx writes them: one file, one file per tensor."""
    folder = check.folder / "theirs"
    folder.mkdir()
    expected = folder / "expected.onnx"
    model = network(expected, "F32", random_weights(check, "F32"))
    data = check.random.standard_normal((2, 3, 10, 10)).astype(np.float32)
    before = outputs(expected, data)
    for what, options in (("one file", {"all_tensors_to_one_file": True, "location": "theirs.data"}),
                          ("a file for each", {"all_tensors_to_one_file": False})):
        path = folder / "theirs.onnx"
        onnx.save_model(onnx.load(expected), path, save_as_external_data=True, size_threshold=100, **options)
        check_again(check, path, expected, data, before, what)


def check_part(check):
    """Some weights into a model whose elements lie beside it."""
    folder = check.folder / "part"
    folder.mkdir()
    whole, base, expected, target, source = (folder / name for name in (
        "whole.onnx", "base.onnx", "expected.onnx", "out.onnx", "weights.safetensors"))
    old, fresh = random_weights(check, "F32"), random_weights(check, "F32")
    network(whole, "F32", old)
    onnx.save_model(onnx.load(whole), base, save_as_external_data=True, location="base.data", size_threshold=100)
    network(expected, "F32", old | {"fc2.weight": fresh["fc2.weight"]})
    data = check.random.standard_normal((2, 3, 10, 10)).astype(np.float32)
    before = outputs(expected, data)
    write(source, {"fc2.weight": bits("F32", fresh["fc2.weight"])})
    kept = (folder / "base.data").read_bytes()
    for options in ((), ("--external-data", "never"), ("--external-data", "new.data"), ("--external-data", source.name)):
        done = graft(source, target, base, *options)
        if check.expect("a part of the weights is grafted", done.returncode == 0, f"{options}: {done.stderr.decode()}"):
            checked_external(check, "part", target, expected, data, before, f"part {options}")
            outside = [one.name for one in onnx.load(target, load_external_data=False).graph.initializer if one.data_location]
            if "never" in options:
                check.expect("with never, nothing lies outside", outside == [], f"part: {outside}")
    done = graft(source, target, base, "--external-data", "base.data")
    check.expect("a file that is read is not written", done.returncode == 73 and (folder / "base.data").read_bytes() == kept, done.stderr.decode())


with Check("onnx-grafting") as check:
    for dtype in TYPES:
        for layout in ((), ("--layout", "csr"), ("--layout", "bitmask"), ("--layout", "auto")):
            check_graft(check, dtype, layout)
        check_external(check, dtype)
    check_refusals(check)
    check_theirs(check)
    check_part(check)
    compared(check, "the grafted model holds what onnx builds", "the grafted model is onnx's, byte for byte",
             "onnxruntime computes what onnx's model computes", "onnxruntime computes the same bits: shared",
             "onnxruntime computes the same bits: data file", "onnxruntime computes the same bits: never",
             "what does not fit is refused in a line that says why", "unmatched names are noted")
