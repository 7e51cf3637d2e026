"""Writes tensors.tsv: what the onnx package (1.23.2) finds in the models of this folder.

    python make-tensors.py > tensors.tsv

Columns: file, place, name (of initializers; else of the attribute), element type, dimensions, where the elements
are.
Of sparse tensors that is where values and indices are, how the latter are written, and how many there are.
"""
import glob
import os

import onnx

here = os.path.dirname(os.path.abspath(__file__))
TYPES = onnx.TensorProto.DataType
FIELDS = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")


def stored(tensor):
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        return "external:" + {e.key: e.value for e in tensor.external_data}["location"]
    return next((field for field in FIELDS if len(getattr(tensor, field))), "none")


def dims(values):
    return "x".join(map(str, values)) or "scalar"


def line(file, place, name, type_name, shape, where):
    print(file, place, name.replace("\0", "\\0") or "-", type_name, shape, where, sep="\t")


def tensor(file, place, name, t):
    line(file, place, name, TYPES.Name(t.data_type), dims(t.dims), stored(t))


def sparse(file, place, name, s):
    kind = "coordinates" if len(s.indices.dims) == 2 else "linear"
    where = f"{stored(s.values)}+{stored(s.indices)}:{kind}:{s.values.dims[0]}"
    line(file, place, name, TYPES.Name(s.values.data_type), dims(s.dims), where)


def plain(file, a):
    """The forms of Constant that hold no tensor."""
    kinds = {
        "value_float": ("FLOAT", "scalar"), "value_floats": ("FLOAT", str(len(a.floats))),
        "value_int": ("INT64", "scalar"), "value_ints": ("INT64", str(len(a.ints))),
        "value_string": ("STRING", "scalar"), "value_strings": ("STRING", str(len(a.strings))),
    }
    if a.name in kinds:
        line(file, "attribute", a.name, *kinds[a.name], "plain")


def attribute(file, a, is_constant):
    # By field number, as writers write them.
    if a.HasField("t"):
        tensor(file, "attribute", a.name, a.t)
    if a.HasField("g"):
        graph(file, a.g)
    for t in a.tensors:
        tensor(file, "attribute", a.name, t)
    for g in a.graphs:
        graph(file, g)
    if a.HasField("sparse_tensor"):
        sparse(file, "attribute", a.name, a.sparse_tensor)
    for s in a.sparse_tensors:
        sparse(file, "attribute", a.name, s)
    if is_constant:
        plain(file, a)


def nodes(file, found):
    for node in found:
        for a in node.attribute:
            attribute(file, a, node.op_type == "Constant")


def graph(file, g):
    nodes(file, g.node)
    for t in g.initializer:
        tensor(file, "initializer", t.name, t)
    for s in g.sparse_initializer:
        sparse(file, "sparseInitializer", s.values.name, s)


for path in sorted(glob.glob(os.path.join(here, "*.onnx"))):
    file = os.path.basename(path)
    model = onnx.load(path, load_external_data=False)
    graph(file, model.graph)
    for training in model.training_info:
        graph(file, training.initialization)
        graph(file, training.algorithm)
    for function in model.functions:
        nodes(file, function.node)
        for a in function.attribute_proto:
            attribute(file, a, False)
