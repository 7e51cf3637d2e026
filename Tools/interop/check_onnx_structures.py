"""Sparse tensors wherever a model may hold weights: bodies, functions, Constants, old versions, odd names."""

import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from harness import LACUNA, Check, run
from onnx_building import TYPES, checked, outputs, product, runs_equal, saved, weight
from onnx_reading import compared, stored

FORMS = {"sparse_value": ["--layout", "csr"], "bitmask": ["--layout", "bitmask"], "auto": ["--layout", "auto"],
         "sparse_initializer": ["--layout", "csr", "--sparse-initializers"]}
DATA = (3, 32)
# Models whose tensors stay as they are in some forms: Constants, and the mask's nodes, are of opset 11; a function has no
# initializers; what callers set is no Constant; what a graph hands out is not to become sparse.
NODES, SPARSE = {"sparse_value", "auto", "bitmask"}, {"sparse_value", "auto", "sparse_initializer"}
STAY = {
    "opset 8, IR 3": NODES, "opset 9, IR 4": NODES, "opset 10, IR 5": NODES, "opset 10 with Constants": NODES,
    "a weight that callers can set": NODES, "a function": {"bitmask", "sparse_initializer"}, "an output of the graph": SPARSE,
    "no zeros": {"auto"}, "QDQ uint8": {"auto"},
}


def tensor(check, name, dtype="F32", shape=(32, 32), zeros=0.9):
    """A weight that is worth to be sparse."""
    return numpy_helper.from_array(weight(check.random, dtype, shape, zeros, odd=False), name)


def output(name, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, None)


def multiply(left, right, to, **more):
    return helper.make_node("MatMul", [left, right], [to], **more)


