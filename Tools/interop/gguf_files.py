"""Random GGUF models; files of them that PyPI's gguf writes and reads.

Metadata are key -> (type, value): types in the words of Lacuna (`u32`, and `[u32]` for an array), floats as their bits.
A tensor is Stored: ggml's name of its type, the extents with the outermost first, its bytes in little-endian order.

gguf 0.19.0 takes a block of Q8_1 for 40 bytes (it has 36), does not know Q2_0, and decodes neither Q1_0 nor Q8_K.
"""

import dataclasses
import hashlib
import math
import struct

import numpy as np
from gguf import GGUFReader, GGUFWriter
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFEndian, GGUFValueType
from gguf.quants import dequantize, quantize

VALUES = {
    "u8": GGUFValueType.UINT8, "i8": GGUFValueType.INT8, "u16": GGUFValueType.UINT16, "i16": GGUFValueType.INT16,
    "u32": GGUFValueType.UINT32, "i32": GGUFValueType.INT32, "f32": GGUFValueType.FLOAT32, "bool": GGUFValueType.BOOL,
    "str": GGUFValueType.STRING, "u64": GGUFValueType.UINT64, "i64": GGUFValueType.INT64, "f64": GGUFValueType.FLOAT64,
}
WORDS = {number: word for word, number in VALUES.items()}
NUMPY = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64}
PLAIN = [*NUMPY, "BF16"]
# The types of blocks whose size gguf knows, those that it decodes, and those that it encodes.
BLOCKS = [kind.name for kind, (elements, _) in GGML_QUANT_SIZES.items() if elements > 1 and kind.name != "Q8_1"]
DECODED = [name for name in BLOCKS if name not in ("Q1_0", "Q8_K")]
ENCODED = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "MXFP4", "TQ1_0", "TQ2_0"]
# The types that have a code for zero, by their layouts in ggml's sources.
HOLD_ZERO = {"Q4_0", "Q5_0", "Q8_0", "Q3_K", "Q6_K", "MXFP4", "NVFP4", "TQ1_0", "TQ2_0"}
TEXTS = ["", "a", "llama", "naïve Größe", "日本語 Ελληνικά", "\U0001f999\u200d\u2764\ufe0f", "\0nul\0", "line\nbreak\r\n\ttab",
         '"\\/\b\f{}[],', "\u202eright to left", "\ufeffmark", "e\u0301", "\x7f\x80\u2028\ufffd\U0010ffff"]
SHAPES = [(1,), (7,), (3, 5), (5, 1), (1, 1, 6), (2, 3, 4), (2, 3, 1, 5), (4, 1, 1, 1), (0, 3), (2, 0, 5)]


