"""Writes the files of this folder with the reference library (pip install safetensors==0.8.0).

The order of metadata is the library's own and changes from run to run; everything else does not.
"""

import ctypes
import pathlib

from safetensors import TensorSpec, __version__, serialize

FOLDER = pathlib.Path(__file__).parent

# Every dtype that this library writes; it has no name for F6_E2M3 and F6_E3M2.
WIDTHS = {
    "bool": 1, "uint8": 1, "int8": 1, "float8_e5m2": 1, "float8_e4m3fn": 1, "float8_e8m0fnu": 1,
    "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float4_e2m1fn_x2": 1, "int16": 2, "uint16": 2,
    "float16": 2, "bfloat16": 2, "int32": 4, "uint32": 4, "float32": 4, "complex64": 8, "float64": 8,
    "int64": 8, "uint64": 8,
}


def write(name, tensors, metadata=None):
    kept, specs = [], {}
    for number, (key, (dtype, shape)) in enumerate(tensors.items()):
        size = WIDTHS[dtype]
        for extent in shape:
            size *= extent
        data = bytes((number * 16 + index) % 251 for index in range(size))
        buffer = ctypes.create_string_buffer(data, max(size, 1))
        kept.append(buffer)
        specs[key] = TensorSpec(
            dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffer), data_len=size)
    (FOLDER / f"reference-{name}.safetensors").write_bytes(bytes(serialize(specs, metadata)))


assert __version__ == "0.8.0"
write("dtypes", {f"{place}.{dtype}": (dtype, [2, 3]) for place in "ba" for dtype in WIDTHS})
write(
    "names",
    {
        "z": ("float32", [2]),
        "a": ("float32", []),
        "B": ("float32", [0, 3]),
        "": ("float32", [1]),
        "caf\u00e9": ("float32", [1]),
        "cafe\u0301": ("float32", [2]),
        "\U0001f9ca/\u6c34": ("float32", [1, 1, 1]),
        'quote " backslash \\ slash /': ("float32", [1]),
        "controls \x00\x01\x08\t\n\x0c\r\x1f\x7f\x80": ("float32", [1]),
        "separators \u2028\u2029": ("float32", [1]),
        "\uffff": ("float32", [1]),
        "\U00010000": ("float32", [1]),
        "model.layers.10.weight": ("bool", [5]),
        "model.layers.9.weight": ("bool", [3]),
    },
    {"format": "pt", "": "empty", "\u00e9": '"\\/\x00\n\x7f', "e\u0301": "", "\U0001f9ca": "\u2028"},
)
write("metadata-only", {}, {"only": "text"})
write("empty", {})
write("empty-metadata", {"a": ("uint8", [1])}, {})
