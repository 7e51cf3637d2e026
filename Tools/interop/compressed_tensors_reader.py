"""Reads folders of the library compressed-tensors with numpy alone; it shares no code with Lacuna.

A tensor is (dtype, array of unsigned lanes). `read_checkpoint` gives a Checkpoint: the tensors that are as they
are, or were sparse only, and of each quantized layer its codes, scales, zero points and values.
"""

import dataclasses
import json
import pathlib
import re

import numpy as np

from harness import read
from small_floats import E2M1, E2M3, lanes, numbers, powers_of_two, rounded, signed

SPARSE_PARTS = ("shape", "compressed", "bitmask", "row_offsets")
# What belongs to a layer's quantization and to no model.
QUANTIZATION = re.compile(r"\.((weight|input|output)_(scale|zero_point|global_scale|g_idx)|weight_(packed|shape)|"
                          r"scale_packed|meta|[kvq]_(scale|zero_point))$")


@dataclasses.dataclass
class Layer:
    """The quantized weight of one layer."""

    codes: np.ndarray  # numbers, zero points not taken off
    scale: tuple  # as it is stored
    zero: np.ndarray | None
    weight: tuple  # what the library takes it for


@dataclasses.dataclass
class Checkpoint:
    plain: dict  # name -> tensor
    layers: dict  # module -> Layer
    side: dict  # scales of activations and the like: name -> tensor
    sparse: set  # names of dense tensors that were stored sparse


def read_checkpoint(folder, version=None):
    """The checkpoint of a folder, in one shard or several; as that release of the library reads it, if one is named."""
    folder = pathlib.Path(folder)
    index = folder / "model.safetensors.index.json"
    if index.exists():
        files = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    else:
        files = ["model.safetensors"]
    tensors = {}
    for file in files:
        tensors |= read(folder / file)
    config = json.loads((folder / "config.json").read_text())
    if version is not None and "quantization_config" in config:
        config["quantization_config"]["version"] = version
    return decode(config, tensors)


def settings_of(config):
    """The library's part of config.json; until 0.6 it had another name."""
    return config.get("quantization_config") or config.get("compression_config") or {}


def decode(config, tensors):
    """The checkpoint that tensors and the content of config.json make."""
    settings = settings_of(config)
    tensors, sparse = expand(tensors)
    layers, taken = {}, set()
    for name in tensors:
        module, _, local = name.rpartition(".")
        if local in ("weight_scale", "scale_packed"):
            own = {key[len(module) + 1 :]: key for key in tensors if key.rpartition(".")[0] == module}
            layers[module] = layer(settings, module, {local: tensors[key] for local, key in own.items()})
            taken |= {key for local, key in own.items() if local == "weight" or local.startswith("weight_")
                      or local in ("scale_packed", "meta")}
    side = {name: tensors[name] for name in tensors if name not in taken and QUANTIZATION.search(name)}
    plain = {name: tensors[name] for name in tensors if name not in taken and name not in side}
    return Checkpoint(plain, layers, side, sparse)


# Sparse tensors


def expand(tensors):
    """The tensors with every sparse one dense, and the names of those."""
    prefixes = {name[: -len(".bitmask")] for name in tensors if name.endswith(".bitmask")}
    prefixes = {prefix for prefix in prefixes if f"{prefix}.compressed" in tensors and f"{prefix}.shape" in tensors}
    parts = {f"{prefix}.{part}" for prefix in prefixes for part in SPARSE_PARTS}
    dense = {name: tensor for name, tensor in tensors.items() if name not in parts}
    names = set()
    for prefix in prefixes:
        # Until 0.8 parts were named after the tensor, since 0.9 after the module that has it as its weight.
        name = prefix if prefix.rpartition(".")[2] in ("weight", "bias") else f"{prefix}.weight"
        names.add(name)
        dense[name] = expand_one(*(tensors[f"{prefix}.{part}"] for part in SPARSE_PARTS[:3]))
    return dense, names


def expand_one(shape, values, bitmask):
    """The dense tensor of one bitmask; values are one flat stream, whatever shape they are given."""
    extents = tuple(int(extent) for extent in shape[1].ravel())
    mask = np.unpackbits(bitmask[1], axis=-1, count=extents[-1], bitorder="little").astype(bool)
    dense = np.zeros(extents, dtype=values[1].dtype)
    dense[mask.reshape(extents)] = values[1].ravel()
    return (values[0], dense)