def models(check):
    """Models by what is special about them: nodes, tensors and what `saved` takes besides."""
    w = lambda name, **more: tensor(check, name, **more)
    constant = lambda name, **more: helper.make_node("Constant", [], [name], value=w("", **more))
    yield "constant", [constant("w"), multiply("x", "w", "y")], [], {}
    yield "constant behind its reader's graph input", [constant("w", shape=(32, 32)), helper.make_node("Transpose", ["w"], ["t"]),
                                                           multiply("x", "t", "y")], [], {}
    yield "two readers", [multiply("x", "w", "a"), multiply("a", "w", "y")], [w("w")], {}
    yield "ten weights", [
        multiply(f"v{i}" if i else "x", f"w{i}", f"v{i + 1}" if i < 9 else "y") for i in range(10)], [w(f"w{i}") for i in range(10)], {}
    yield "names that are taken", [multiply("x", "w", "w.mask"), multiply("w.mask", "w.shape", "y")], [w("w"), w("w.shape")], {}
    yield "names that the mask's nodes would like", [
        multiply("x", "w", "bitmask.left"), multiply("bitmask.left", "w.values", "y", name="w.bits")], [w("w"), w("w.values")], {}
    yield "odd names", [multiply("x", "ä/ .#2\"\n", "a"), multiply("a", "w#2", "y")], [w("ä/ .#2\"\n"), w("w#2")], {}
    body = lambda n: helper.make_graph([multiply("x", f"in{n}", f"o{n}")], f"body{n}", [], [output(f"o{n}")], [w(f"in{n}")])
    condition = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.array(True)))
    yield "branches", [condition, helper.make_node("If", ["c"], ["y"], then_branch=body(1), else_branch=body(2))], [], {}
    deep = helper.make_graph([helper.make_node("If", ["c"], ["deep"], then_branch=body(3), else_branch=body(4))], "deep", [], [output("deep")], [])
    yield "branches of branches", [condition, helper.make_node("If", ["c"], ["y"], then_branch=deep, else_branch=body(5))], [], {}
    outer = helper.make_graph([multiply("x", "w", "oo")], "outer", [], [output("oo")], [])
    yield "a weight of the outer graph", [condition, helper.make_node("If", ["c"], ["y"], then_branch=outer, else_branch=body(6))], [w("w")], {}
    shadow = helper.make_graph([constant("w"), multiply("x", "w", "os")], "shadow", [], [output("os")], [])
    yield "constants in branches", [condition, helper.make_node("If", ["c"], ["y"], then_branch=shadow, else_branch=body(7))], [], {}
    loop = helper.make_graph([helper.make_node("Identity", ["ci"], ["co"]), multiply("s", "wl", "so")], "loop",
                             [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("ci", TensorProto.BOOL, []),
                              helper.make_tensor_value_info("s", TensorProto.FLOAT, DATA)],
                             [helper.make_tensor_value_info("co", TensorProto.BOOL, []), output("so")], [w("wl")])
    trips = numpy_helper.from_array(np.array(2, np.int64), "n")
    yield "a loop", [condition, helper.make_node("Loop", ["n", "c", "x"], ["y"], body=loop)], [trips], {}
    function = helper.make_function("my", "F", ["a"], ["b"], [constant("w"), multiply("a", "w", "b")], [helper.make_opsetid("", 21)])
    yield "a function", [
        helper.make_node("F", ["x"], ["h"], domain="my"), helper.make_node("F", ["h"], ["y"], domain="my")], [], {"functions": [function]}
    for opset, ir in ((8, 3), (9, 4), (10, 5), (11, 6), (12, 7), (13, 8), (17, 8), (21, 10)):
        inputs = [helper.make_tensor_value_info("w", TensorProto.FLOAT, [32, 32])] if ir == 3 else []
        yield f"opset {opset}, IR {ir}", [multiply("x", "w", "y")], [w("w")], {"opset": opset, "ir_version": ir, "inputs": inputs}
    yield "opset 10 with Constants", [constant("w"), multiply("x", "w", "y")], [], {"opset": 10, "ir_version": 5}
    yield "a weight that callers can set", [multiply("x", "w", "y")], [w("w")], {
        "inputs": [helper.make_tensor_value_info("w", TensorProto.FLOAT, [32, 32])]}
    yield "no element but zeros", [multiply("x", "w", "y")], [w("w", zeros=1.1)], {}
    yield "no zeros", [multiply("x", "w", "y")], [w("w", zeros=0)], {}
    yield "five axes", [helper.make_node("Reshape", ["w", "s"], ["r"]), multiply("x", "r", "y")], \
        [w("w", shape=(2, 4, 4, 8, 4)), numpy_helper.from_array(np.array([32, 32], np.int64), "s")], {}
    yield "Gather", [helper.make_node("Cast", ["x"], ["k"], to=TensorProto.INT64), helper.make_node("Clip", ["k", "lo", "hi"], ["l"]),
                     helper.make_node("Gather", ["w", "l"], ["g"]),
                     helper.make_node("ReduceSum", ["g", "last"], ["y"], keepdims=0)], \
        [w("w"), numpy_helper.from_array(np.array(0, np.int64), "lo"), numpy_helper.from_array(np.array(31, np.int64), "hi"),
         numpy_helper.from_array(np.array([2], np.int64), "last")], {}
    codes = weight(check.random, "F32", (32, 32), 0.9, odd=False)
    for kind, zero in ((np.int8, 0), (np.uint8, 128)):
        quantized = numpy_helper.from_array((np.clip(np.rint(codes * 40), -100, 100) + zero).astype(kind), "w")
        parameters = [numpy_helper.from_array(np.full(32, 0.025, np.float32), "s"),
                      numpy_helper.from_array(np.full(32, zero, kind), "z")]
        nodes = [helper.make_node("DequantizeLinear", ["w", "s", "z"], ["d"], axis=1), multiply("x", "d", "y")]
        yield f"QDQ {kind.__name__}", nodes, [quantized, *parameters], {}
    double = numpy_helper.from_array(weight(check.random, "F32", (32, 32), 0.9).astype(np.float64), "w")
    yield "Cast of doubles", [helper.make_node("Cast", ["w"], ["d"], to=TensorProto.FLOAT), multiply("x", "d", "y")], [double], {}
    bits = weight(check.random, "F32", (32, 32), 0.9, odd=False).view(np.uint32) >> 16
    brain = helper.make_tensor("w", TensorProto.BFLOAT16, (32, 32), bits.astype(np.uint16).tobytes(), raw=True)
    yield "Cast of BF16", [helper.make_node("Cast", ["w"], ["d"], to=TensorProto.FLOAT), multiply("x", "d", "y")], [brain], {}
    typed = helper.make_tensor("w", TensorProto.FLOAT, (32, 32), weight(check.random, "F32", (32, 32), 0.9).reshape(-1).tolist())
    yield "float_data", [multiply("x", "w", "y")], [typed], {}
    yield "an output of the graph", [multiply("x", "w", "y")], [w("w")], {"also": ("w", 2)}


