"""What the onnx package finds in a model: every stored tensor by its scoped name, dense, as unsigned lanes."""

import hashlib
import pathlib
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper

TYPES = onnx.TensorProto
# Our names of ONNX's element types, and the bits of one element.
NAMES = {
    TYPES.FLOAT: ("F32", 32), TYPES.UINT8: ("U8", 8), TYPES.INT8: ("I8", 8), TYPES.UINT16: ("U16", 16),
    TYPES.INT16: ("I16", 16), TYPES.INT32: ("I32", 32), TYPES.INT64: ("I64", 64), TYPES.BOOL: ("BOOL", 8),
    TYPES.FLOAT16: ("F16", 16), TYPES.DOUBLE: ("F64", 64), TYPES.UINT32: ("U32", 32), TYPES.UINT64: ("U64", 64),
    TYPES.COMPLEX64: ("C64", 64), TYPES.COMPLEX128: ("C128", 128), TYPES.BFLOAT16: ("BF16", 16),
    TYPES.FLOAT8E4M3FN: ("F8_E4M3", 8), TYPES.FLOAT8E4M3FNUZ: ("F8_E4M3FNUZ", 8), TYPES.FLOAT8E5M2: ("F8_E5M2", 8),
    TYPES.FLOAT8E5M2FNUZ: ("F8_E5M2FNUZ", 8), TYPES.UINT4: ("U4", 4), TYPES.INT4: ("I4", 4), TYPES.FLOAT4E2M1: ("F4", 4),
    TYPES.FLOAT8E8M0: ("F8_E8M0", 8), TYPES.UINT2: ("U2", 2), TYPES.INT2: ("I2", 2), TYPES.FLOAT6E2M3: ("F6_E2M3", 6),
    TYPES.FLOAT6E3M2: ("F6_E3M2", 6),
}
# The forms of Constant that hold plain numbers: the attribute's field, and the type that they are.
PLAIN = {
    "value_float": ("f", np.float32), "value_floats": ("floats", np.float32), "value_int": ("i", np.int64),
    "value_ints": ("ints", np.int64),
}


@dataclass
class Found:
    """A tensor: our name of its type, its extents, its elements' bits, one lane each, and how it is stored."""
    dtype: str
    shape: tuple
    lanes: np.ndarray
    sparse: bool = False

    @property
    def data(self):
        """The dense little-endian bytes; elements of fewer than 8 bits fill them from the lowest bit on."""
        width = {name: bits for name, bits in NAMES.values()}[self.dtype]
        if width >= 8:
            return self.lanes.tobytes()
        bits = np.unpackbits(self.lanes.reshape(-1, 1), axis=1, count=width, bitorder="little")
        return np.packbits(bits.reshape(-1), bitorder="little").tobytes()

    @property
    def digest(self):
        """The digest of `inspect --digest`."""
        shape = ",".join(map(str, self.shape))
        return hashlib.sha256(self.dtype.encode() + b"\0" + shape.encode() + b"\0" + self.data).hexdigest()

    @property
    def bits(self):
        """Elements of whole bytes as safetensors' reference hands them out: type and lanes in their shape."""
        return self.dtype, self.lanes.reshape(self.shape)