@dataclasses.dataclass(frozen=True)
class Stored:
    type: str
    shape: tuple
    data: bytes

    @property
    def lanes(self):
        """The bytes as unsigned numbers of an element's width; of blocks as rows of bytes."""
        elements, size = sizes(self.type)
        if elements > 1:
            return np.frombuffer(self.data, np.uint8).reshape(*self.shape[:-1], self.shape[-1] // elements * size)
        return np.frombuffer(self.data, f"<u{size}").reshape(self.shape)

    @property
    def digest(self):
        """What `lacuna inspect --digest` prints of it."""
        head = f"{self.type}\0{','.join(map(str, self.shape))}\0"
        return hashlib.sha256(head.encode() + self.data).hexdigest()

    def decoded(self):
        """The numbers as gguf decodes them."""
        if not self.data:
            return np.zeros(self.shape, np.float32)
        with np.errstate(all="ignore"):
            return dequantize(self.lanes, GGMLQuantizationType[self.type]).reshape(self.shape)


def sizes(name):
    """The elements and the bytes of a block."""
    return GGML_QUANT_SIZES[GGMLQuantizationType[name]]


def encoded(name, values):
    """Numbers as gguf encodes them; where zeros of both signs are equally large, the sign is that of ggml's C code.

    There a block's largest number is +0 until one is larger, and the least is the first of equal ones; numpy takes any.
    """
    values = np.ascontiguousarray(values, np.float32)
    with np.errstate(all="ignore"):
        data = quantize(values + np.float32(0), GGMLQuantizationType[name])
    if name in ("Q4_1", "Q5_1"):
        rows, blocks = values.reshape(-1, 32), data.reshape(-1, sizes(name)[1])
        first = np.take_along_axis(rows, (rows == 0).argmax(axis=1)[:, None], axis=1)[:, 0]
        blocks[(rows.min(axis=1) == 0) & np.signbit(first), 3] |= 0x80
    return Stored(name, values.shape, data.tobytes())


# Random models


def random_text(random, length):
    """Text of any characters but surrogates."""
    points = random.integers(0, [0x80, 0x800, 0x10000, 0x110000][int(random.integers(4))], size=length)
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


def random_value(random, word):
    """A value of a type, the extreme ones often."""
    if word == "str":
        return TEXTS[random.integers(len(TEXTS))] if random.random() < 0.6 else random_text(random, int(random.integers(40)))
    if word == "bool":
        return bool(random.integers(2))
    bits = int(word[1:])
    if word[0] == "f":
        exponent, fraction = (8, 23) if bits == 32 else (11, 52)
        infinity, quiet = ((1 << exponent) - 1) << fraction, 1 << (fraction - 1)
        known = [0, 1, infinity - 1, infinity, infinity | quiet, 1 << fraction, 127 << 23 if bits == 32 else 1023 << 52]
        found = known[random.integers(len(known))] if random.random() < 0.4 else int(random.integers(1 << (bits - 1)))
        if found > infinity:
            # Packing turns signalling NaN into quiet ones.
            found |= quiet
        return found | int(random.integers(2)) << (bits - 1)
    low, high = (0, (1 << bits) - 1) if word[0] == "u" else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    known = [low, low + 1, -1 if low else 1, 0, high - 1, high]
    number = int.from_bytes(random.bytes(bits // 8), "little") + low
    return known[random.integers(len(known))] if random.random() < 0.5 else number


def random_metadata(random, alignment):
    """A key of every type, and arrays of each; empty ones, of one element, of more than are shown."""
    found = {"general.architecture": ("str", "random"), "general.file_type": ("u32", 7)}
    if alignment != 32 or random.random() < 0.5:
        found["general.alignment"] = ("u32", alignment)
    pairs = [(word, random_value(random, word)) for word in VALUES for _ in range(2)]
    for word in VALUES:
        for length in (0, 1, 8, 9, int(random.integers(2, 40))):
            pairs.append((f"[{word}]", [random_value(random, word) for _ in range(length)]))
    pairs.append(("str", random_text(random, 2500) + "ä€𝄞" * 700))
    for place in random.permutation(len(pairs)):
        key = f"random.{len(found)}"
        if random.random() < 0.3:
            key = TEXTS[random.integers(len(TEXTS))] + key + random_text(random, 12)
        found[key] = pairs[place]
    return found


def random_blocks(random, name, count, wild):
    """Blocks of any bytes; unless they are to be wild, with numbers that are finite."""
    elements, size = sizes(name)
    blocks = random.integers(0, 256, size=(count, size), dtype=np.uint8)
    blocks[random.random(count) < 0.1] = 0
    while not wild and name in DECODED and count:
        broken = ~np.isfinite(Stored(name, (count, elements), blocks.tobytes()).decoded()).all(axis=1)
        if not broken.any():
            break
        blocks[broken] = random.integers(0, 256, size=(int(broken.sum()), size), dtype=np.uint8)
    return blocks.tobytes()


def random_numbers(random, shape, low=-20):
    """Numbers as weights have them: scales from 2^low to 2^11, zeros, whole blocks of zeros, equal ones, ties."""
    values = random.standard_normal(shape).astype(np.float32)
    rows = values.reshape(-1, 32)
    rows *= np.exp2(random.integers(low, 12, size=(len(rows), 1))).astype(np.float32)
    kind = random.integers(8, size=len(rows))
    rows[kind == 0] = 0
    rows[kind == 1] = np.where(random.random((int((kind == 1).sum()), 32)) < 0.5, 0, rows[kind == 1])
    rows[kind == 2] = np.round(rows[kind == 2] * 4) / 4
    rows[kind == 3] = rows[kind == 3][:, :1]
    rows[kind == 4] = np.sign(rows[kind == 4]) * np.abs(rows[kind == 4][:, :1])
    rows[random.random(rows.shape) < 0.02] = -0.0
    return values


def random_tensors(random):
    """A tensor of every plain type and shape, and of every type of blocks; each of those is wild once."""
    found = {}

    def add(type, shape, data, label):
        name = f"{len(found)}.{label}" if len(found) % 7 else f"{len(found)}.{label} größe \U0001f999"
        found[name + "x" * (63 - len(name.encode())) if len(found) % 11 == 3 else name] = Stored(type, shape, data)

    for name in PLAIN:
        for shape in SHAPES:
            size = math.prod(shape) * sizes(name)[1]
            add(name, shape, random.bytes(size) if random.random() < 0.8 else bytes(size), f"{name}.weight")
    for name in BLOCKS:
        elements, _ = sizes(name)
        for lead, row, wild in [((), 1, False), ((5,), 3, False), ((3,), 2, True), ((2, 1), 2, False), ((2, 1, 3), 1, False), ((0,), 1, False)]:
            shape = (*lead, row * elements)
            add(name, shape, random_blocks(random, name, math.prod(lead) * row, wild), f"{name}.{'wild' if wild else 'weight'}")
        if name in ENCODED:
            shape = (6, 512)
            add(name, shape, encoded(name, random_numbers(random, shape)).data, f"{name}.encoded")
    names = list(found)
    random.shuffle(names)
    return {name: found[name] for name in names}


# Files


class Writer(GGUFWriter):
    """The package's writer; it refuses arrays without elements, which the format has."""

    def _pack_val(self, val, vtype, add_vtype, sub_type=None):
        if vtype == GGUFValueType.ARRAY and not val:
            return self._pack("I", vtype) + self._pack("I", sub_type) + self._pack("Q", 0)
        return super()._pack_val(val, vtype, add_vtype, sub_type)


def of_bits(word, value):
    """A value as the writer takes it."""
    if word in ("f32", "f64"):
        integer, real = ("<I", "<f") if word == "f32" else ("<Q", "<d")
        return struct.unpack(real, struct.pack(integer, value))[0]
    return value


def write_gguf(path, metadata, tensors, big_endian=False, **split):
    """Lets the package write a file, or shards of it beside `path`; `split` is what its writer takes for that."""
    order = GGUFEndian.BIG if big_endian else GGUFEndian.LITTLE
    writer = Writer(path, metadata["general.architecture"][1], endianess=order, **split)
    for key, (word, value) in metadata.items():
        if key == "general.architecture":
            continue
        if key == "general.alignment":
            writer.add_custom_alignment(value)
        elif word.startswith("["):
            values = [of_bits(word[1:-1], element) for element in value]
            writer.add_key_value(key, values, GGUFValueType.ARRAY, sub_type=VALUES[word[1:-1]])
        else:
            writer.add_key_value(key, of_bits(word, value), VALUES[word])
    for name, tensor in tensors.items():
        kind = GGMLQuantizationType[tensor.type]
        if tensor.type in NUMPY:
            writer.add_tensor(name, np.frombuffer(tensor.data, NUMPY[tensor.type]).reshape(tensor.shape))
        else:
            elements, size = sizes(tensor.type)
            rows = np.frombuffer(tensor.data, np.uint8).reshape(*tensor.shape[:-1], tensor.shape[-1] // elements * size)
            writer.add_tensor(name, rows, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_gguf(path):
    """The metadata and tensors of a file as the package reads them, each in their order."""
    reader = GGUFReader(path)
    metadata = {key: value_of(field) for key, field in reader.fields.items() if not key.startswith("GGUF.")}
    tensors = {}
    for tensor in reader.tensors:
        shape = tuple(int(extent) for extent in reversed(tensor.shape))
        tensors[tensor.name] = Stored(tensor.tensor_type.name, shape, tensor.data.tobytes())
    return metadata, tensors


def value_of(field):
    """A field's type and value."""
    kind = field.types[0]
    if kind == GGUFValueType.ARRAY:
        # Behind the key's length, the key and the type; the reader's own list lacks it where there is no element.
        element = GGUFValueType(int(field.parts[3][0]))
        return f"[{WORDS[element]}]", [bits_of(element, field.parts[place]) for place in field.data]
    return WORDS[kind], bits_of(kind, field.parts[field.data[0]])


def bits_of(kind, part):
    """One value of a field."""
    if kind == GGUFValueType.STRING:
        return part.tobytes().decode(errors="surrogateescape")
    if kind in (GGUFValueType.FLOAT32, GGUFValueType.FLOAT64):
        return int.from_bytes(part.tobytes(), "little" if part.dtype.isnative else "big")
    return part[0].item()