def convert(source, target, *options):
    return subprocess.run([LACUNA, "convert", source, target, "--quiet", "--force", "--verify", *options], capture_output=True)


def check_model(check, what, source, form, data, expected):
    """One form, what comes of it, and each form of that again."""
    target, second = check.folder / "sparse.onnx", check.folder / "again.onnx"
    done = convert(source, target, *FORMS[form])
    if not check.expect("conversions succeed", done.returncode == 0, f"{what}: {form}: {done.stderr.decode()[:300]}"):
        return
    stays = form in STAY.get(what, ())
    check.expect(f"tensors take the form, where they can: {form}", (target.read_bytes() == source.read_bytes()) == stays, what)
    step(check, what, form, source, target, data, expected)
    order = list(FORMS)
    for other in (order[(order.index(form) + int(check.random.integers(1, 4))) % 4], "dense"):
        done = convert(target, second, *FORMS.get(other, ["--layout", "dense"]))
        if check.expect("sparse models convert again", done.returncode == 0, f"{what}: {form} to {other}: {done.stderr.decode()[:300]}"):
            step(check, f"{what}: from {form}", other, source, second, data, expected, again=True)


def has_sparse_initializers(path):
    """Whether any are left: tensors stay as they are that cannot take a form."""
    return "sparse_initializer" in stored(path)[1].values()


def step(check, what, form, source, target, data, expected, again=False):
    """What holds for every output."""
    what, rule = f"{what}: {form}", f"{'again ' if again else ''}{form}"
    if form != "sparse_initializer" and not has_sparse_initializers(target):
        checked(check, f"check_model(full_check=True) passes: {rule}", target, what)
    runs_equal(check, f"onnxruntime computes the same bits: {rule}", target, data, expected, what)
    difference = subprocess.run([LACUNA, "diff", source, target], capture_output=True)
    check.expect("diff finds nothing", difference.returncode == 0, f"{what}: {(difference.stdout + difference.stderr).decode()[:600]}")
    if form == "dense":
        left, right = ({name: one.digest for name, one in stored(path)[0].items()} for path in (source, target))
        check.expect("dense again, tensor by tensor", left == right, f"{what}: {left.keys() ^ right.keys()}")


with Check("onnx-structures") as check:
    source = check.folder / "model.onnx"
    for what, nodes, tensors, more in models(check):
        ranks = [("y", 2)] + ([more.pop("also")] if "also" in more else [])
        saved(source, nodes, "F32", DATA, ranks, tensors, **more)
        data = np.abs(check.random.standard_normal(DATA)).astype(np.float32)
        if not checked(check, "the models are right", source, what):
            continue
        try:
            expected = outputs(source, data)
        except Exception as error:  # The model is at fault.
            check.expect("the models are right", False, f"{what}: {error}")
            continue
        for form in FORMS:
            check_model(check, what, source, form, data, expected)
    compared(check, "dense again, tensor by tensor", "diff finds nothing")
