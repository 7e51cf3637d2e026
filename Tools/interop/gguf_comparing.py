"""What the checks of GGUF share: comparing metadata, tensors and numbers with what lacuna says and writes."""

import json
import math
import shutil
import struct

import numpy as np

from gguf_files import of_bits
from harness import run
from small_floats import lanes

# How much of a long array and of a long text `inspect --metadata` shows.
MOST_ELEMENTS, MOST_BYTES = 8, 4096


def attempt(check, rule, what, *arguments):
    """Whether a conversion succeeds; a failure counts against a rule and ends nothing."""
    target = arguments[1]
    if target.is_dir():
        shutil.rmtree(target)
    try:
        run("convert", *arguments, "--quiet", "--force")
    except RuntimeError as error:
        return check.expect(rule, False, f"{what}: {error}")
    return True


def equal(check, rule, what, found, expected):
    """Whether two dictionaries have the same content in the same order."""
    differ = [name for name in expected if found.get(name) != expected[name]]
    check.expect(f"{rule}: names and order", list(found) == list(expected), f"{what}: {list(found)[:3]} {list(expected)[:3]}")
    for name in expected:
        check.expect(rule, name not in differ, f"{what}: {name!r}: {str(found.get(name))[:200]} is not {str(expected[name])[:200]}")


def bits(word, value):
    """A number of a JSON text as a model has it: floats by their bits."""
    if word not in ("f32", "f64"):
        return value
    if isinstance(value, str):
        return int(value, 16)
    return int.from_bytes(struct.pack("<f" if word == "f32" else "<d", value), "little")


def parsed(text):
    """A JSON text; -0 keeps its sign."""
    return json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))


def shown(entry, word, value):
    """Whether an entry of `inspect --metadata` shows a value."""
    def one(word, found, value):
        if word in ("f32", "f64"):
            number = of_bits(word, value)
            if math.isnan(number):
                return isinstance(found, str) and "nan" in found
            return found == str(number) if math.isinf(number) else not isinstance(found, str) and bits(word, found) == value
        if word == "str":
            return found == value.encode(errors="surrogateescape").decode(errors="replace")
        return type(found) is type(value) and found == value
    if entry["type"] != word:
        return False
    if word.startswith("["):
        found = entry["value"]
        return entry["count"] == len(value) and entry["cut"] == (len(value) > MOST_ELEMENTS) and len(found) == min(
            len(value), MOST_ELEMENTS) and all(one(word[1:-1], left, right) for left, right in zip(found, value))
    if word == "str":
        data = value.encode(errors="surrogateescape")
        return entry["count"] == len(data) and entry["cut"] == (len(data) > MOST_BYTES) \
            and entry["value"] == data[:MOST_BYTES].decode(errors="replace")
    return one(word, entry["value"], value) and entry["count"] is None and not entry["cut"]


def cast(tensor, dtype):
    """A float tensor in another type, rounded once."""
    kind, values = tensor
    with np.errstate(all="ignore"):
        if kind == "F64" and dtype == "BF16":
            return dtype, bf16_of_doubles(values.view(np.float64))
        wide = (values.astype(np.uint32) << 16).view(np.float32) if kind == "BF16" else values.view(f"f{values.itemsize}")
        return dtype, lanes(dtype, wide).reshape(values.shape)


def bf16_of_doubles(values):
    """Doubles as BF16 lanes: to odd in F32 first, so that they are rounded once."""
    near = values.astype(np.float32)
    over = np.abs(near.astype(np.float64)) > np.abs(values)
    exact = near.astype(np.float64) == values
    toward = near.view(np.uint32) - over.astype(np.uint32)
    odd = np.where(exact | np.isnan(values) | np.isinf(values), near.view(np.uint32), toward | 1).astype(np.uint32)
    return lanes("BF16", odd.view(np.float32))


def compared(check, *rules):
    """Whether each of these rules was compared at least once: a check that compares nothing has not passed."""
    for rule in rules:
        check.expect("no rule was left out", check.passed.get(rule, 0) > 0, f"nothing compared: {rule}")
