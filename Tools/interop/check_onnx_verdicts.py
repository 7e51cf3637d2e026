"""N:M verdicts on ONNX models: along the axis that the operator sums over, group by group as numpy counts them."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from harness import Check, report
from onnx_reading import compared

# Operator, attributes, which input the weight is, its extents, the axis that is summed over.
CASES = [
    ("MatMul", {}, 1, (24, 10), 0), ("MatMul", {}, 0, (10, 24), 1), ("MatMul", {}, 1, (3, 16, 5), 1),
    ("MatMul", {}, 0, (2, 3, 8), 2), ("MatMul", {}, 1, (18, 6), 0), ("Gemm", {}, 1, (16, 12), 0),
    ("Gemm", {"transB": 1}, 1, (12, 16), 1), ("Gemm", {"transA": 1}, 0, (16, 5), 0), ("Gemm", {}, 0, (5, 16), 1),
    ("Gemm", {"transB": 1}, 1, (12, 15), 1), ("Conv", {}, 1, (8, 16, 3, 3), 1), ("Conv", {"group": 4}, 1, (8, 4, 3, 3), 1),
    ("Conv", {}, 1, (6, 6, 1), 1), ("Conv", {}, 1, (5, 8, 2, 3, 2), 1), ("ConvTranspose", {}, 1, (16, 4, 3, 3), 0),
]
# What may stand between a weight and its operator, and what becomes of the axis then.
BETWEEN = ["", "Identity", "Transpose", "Cast", "DequantizeLinear", "QuantizeLinear"]
PATTERNS = [(2, 4), (1, 4), (4, 8)]


def weights(random, shape, axis, kept, group, violations, zero):
    """Integers with at most `kept` of `group` other than `zero` along an axis, but for some groups."""
    values = random.integers(1, 100, size=shape)
    rows = np.moveaxis(values, axis, -1)
    rows = rows.reshape(-1, rows.shape[-1]).copy()
    for row in rows:
        for start in range(0, len(row), group):
            size = len(row[start : start + group])
            row[start : start + group][random.permutation(size)[: max(0, size - int(random.integers(0, kept + 1)))]] = 0
    for _ in range(violations):
        row, start = int(random.integers(len(rows))), int(random.integers(max(1, rows.shape[1] // group))) * group
        rows[row, start : start + kept + 1] = 7
    moved = tuple(np.delete(shape, axis)) + (shape[axis],)
    return np.moveaxis(rows.reshape(moved), -1, axis) + zero


def counted(values, axis, kept, group, tail):
    """A loop over all groups: how many, which are short, how many nonzeros each has, and which have too many.

    Short groups are counted as if zeros followed, unless they are ignored.
    """
    rows = np.moveaxis(values, axis, -1)
    rows = rows.reshape(-1, rows.shape[-1])
    histogram, ragged, violating = [0] * (group + 1), 0, []
    for number, row in enumerate(rows):
        for place, start in enumerate(range(0, len(row), group)):
            part = row[start : start + group]
            if len(part) < group:
                ragged += 1
                if tail == "ignore":
                    continue
            nonzeros = sum(1 for value in part if value != 0)
            histogram[nonzeros] += 1
            if nonzeros > kept:
                violating.append((number, place, start, nonzeros))
    return sum(histogram), ragged, histogram, violating


def model(path, case, between, values, zero, axis):
    """Writes a model whose weight is consumed so; the extents of everything else are left open."""
    operator, attributes, position, shape, _ = case
    kind = np.uint8 if between == "DequantizeLinear" else np.float64 if between == "Cast" else np.float32
    perm = list(range(len(shape)))[::-1]
    stored = np.transpose(values, np.argsort(perm)) if between == "Transpose" else values
    tensors, nodes, operand = [numpy_helper.from_array(stored.astype(kind), "w")], [], "w"
    if between:
        inputs, more = ["w"], {}
        if between == "Transpose":
            more = {"perm": perm}
        elif between == "Cast":
            more = {"to": TensorProto.FLOAT}
        elif between.endswith("Linear"):
            channels = shape[1 - axis] if len(shape) == 2 else None
            scale = np.full(channels or (), 0.5, np.float32)
            point = np.full(channels or (), zero, np.uint8)
            tensors += [numpy_helper.from_array(scale, "s"), numpy_helper.from_array(point, "z")]
            inputs, more = ["w", "s", "z"], {"axis": 1 - axis} if channels else {}
        nodes.append(helper.make_node(between, inputs, ["v"], **more))
        operand = "v"
        if between == "QuantizeLinear":
            nodes.append(helper.make_node("DequantizeLinear", ["v", "s", "z"], ["d"], **more))
            operand = "d"
    operands = ["x", operand] if position == 1 else [operand, "x"]
    nodes.append(helper.make_node(operator, operands, ["y"], **attributes))
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


def check_case(check, case, between, kept, group, violations):
    """One model, and what is said of its weight."""
    operator, _, _, shape, axis = case
    zero = 128 if between == "DequantizeLinear" else 0
    values = weights(check.random, shape, axis, kept, group, violations, zero)
    path = check.folder / "m.onnx"
    model(path, case, between, values, zero, axis)
    along = len(shape) - 1 - axis if between == "Transpose" else axis
    # Rows are counted in the tensor as it is stored.
    stored = np.transpose(values) if between == "Transpose" else values
    for tail in ("error", "ignore", "pad") if shape[axis] % group else ("error",):
        groups, ragged, histogram, violating = counted(stored.astype(int) - zero, along, kept, group, tail)
        document = report("validate", "--pattern", f"{kept}:{group}", "--tail", tail, path, codes=(0, 1))
        found = [one for one in document["tensors"] if one["name"] == "w"][0]
        what = f"{operator} {case[1]} {shape} {between} {kept}:{group} {tail}: {str(found)[:500]}"
        check.expect("the axis is the one that is summed over", (found["axis"], found["axis_evidence"]) == (along, "graph"), what)
        if groups == 0:
            continue
        compliant = not violating and (ragged == 0 or tail != "error")
        check.expect("the verdict is numpy's", (found["status"] == "compliant") == compliant == document["compliant"], what)
        check.expect("groups are numpy's", (found["groups"], found["ragged_groups"], found["violating_groups"], found["histogram"])
                     == (groups, ragged, len(violating), histogram), f"{what}\n {groups} {ragged} {len(violating)} {histogram}")
        listed = [(one["row"], one["group"], one["first_index"], one["nonzeros"]) for one in found["first_violations"]]
        check.expect("the first violations are numpy's", listed == violating[: len(listed)] and bool(listed) == bool(violating), what)


def check_types(check, kind, violations):
    """What NVIDIA's own checker misjudges or skips: BF16 weights, and INT8 ones behind DequantizeLinear."""
    values = weights(check.random, (24, 12), 0, 2, 4, violations, 0)
    tensors, nodes, operand = [], [], "w"
    if kind == "BF16":
        bits = values.astype(np.float32).view(np.uint32) >> 16
        tensor = helper.make_tensor("w", TensorProto.BFLOAT16, values.shape, bits.astype(np.uint16).tobytes(), raw=True)
        tensors.append(tensor)
    else:
        tensors += [numpy_helper.from_array(values.astype(np.int8), "w"), numpy_helper.from_array(np.full(12, 0.5, np.float32), "s"),
                    numpy_helper.from_array(np.zeros(12, np.int8), "z")]
        nodes.append(helper.make_node("DequantizeLinear", ["w", "s", "z"], ["d"], axis=1))
        operand = "d"
    nodes.append(helper.make_node("MatMul", ["x", operand], ["y"]))
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], tensors)
    path = check.folder / "types.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    document = report("validate", "--for", "tensorrt", path, codes=(0, 1))
    found = [one for one in document["tensors"] if one["name"] == "w"][0]
    expected = "violating" if counted(values, 0, 2, 4, "error")[3] else "compliant"
    check.expect("types that other checkers misjudge: the verdict is numpy's", found["status"] == expected, str(found)[:500])


with Check("onnx-verdicts") as check:
    for kind in ("BF16", "INT8"):
        for violations in (0, 1, 20):
            check_types(check, kind, violations)
    for case in CASES:
        for number, between in enumerate(BETWEEN):
            if between.endswith("Linear") and case[0] == "ConvTranspose":
                continue
            kept, group = PATTERNS[number % len(PATTERNS)]
            for violations in (0, 3):
                check_case(check, case, between, kept, group, violations)
    compared(check, "the verdict is numpy's", "groups are numpy's", "the first violations are numpy's")
