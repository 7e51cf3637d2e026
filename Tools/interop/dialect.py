"""Sparse layouts in numpy, after the dialect's rules alone; it shares no code with Lacuna.

A tensor is an array of unsigned lanes. The last axis makes columns, all others rows; a scalar counts as [1].
"""

import json

import numpy as np

VERSION = "1"


def matrix(bits):
    """The tensor as rows and columns."""
    return bits.reshape(-1, bits.shape[-1]) if bits.ndim else bits.reshape(1, 1)


def lead(shape):
    """The extents that make rows."""
    return tuple(shape[:-1])


def group_sizes(columns, kept, group):
    """How many values each group of a row keeps."""
    return [min(kept, min(group, columns - start)) for start in range(0, columns, group)]


def decode(entry, part):
    """The lanes of a logical tensor; `part` gives the array of a part by its name."""
    shape, layout = tuple(entry["shape"]), entry["layout"]
    if layout == "dense":
        return part(entry["name"])
    parts = {role: part(name) for role, name in entry["parts"].items()}
    columns = shape[-1] if shape else 1
    rows = int(np.prod(lead(shape), dtype=np.int64))
    values = parts["nm_values" if layout.startswith("nm:") else "values"]
    dense = np.zeros((rows, columns), dtype=values.dtype)
    if layout == "bitmask":
        mask = np.unpackbits(parts["bitmask"].reshape(rows, -1), axis=1, bitorder="little")
        assert not mask[:, columns:].any(), "padding bits are zero"
        dense[mask[:, :columns].astype(bool)] = values
    elif layout == "csr":
        offsets = parts["crow_indices"].astype(np.int64)
        assert offsets[0] == 0 and offsets[-1] == len(values) and (np.diff(offsets) >= 0).all()
        dense[np.repeat(np.arange(rows), np.diff(offsets)), parts["col_indices"].astype(np.int64)] = values
    else:
        _, kept, group = layout.split(":")
        kept, group = int(kept), int(group)
        sizes = group_sizes(columns, kept, group)
        width = (group - 1).bit_length()
        bits = np.unpackbits(parts["nm_indices"].reshape(rows, -1), axis=1, bitorder="little")
        count = sum(sizes)
        assert not bits[:, count * width :].any(), "padding bits are zero"
        places = (bits[:, : count * width].reshape(rows, count, width) << np.arange(width)).sum(axis=2)
        start = np.repeat(np.arange(len(sizes)) * group, sizes)
        np.put_along_axis(dense, start[None, :] + places, values.reshape(rows, count), axis=1)
    return dense.reshape(shape)


def encode(name, dtype, bits, layout):
    """A logical tensor's manifest entry and its parts: name -> (dtype, array)."""
    entry = {"name": name, "dtype": dtype, "shape": list(bits.shape), "layout": layout}
    if layout == "dense":
        return entry, {name: (dtype, bits)}
    rows = matrix(bits)
    stored = rows != 0
    if layout == "bitmask":
        mask = np.packbits(stored, axis=1, bitorder="little")
        found = {"bitmask": ("U8", mask.reshape(*lead(bits.shape), -1)), "values": (dtype, rows[stored])}
    elif layout == "csr":
        offsets = np.concatenate([[0], np.cumsum(stored.sum(axis=1))])
        largest = rows.shape[1] - 1
        index = "U8" if largest < 1 << 8 else "U16" if largest < 1 << 16 else "U32"
        lane = {"U8": np.uint8, "U16": np.uint16, "U32": np.uint32}[index]
        found = {
            "crow_indices": ("U32", offsets.astype(np.uint32)),
            "col_indices": (index, np.nonzero(stored)[1].astype(lane)),
            "values": (dtype, rows[stored]),
        }
    else:
        kept, group = (int(number) for number in layout.split(":")[1:])
        places, values = [], []
        for start in range(0, rows.shape[1], group):
            part = stored[:, start : start + group]
            keep = min(kept, part.shape[1])
            assert (part.sum(axis=1) <= keep).all(), "the pattern holds"
            # The stored positions, then the lowest free ones; then all of them in ascending order.
            order = np.argsort(~part, axis=1, kind="stable")[:, :keep]
            order.sort(axis=1)
            places.append(order)
            values.append(np.take_along_axis(rows[:, start : start + group], order, axis=1))
        places, values = np.concatenate(places, axis=1), np.concatenate(values, axis=1)
        width = (group - 1).bit_length()
        bits_of = (places[:, :, None] >> np.arange(width)) & 1
        packed = np.packbits(bits_of.reshape(len(rows), -1).astype(np.uint8), axis=1, bitorder="little")
        found = {
            "nm_values": (dtype, values.reshape(*lead(bits.shape), -1)),
            "nm_indices": ("U8", packed.reshape(*lead(bits.shape), -1)),
        }
    entry["parts"] = {role: f"{name}.{role}" for role in found}
    return entry, {f"{name}.{role}": part for role, part in found.items()}


def byte_count(parts):
    """The bytes of parts."""
    return sum(array.nbytes for _, array in parts.values())


def metadata(entries):
    """What a file of these entries says of itself."""
    return {"lacuna.version": VERSION, "lacuna.manifest": json.dumps({"tensors": entries})}


def manifest(text_of):
    """The entries that a file's metadata lists."""
    assert text_of["lacuna.version"] == VERSION
    return json.loads(text_of["lacuna.manifest"])["tensors"]