# Quantized layers


def scheme(settings, module):
    """The group of the configuration that a module belongs to, and its format."""
    for group in settings["config_groups"].values():
        for target in group["targets"]:
            if target == module or (re.match(target[3:], module) if target.startswith("re:") else target == "Linear"):
                return group, group.get("format") or settings.get("format")
    raise KeyError(f"no group has {module}")


def layer(settings, module, own):
    """One quantized layer from the tensors that bear its name."""
    group, form = scheme(settings, module)
    arguments = group["weights"]
    if "scale_packed" in own:
        return marlin_layer(arguments, own)
    if form in ("nvfp4-pack-quantized", "mxfp4-pack-quantized", "mxfp6-pack-quantized", "mxfp8-quantized"):
        return float_layer(form, settings, arguments, own)
    zero = own.get("weight_zero_point")
    if form == "pack-quantized":
        shape = tuple(int(extent) for extent in own["weight_shape"][1].ravel())
        bits, version = arguments["num_bits"], settings.get("version")
        codes = unpack(own["weight_packed"][1], bits, shape, version)
        if zero is not None and zero[0] == "I32":
            # Packed along the rows; until 0.9.3 one to the byte.
            turned = np.swapaxes(zero[1], -1, -2)
            groups = own["weight_scale"][1].shape[-1]
            turned = unpack(turned, bits, (*shape[:-2], groups, shape[-2]), version)
            zero = np.swapaxes(turned, -1, -2)
        elif zero is not None:
            zero = numbers(*zero)
    else:
        codes = numbers(*own["weight"])
        zero = None if zero is None else numbers(*zero)
    index = own.get("weight_g_idx")
    columns = None if index is None or (numbers(*index) < 0).any() else numbers(*index)
    return Layer(codes, own["weight_scale"], zero, scaled(codes, own["weight_scale"], zero, arguments, columns))


def scaled(codes, scale, zero, arguments, columns=None):
    """(code - zero point) x scale, each step rounded to the scale's type."""
    dtype = scale[0]
    spread_scale = spread(numbers(*scale), codes.shape, arguments, columns)
    values = rounded(dtype, codes)
    if zero is not None:
        values = rounded(dtype, values - rounded(dtype, spread(zero, codes.shape, arguments, columns)))
    with np.errstate(all="ignore"):
        return (dtype, lanes(dtype, values * spread_scale))