def lanes(array, width):
    """The bits of an array's elements, flat."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if width == 128:
        return flat.view(np.uint64)
    bits = flat.view(f"u{max(width, 8) // 8}")
    return bits & np.uint8((1 << width) - 1) if width < 8 else bits


def dense(tensor, folder):
    """A `TensorProto` of numbers; None for strings."""
    if tensor.data_type not in NAMES:
        return None
    dtype, width = NAMES[tensor.data_type]
    array = numpy_helper.to_array(tensor, base_dir=str(folder))
    return Found(dtype, tuple(tensor.dims), lanes(array, width))


def expanded(sparse, folder):
    """A `SparseTensorProto`, as the schema explains its two kinds of indices."""
    values, shape = dense(sparse.values, folder), tuple(sparse.dims)
    whole = np.zeros(int(np.prod(shape, dtype=np.int64)), dtype=values.lanes.dtype)
    if sparse.values.dims[0]:
        indices = numpy_helper.to_array(sparse.indices, base_dir=str(folder))
        if indices.ndim == 2:
            indices = np.ravel_multi_index(tuple(indices.T), shape)
        whole[indices] = values.lanes
    return Found(values.dtype, shape, whole, sparse=True)


class Reader:
    """Goes over all places where a model holds tensors, and names what it finds as lacuna names it."""

    def __init__(self, model, folder):
        self.folder, self.tensors, self.places = folder, {}, {}
        self.graph(model.graph, "")
        for number, training in enumerate(model.training_info):
            self.graph(training.initialization, f"training{number}.initialization/")
            self.graph(training.algorithm, f"training{number}.algorithm/")
        for function in model.functions:
            domain = "" if function.domain in ("", "ai.onnx") else function.domain + "::"
            scope = f"{domain}{function.name}{':' + function.overload if function.overload else ''}/"
            for number, node in enumerate(function.node):
                self.node(node, number, scope)
            for attribute in function.attribute_proto:
                self.attribute(attribute, scope, None, "")

    def add(self, name, place, found):
        if found is None:
            return
        final, number = name, 2
        while final in self.tensors:
            final, number = f"{name}#{number}", number + 1
        self.tensors[final], self.places[final] = found, place

    def graph(self, graph, scope):
        for number, node in enumerate(graph.node):
            self.node(node, number, scope)
        for tensor in graph.initializer:
            self.add(scope + tensor.name, "initializer", dense(tensor, self.folder))
        for sparse in graph.sparse_initializer:
            self.add(scope + sparse.values.name, "sparse_initializer", expanded(sparse, self.folder))

    def node(self, node, number, scope):
        output = next(iter(node.output), "")
        label = node.name or output or f"{node.op_type}_{number}"
        is_constant = node.op_type == "Constant" and node.domain in ("", "ai.onnx") and output != ""
        for attribute in node.attribute:
            self.attribute(attribute, scope, output if is_constant else None, label + ".")

    def attribute(self, attribute, scope, constant, label):
        place = "constant" if constant else "attribute"
        name = scope + (constant or label + attribute.name)
        if attribute.HasField("t"):
            self.add(name, place, dense(attribute.t, self.folder))
        if attribute.HasField("sparse_tensor"):
            self.add(name, place, expanded(attribute.sparse_tensor, self.folder))
        if attribute.HasField("g"):
            self.graph(attribute.g, f"{scope}{label}{attribute.name}/")
        for number, tensor in enumerate(attribute.tensors):
            self.add(f"{scope}{label}{attribute.name}{number}", "attribute", dense(tensor, self.folder))
        for number, sparse in enumerate(attribute.sparse_tensors):
            self.add(f"{scope}{label}{attribute.name}{number}", "attribute", expanded(sparse, self.folder))
        for number, graph in enumerate(attribute.graphs):
            self.graph(graph, f"{scope}{label}{attribute.name}{number}/")
        if constant and attribute.name in PLAIN and not attribute.ref_attr_name:
            field, kind = PLAIN[attribute.name]
            array = np.asarray(getattr(attribute, field), dtype=kind)
            dtype = "F32" if kind is np.float32 else "I64"
            self.add(name, place, Found(dtype, array.shape, lanes(array, array.itemsize * 8)))


def stored(path):
    """Every tensor of numbers in a model file, by its scoped name; and where each is stored."""
    path = pathlib.Path(path)
    reader = Reader(onnx.load(path, load_external_data=False), path.parent)
    return reader.tensors, reader.places


def compared(check, *rules):
    """Whether each of these rules was compared at least once: a check that compares nothing has not passed."""
    for rule in rules:
        check.expect("no rule was left out", check.passed.get(rule, 0) > 0, f"nothing compared: {rule}")
