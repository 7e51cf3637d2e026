"""Models for the checks of ONNX: products and convolutions with random weights, and running them in onnxruntime."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

TYPES = {"F32": (TensorProto.FLOAT, np.float32, np.uint32), "F16": (TensorProto.FLOAT16, np.float16, np.uint16)}
# A NaN with a payload, and minus zero.
ODD = {"F32": (0x7FC1_2345, 0x8000_0000), "F16": (0x7E2B, 0x8000)}
# Operator, its attributes, and the extents of its data and its weight.
OPERATORS = {
    "matmul": ("MatMul", {}, (5, 48), (48, 40)),
    "matmul_batched": ("MatMul", {}, (2, 5, 24), (2, 24, 13)),
    "gemm": ("Gemm", {}, (5, 40), (40, 24)),
    "gemm_transb": ("Gemm", {"transB": 1}, (5, 33), (21, 33)),
    "conv": ("Conv", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}, (1, 12, 6, 6), (16, 12, 3, 3)),
    "conv_groups": ("Conv", {"kernel_shape": [3, 3], "group": 4}, (2, 16, 5, 5), (8, 4, 3, 3)),
}


def weight(random, dtype, shape, zeros, odd=True, nan=True):
    """Random normal numbers, a share of them zero; with `odd`, some minus zeros and, with `nan`, one with a payload."""
    _, kind, lane = TYPES[dtype]
    values = random.standard_normal(shape).astype(kind)
    values[random.random(shape) < zeros] = 0
    bits = values.view(lane).reshape(-1).copy()
    if odd:
        payload, minus = ODD[dtype]
        places = random.permutation(bits.size)
        if nan:
            bits[places[0]] = payload
        bits[places[1:6]] = minus
    return bits.view(kind).reshape(shape)


def saved(path, nodes, dtype, data, outputs, tensors, opset=21, ir_version=10, inputs=(), functions=()):
    """Writes a model of one input `x`; the extents of its outputs are left open."""
    kind = TYPES[dtype][0]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", kind, data), *inputs],
        [helper.make_tensor_value_info(name, kind, [None] * rank) for name, rank in outputs], tensors)
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid("my", 1)] * bool(functions)
    model = helper.make_model(graph, opset_imports=imports, ir_version=ir_version, functions=functions,
                              producer_name="interop")
    onnx.save(model, path)
    return model


def product(path, name, dtype, array, opset=21, ir_version=10, shown=True):
    """A model of one operator; with `shown` its second output is the weight, turned over so that nothing folds."""
    operator, attributes, data, shape = OPERATORS[name]
    rank = len(data)
    nodes = [helper.make_node(operator, ["x", "w"], ["y"], name="product", **attributes)]
    outputs = [("y", rank)]
    if shown:
        nodes.append(helper.make_node("Transpose", ["w"], ["t"], perm=list(range(len(shape)))[::-1]))
        outputs.append(("t", len(shape)))
    return saved(path, nodes, dtype, data, outputs, [numpy_helper.from_array(array.reshape(shape), "w")], opset, ir_version)


def data_for(random, name, dtype):
    """Random data for the operator's other input."""
    return random.standard_normal(OPERATORS[name][2]).astype(TYPES[dtype][1])


def outputs(path, data, folding=True):
    """What onnxruntime computes of a model file: the bits of each output. Without `folding` it runs node by node."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    if not folding:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return [(part.dtype, part.shape, part.tobytes()) for part in session.run(None, {"x": data})]


def checked(check, rule, path, what):
    """Whether onnx's checker takes a model file, with shapes inferred."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:  # Whatever it is, it does not take it.
        return check.expect(rule, False, f"{what}: {type(error).__name__}: {str(error)[:300]}")
    return check.expect(rule, True)


def runs_equal(check, rule, path, data, expected, what, folding=True):
    """Whether onnxruntime computes the same bits."""
    try:
        found = outputs(path, data, folding)
    except Exception as error:
        return check.expect(rule, False, f"{what}: {type(error).__name__}: {str(error)[:300]}")
    return check.expect(rule, found == expected, f"{what}: outputs differ: {[a == b for a, b in zip(found, expected)]}")