def spread(scale, shape, arguments, columns=None):
    """One scale for each element."""
    strategy = arguments["strategy"]
    if strategy == "tensor":
        return np.broadcast_to(scale.reshape(()), shape)
    if strategy == "channel":
        return np.broadcast_to(scale, shape)
    if strategy == "block":
        block = arguments["block_structure"]
        height, width = map(int, block.split("x")) if isinstance(block, str) else block
        return scale[np.arange(shape[0])[:, None] // height, np.arange(shape[1])[None, :] // width]
    if columns is None:
        columns = np.arange(shape[-1]) // arguments["group_size"]
    return scale[..., columns]


def unpack(words, bits, shape, version):
    """Codes from 32-bit words, in either layout; less the offset that makes them signed."""
    columns = shape[-1]
    rows = words.reshape(-1, words.shape[-1])
    dense, padded = -(-columns * bits // 32), -(-columns // (32 // bits))
    stream = np.unpackbits(np.ascontiguousarray(rows).view(np.uint8), axis=1, bitorder="little")
    if words.shape[-1] == dense and (dense != padded or since(version, 0, 18)):
        stream = stream[:, : columns * bits]
    else:
        assert words.shape[-1] == padded, "one of the two layouts"
        each = 32 // bits
        stream = stream.reshape(len(rows), -1, 32)[:, :, : each * bits].reshape(len(rows), -1)[:, : columns * bits]
    codes = (stream.reshape(len(rows), columns, bits).astype(np.int32) << np.arange(bits)).sum(axis=2)
    return (codes - (1 << (bits - 1))).reshape(shape)


def since(version, *wanted):
    """Whether a version is one or newer; none counts as old."""
    return version is not None and tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= wanted


def float_layer(form, settings, arguments, own):
    """4-, 6- and 8-bit floats in groups."""
    scale = own["weight_scale"]
    if form == "mxfp8-quantized":
        codes = numbers(*own["weight"])
    elif form == "mxfp6-pack-quantized":
        triples = own["weight_packed"][1].reshape(len(scale[1]), -1, 3).astype(np.uint32)
        words = triples[..., 0] | triples[..., 1] << 8 | triples[..., 2] << 16
        codes = signed(E2M3)[(words[..., None] >> np.array([0, 6, 12, 18])) & 63].reshape(len(scale[1]), -1)
    else:
        packed = own["weight_packed"][1]
        codes = signed(E2M1)[np.stack([packed & 15, packed >> 4], axis=-1)].reshape(len(packed), -1)
    if form == "nvfp4-pack-quantized":
        factors = spread(numbers(*scale) / numbers(*own["weight_global_scale"]), codes.shape, arguments)
    else:
        exponents = scale[1]
        if form == "mxfp4-pack-quantized" and not since(settings.get("version"), 0, 14):
            exponents = exponents + np.uint8(2)  # Written two too small until 0.13.
        factors = spread(numbers("BF16", powers_of_two(exponents)), codes.shape, arguments)
    with np.errstate(all="ignore"):
        return Layer(codes, scale, None, ("BF16", lanes("BF16", codes * factors)))


# marlin-24


def tile_order(bits):
    """Where each of 1024 values of a run comes from."""
    order = []
    for lane in range(32):
        column, row = lane // 4, lane % 4
        base = [16 * r + 256 * (column // 2) + 8 * (column % 2) + 4 * block
                for block in (0, 1) for r in (2 * row, 2 * row + 1, 2 * row + 8, 2 * row + 9)]
        order += [place + copy for copy in range(4) for place in base]
    within = [0, 2, 4, 6, 1, 3, 5, 7] if bits == 4 else [0, 2, 1, 3]
    return np.array(order).reshape(-1, len(within))[:, within].ravel()


SCALE_ORDER = np.array([8 * i + j for i in range(8) for j in (0, 4, 1, 5, 2, 6, 3, 7)])


def metadata_places(rows, words):
    """Where the word of each row and column lies in the flat buffer."""
    r, c = np.meshgrid(np.arange(rows), np.arange(words), indexing="ij")
    r = r // 64 * 64 + r % 2 * 2 + r % 8 // 4 + r % 32 % 4 // 2 * 32 + r % 64 // 8 * 4
    down, up = (r % 2 == 0) & (c % 2 == 1), (r % 2 == 1) & (c % 2 == 0)
    r, c = r + down - up, c - down + up
    return c // 2 * rows * 2 + r * 2 + c % 2


def permutes_scales(arguments, columns):
    """Whether scales are permuted; the library asks the columns that are left of the 2:4 weight."""
    return arguments["strategy"] == "group" and arguments["group_size"] < columns // 2


def marlin_layer(arguments, own):
    """4- or 8-bit integers, two of four, tiled."""
    bits = arguments["num_bits"]
    packed, scale, meta = own["weight_packed"][1], own["scale_packed"], own["meta"][1]
    rows, columns = scale[1].shape[1], packed.shape[0] * 32
    each = 32 // bits
    values = (packed[..., None] >> (np.arange(each, dtype=np.uint32) * bits)) & ((1 << bits) - 1)
    runs, order = values.reshape(-1, 1024), tile_order(bits)
    natural = np.empty_like(runs)
    natural[:, order] = runs
    natural = natural.reshape(columns // 32, rows // 16, 16, 16).transpose(0, 2, 1, 3).reshape(columns // 2, rows)
    kept = natural.T.astype(np.int32) - (1 << (bits - 1))

    words = meta.ravel()[metadata_places(rows, columns // 16)]
    groups = ((words[..., None] >> (np.arange(4, dtype=np.uint16) * 4)) & 15).reshape(rows, columns // 4)
    places = np.stack([groups & 3, groups >> 2], axis=-1) + np.arange(columns // 4)[None, :, None] * 4
    codes = np.zeros((rows, columns), dtype=np.int32)
    np.put_along_axis(codes, places.reshape(rows, -1).astype(np.int64), kept, axis=1)

    natural_scale = scale[1]
    if permutes_scales(arguments, columns):
        runs = natural_scale.reshape(-1, 64)
        natural_scale = np.empty_like(runs)
        natural_scale[:, SCALE_ORDER] = runs
        natural_scale = natural_scale.reshape(scale[1].shape)
    scale = (scale[0], np.ascontiguousarray(natural_scale.T))
    return Layer(codes, scale, None, scaled(codes, scale, None, arguments))
