"""Random folders in every format of the library compressed-tensors, written with numpy alone.

A Maker collects modules of one format and writes the folder; what it wrote it keeps: `plain`, the dense tensors, and
`codes`, the integers or floats of each quantized layer. Bits, shapes, dtypes, layouts and spellings of the
configuration are drawn at random among those that some release has written.
"""

import json
import shutil

import numpy as np

from compressed_tensors_reader import SCALE_ORDER, metadata_places, permutes_scales, tile_order
from harness import LANES, SIGNS, WRITTEN_AS, bits_with_zeros, prune_groups, write
from small_floats import E2M1, E2M3, E4M3, lanes, signed

SCALES = ["BF16", "F16", "F32"]
SIDE = {"recipe.yaml": "default_stage: {}\n", "tokenizer_config.json": "{}\n", "chat_template.jinja": "{{ messages }}\u2028"}


def pack(codes, bits, padded):
    """Codes as 32-bit words, the last axis packed, in either layout."""
    offset = (codes.astype(np.int64) + (1 << (bits - 1))).astype(np.uint64)
    rows = offset.reshape(-1, codes.shape[-1])
    stream = ((rows[..., None] >> np.arange(bits, dtype=np.uint64)) & 1).astype(np.uint8)
    if padded:
        each = 32 // bits
        stream = np.pad(stream, ((0, 0), (0, -rows.shape[1] % each), (0, 0)))
        stream = stream.reshape(len(rows), -1, each * bits)
        stream = np.pad(stream, ((0, 0), (0, 0), (0, 32 - each * bits)))
    stream = stream.reshape(len(rows), -1)
    stream = np.pad(stream, ((0, 0), (0, -stream.shape[1] % 32)))
    words = np.ascontiguousarray(np.packbits(stream, axis=1, bitorder="little")).view(np.uint32)
    return words.reshape(*codes.shape[:-1], -1)


def bitmask_parts(dtype, bits, mask):
    """The parts of sparse-bitmask for the elements of a mask."""
    counts = mask.sum(axis=-1)
    offsets = np.cumsum(counts, axis=0) - counts if mask.ndim > 1 else np.int64(0)
    return {
        "shape": ("I64", np.array(bits.shape, dtype=np.uint64)), "compressed": (dtype, bits[mask]),
        "bitmask": ("U8", np.packbits(mask, axis=-1, bitorder="little")),
        "row_offsets": ("I64", np.asarray(offsets).astype(np.uint64)),
    }


def two_of_four_parts(dtype, bits, mask):
    """The parts of sparse-24-bitmask for a mask of two in every four of the flat tensor."""
    return {
        "shape": ("I64", np.array(bits.shape, dtype=np.uint64).reshape(2, 1)),
        "compressed": (dtype, bits[mask].reshape(bits.shape[0], bits.shape[1] // 2)),
        "bitmask": ("U8", np.packbits(mask, axis=-1, bitorder="little")),
    }


def two_of_four(random, shape):
    """A mask of two in every four of the flat tensor."""
    order = random.random((int(np.prod(shape)) // 4, 4)).argsort(axis=1)
    return (order < 2).reshape(shape)


def marlin_parts(codes, bits, scale, arguments):
    """The parts of marlin-24 for integers of which two in four are not zero."""
    rows, columns = codes.shape
    groups = codes.reshape(rows, -1, 4)
    flags = (groups != 0) @ np.array([1, 2, 4, 8])
    table = np.full(16, -1)
    for flag, code in {0b0011: 0b0100, 0b0101: 0b1000, 0b0110: 0b1001, 0b1001: 0b1100, 0b1010: 0b1101, 0b1100: 0b1110,
                       0b0000: 0b1110, 0b1000: 0b1110, 0b0100: 0b1110, 0b0010: 0b1001, 0b0001: 0b1000}.items():
        table[flag] = code
    nibbles = table[flags]
    assert (nibbles >= 0).all(), "two of four at most"
    kept = np.take_along_axis(groups, np.stack([nibbles & 3, nibbles >> 2], axis=-1), axis=2).reshape(rows, -1)
    words = (nibbles.reshape(rows, -1, 4) << np.array([0, 4, 8, 12])).sum(axis=2).astype(np.uint16)
    meta = np.zeros(words.size, dtype=np.uint16)
    meta[metadata_places(*words.shape)] = words
    values = (kept.T + (1 << (bits - 1))).astype(np.uint64)
    tiles = values.reshape(columns // 32, 16, rows // 16, 16).transpose(0, 2, 1, 3).reshape(-1, 1024)[:, tile_order(bits)]
    each = 32 // bits
    packed = (tiles.reshape(columns // 32, -1, each) << (np.arange(each, dtype=np.uint64) * np.uint64(bits))).sum(axis=2)
    flat = np.ascontiguousarray(scale.T)
    if permutes_scales(arguments, columns):
        flat = flat.reshape(-1, 64)[:, SCALE_ORDER].reshape(flat.shape)
    return {"weight_packed": ("I32", packed.astype(np.uint32)), "scale_packed": ("F16", flat),
            "meta": ("I16", meta.reshape(columns // 32, rows * 2))}


class Maker:
    """Collects the modules of one folder."""

    def __init__(self, random, form, version, sparse=None):
        self.random, self.form, self.version, self.sparse = random, form, version, sparse
        self.tensors, self.plain, self.codes, self.groups, self.ignore = {}, {}, {}, {}, []
        self.number = 0

    def name(self, stem="model.layers.{}.mlp.proj"):
        self.number += 1
        return stem.format(self.number)

    def pick(self, *choices):
        return choices[self.random.integers(len(choices))]

    def scale(self, shape, dtype):
        """Positive scales of usual size, and now and then none of them."""
        values = np.exp2(self.random.uniform(-12, 2, size=shape)) * self.pick(1, 1, 1, -1)
        return (dtype, lanes(dtype, values))

    def group(self, name, arguments, form=None):
        """Notes the scheme of a module; as until 0.14 with every field, later without the empty ones."""
        full = {"actorder": None, "block_structure": None, "dynamic": False, "group_size": None, "num_bits": 8,
                "observer": "minmax", "observer_kwargs": {}, "scale_dtype": None, "strategy": None, "symmetric": True,
                "type": "int", "zp_dtype": None} if self.old else {"dynamic": False}
        target = self.pick(name, "re:.*" + name.replace(".", r"\.") + "$")
        activations, form = None, form or self.form
        if form in ("int-quantized", "float-quantized"):
            kind = "float" if form == "float-quantized" else "int"
            activations = {**full, "num_bits": 8, "type": kind, "dynamic": True, "strategy": "token", "symmetric": True}
        self.groups[f"group_{len(self.groups)}"] = {
            "targets": [target], "weights": {**full, **arguments}, "input_activations": activations,
            "output_activations": None, "format": form}

    @property
    def old(self):
        return self.version is None or tuple(map(int, self.version.split(".")[:2])) < (0, 15)

    @property
    def padded(self):
        return self.version is None or tuple(map(int, self.version.split(".")[:2])) < (0, 18)

    # Modules

    def add_plain(self):
        """What every model has beside its layers."""
        for stem, shape in [("model.norm{}.weight", (16,)), ("model.layers.{}.mlp.proj.bias", (5,)), ("lm_head{}.weight", (7, 12))]:
            dtype = self.pick("BF16", "F16", "F32")
            name = self.name(stem)
            self.plain[name] = self.tensors[name] = (dtype, lanes(dtype, self.random.normal(size=shape)))
            if stem.startswith("lm_head"):
                self.ignore.append(name.removesuffix(".weight"))

    def add_sparse(self, dtype, shape, old_names=False):
        """A bitmask tensor; a writer that loses nothing sets the bit of a negative zero."""
        bits = bits_with_zeros(self.random, dtype, shape, self.pick(0, 0.1, 0.5, 1), negative_zeros=0.1)
        mask = bits != 0
        if dtype in SIGNS and self.pick(True, False):
            # As the library does it: negative zeros go.
            bits[(bits & ~LANES[dtype](SIGNS[dtype])) == 0] = 0
            mask = bits != 0
        module = self.name()
        name = f"{module}.{self.pick('weight', 'bias')}" if old_names else f"{module}.weight"
        prefix = name if old_names else module
        self.plain[name] = (dtype, bits)
        self.tensors |= {f"{prefix}.{part}": tensor for part, tensor in bitmask_parts(dtype, bits, mask).items()}

    def add_two_of_four(self, dtype, shape):
        """A 2:4 tensor; some of the values that are kept are zeros."""
        mask = two_of_four(self.random, shape)
        bits = np.where(mask, bits_with_zeros(self.random, dtype, shape, 0.9, negative_zeros=0.5), 0).astype(LANES[dtype])
        module = self.name()
        self.plain[f"{module}.weight"] = (dtype, bits)
        self.tensors |= {f"{module}.{part}": tensor for part, tensor in two_of_four_parts(dtype, bits, mask).items()}

    def add_scalar(self, module, dtype, bits):
        """The `.weight` of a layer that takes one element a value, dense or sparse on top."""
        parts = {"weight": (dtype, bits)}
        if self.sparse == "sparse-bitmask":
            parts = bitmask_parts(dtype, bits, bits != 0)
        elif self.sparse == "sparse-24-bitmask":
            parts = two_of_four_parts(dtype, bits, self.mask)
        self.tensors |= {f"{module}.{part}": tensor for part, tensor in parts.items()}

    def scale_shape(self, arguments, shape):
        strategy = arguments["strategy"]
        if strategy == "tensor":
            return (1,)
        if strategy == "block":
            return tuple(-(-extent // step) for extent, step in zip(shape, arguments["block_structure"]))
        return (*shape[:-1], 1 if strategy == "channel" else shape[-1] // arguments["group_size"])

    def shape_for(self, arguments, rows=None):
        columns = int(self.random.integers(1, 9)) * arguments["group_size"] if arguments["strategy"] == "group" \
            else int(self.random.integers(1, 150))
        return (rows or int(self.random.integers(1, 40)), columns)

    def arguments(self, bits, kind="int", strategies=("channel", "group"), symmetric=None):
        strategy = self.pick(*strategies)
        made = {"num_bits": bits, "type": kind, "strategy": strategy,
                "symmetric": self.pick(True, False) if symmetric is None else symmetric,
                "group_size": self.pick(8, 16, 20, 32, 128) if strategy == "group" else None}
        if strategy == "block":
            made["block_structure"] = self.pick([128, 128], [3, 5], [16, 8])
        return made

    def integers(self, bits, shape):
        return self.random.integers(-(1 << (bits - 1)), 1 << (bits - 1), size=shape)

    def add_naive(self, kind, bits=8):
        """One element a value: int8 or 8-bit floats."""
        arguments = self.arguments(bits, kind, ("tensor", "channel", "group", "block"), symmetric=kind == "float" or None)
        shape = self.shape_for(arguments)
        if self.sparse == "sparse-24-bitmask":
            shape = (shape[0], -(-shape[1] // 4) * 4 if arguments["strategy"] != "group" else shape[1])
            self.mask = two_of_four(self.random, shape)
        module, dtype = self.name(), self.pick(*SCALES)
        lane = self.integers(bits, shape).astype(np.int8).view(np.uint8) if kind == "int" \
            else self.random.integers(0, 256, size=shape, dtype=np.uint8)
        if self.sparse == "sparse-24-bitmask":
            lane = np.where(self.mask, lane, 0).astype(np.uint8)
        elif self.sparse:
            lane = np.where(self.random.random(shape) < 0.5, lane, 0).astype(np.uint8)
        stored = "I8" if kind == "int" else "F8_E4M3"
        self.add_scalar(module, stored, lane)
        self.codes[module] = lane.view(np.int8) if kind == "int" else E4M3[lane]
        self.add_scales(module, arguments, shape, dtype)
        if not arguments["symmetric"]:
            zero = self.integers(bits, self.scale_shape(arguments, shape)).astype(np.int8)
            self.tensors[f"{module}.weight_zero_point"] = ("I8", zero.view(np.uint8))
        self.group(module, arguments)

    def add_scales(self, module, arguments, shape, dtype):
        self.tensors[f"{module}.weight_scale"] = self.scale(self.scale_shape(arguments, shape), dtype)

    def add_packed(self, bits, stacked=False, order=False, shape=None):
        """Words of integers; `stacked` for experts of one tensor, `order` with an index of groups."""
        arguments = self.arguments(bits, strategies=("group",) if order else ("channel", "group"),
                                   symmetric=True if stacked or order else None)
        if order:
            arguments["actorder"] = "group"
        shape = shape or self.shape_for(arguments)
        if arguments["strategy"] == "group" and shape[-1] % arguments["group_size"]:
            arguments |= {"strategy": "channel", "group_size": None}
        shape = (3, *shape) if stacked else shape
        module, dtype = self.name(), self.pick(*SCALES)
        codes = self.integers(bits, shape)
        self.codes[module] = codes
        whole = ("I64", np.uint64) if self.pick(True, True, False) else ("I32", np.uint32)
        self.tensors |= {f"{module}.weight_packed": ("I32", pack(codes, bits, self.padded)),
                         f"{module}.weight_shape": (whole[0], np.array(shape, dtype=whole[1]))}
        self.add_scales(module, arguments, shape, dtype)
        if not arguments["symmetric"]:
            zero = self.integers(bits, self.scale_shape(arguments, shape))
            if self.version is not None and self.version.startswith("0.9.3"):
                self.tensors[f"{module}.weight_zero_point"] = ("I8", zero.astype(np.int8).view(np.uint8))
            else:
                packed = np.ascontiguousarray(np.swapaxes(pack(np.swapaxes(zero, -1, -2), bits, self.padded), -1, -2))
                self.tensors[f"{module}.weight_zero_point"] = ("I32", packed)
        if order:
            index = self.random.permutation(np.arange(shape[-1]) // arguments["group_size"]).astype(np.int32)
            if self.pick(True, False, False):
                index[:] = -1
            self.tensors[f"{module}.weight_g_idx"] = ("I32", index.view(np.uint32))
        self.group(module, arguments, "pack-quantized")

    def add_float(self, form):
        """4-, 6- and 8-bit floats in groups of 16 or 32."""
        size = 16 if form.startswith("nvfp4") else 32
        rows, groups = int(self.random.integers(1, 40)), int(self.random.integers(1, 6))
        shape, module, bits = (rows, groups * size), self.name(), int(form[form.index("fp") + 2])
        codes = self.random.integers(0, 1 << bits, size=shape, dtype=np.uint8)
        own = self.tensors
        if form == "mxfp8-quantized":
            own[f"{module}.weight"] = ("F8_E4M3", codes)
            self.codes[module] = E4M3[codes]
        elif form == "mxfp6-pack-quantized":
            fours = codes.reshape(rows, -1, 4).astype(np.uint32)
            words = fours[..., 0] | fours[..., 1] << 6 | fours[..., 2] << 12 | fours[..., 3] << 18
            triples = np.stack([words, words >> 8, words >> 16], axis=-1).astype(np.uint8)
            own[f"{module}.weight_packed"] = ("U8", triples.reshape(rows, -1))
            self.codes[module] = signed(E2M3)[codes]
        else:
            own[f"{module}.weight_packed"] = ("U8", codes[:, 0::2] | codes[:, 1::2] << 4)
            self.codes[module] = signed(E2M1)[codes]
        if form.startswith("nvfp4"):
            own[f"{module}.weight_scale"] = ("F8_E4M3", self.random.integers(1, 0x7F, size=(rows, groups), dtype=np.uint8))
            whole = np.exp2(self.random.uniform(2, 14, size=1)).astype(np.float32)
            own[f"{module}.weight_global_scale"] = ("F32", whole.view(np.uint32))
            if self.pick(True, False):
                own[f"{module}.input_global_scale"] = ("F32", whole.view(np.uint32))
        else:
            low, high = self.pick((90, 140), (90, 140), (2, 254))
            own[f"{module}.weight_scale"] = ("U8", self.random.integers(low, high, size=(rows, groups), dtype=np.uint8))
        self.group(module, {"num_bits": bits, "type": "float", "symmetric": True, "group_size": size,
                            "strategy": "tensor_group" if size == 16 else "group",
                            "scale_dtype": "torch.float8_e4m3fn" if size == 16 else "torch.uint8"}, form)

    def add_marlin(self, bits, strategy):
        """4- or 8-bit integers, two of four, in tiles."""
        rows = 64 * int(self.random.integers(1, 4))
        columns = 128 * int(self.random.integers(1, 6)) if strategy == "group" else 32 * int(self.random.integers(1, 9))
        arguments = {"num_bits": bits, "type": "int", "symmetric": True, "strategy": strategy,
                     "group_size": 128 if strategy == "group" else None}
        codes = np.where(two_of_four(self.random, (rows, columns)), self.integers(bits, (rows, columns)), 0)
        module = self.name()
        self.codes[module] = codes
        _, scale = self.scale(self.scale_shape(arguments, codes.shape), "F16")
        parts = marlin_parts(codes, bits, scale, arguments)
        self.tensors |= {f"{module}.{part}": tensor for part, tensor in parts.items()}
        self.group(module, arguments)

    # The folder

    def config(self):
        """What config.json says."""
        part = {"quant_method": "compressed-tensors", "sparsity_config": {}, "transform_config": {}}
        if self.version is not None:
            part["version"] = self.version
        if self.groups:
            forms = {group["format"] for group in self.groups.values()}
            part |= {"config_groups": self.groups, "ignore": self.ignore, "kv_cache_scheme": None,
                     "format": forms.pop() if len(forms) == 1 else "mixed-precision", "quantization_status": "compressed",
                     "global_compression_ratio": None}
        if self.sparse or self.form.startswith(("sparse", "marlin")):
            form = self.sparse or ("dense" if self.form.startswith("marlin") else self.form)
            part["sparsity_config"] = {
                "format": form, "global_sparsity": self.pick(0.5, 50.0), "ignore": self.ignore, "targets": ["Linear"],
                "sparsity_structure": "unstructured" if form == "sparse-bitmask" else "2:4",
                "registry_requires_subclass": False}
        key = "compression_config" if self.version is None and not self.groups else "quantization_config"
        return {"architectures": ["LlamaForCausalLM"], "model_type": "llama", key: part, "torch_dtype": "bfloat16"}

    def save(self, folder, shards=1):
        """Writes the folder; the parts of a tensor may come into different shards."""
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(self.config(), indent=2, sort_keys=True))
        for name, text in SIDE.items():
            (folder / name).write_text(text)
        if shards == 1:
            write(folder / "model.safetensors", self.tensors, {"format": "pt"})
            return
        weight_map, total = {}, 0
        places = {name: int(self.random.integers(shards)) for name in self.tensors}
        for shard in range(shards):
            file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
            own = {name: tensor for name, tensor in self.tensors.items() if places[name] == shard}
            write(folder / file, own, {"format": "pt"})
            weight_map |= {name: file for name in own}
            total += sum(tensor[1].nbytes for tensor in own.values())
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def makers(random):
    """Folders of every format, with what they are called."""
    def made(label, form, version, sparse=None):
        maker = Maker(random, form, version, sparse)
        maker.add_plain()
        return label, maker

    for version, old_names in [("0.14.0.1", False), ("0.9.2", False), ("0.8.1", True), (None, True)]:
        label, maker = made(f"sparse-bitmask {version}", "sparse-bitmask", version)
        for dtype in sorted(set(WRITTEN_AS) & set(LANES) - {"C64", "F8_E8M0", "BOOL"}):
            for shape in [(5, 7), (3, 64), (1, 1), (9, 257), (2, 3, 5), (3, 4, 3, 3), (11,)]:
                maker.add_sparse(dtype, shape, old_names)
        yield label, maker
    label, maker = made("sparse-24-bitmask", "sparse-24-bitmask", "0.14.0.1")
    for dtype in ["BF16", "F16", "F32", "F64", "I8", "F8_E4M3", "I16", "I32"]:
        for shape in [(1, 4), (3, 20), (16, 64), (2, 6), (4, 2), (6, 10), (33, 136)]:
            maker.add_two_of_four(dtype, shape)
    yield label, maker
    for bits in (4, 8):
        for strategy in ("group", "channel"):
            label, maker = made(f"marlin-24 int{bits} {strategy}", "marlin-24", "0.14.0.1")
            for _ in range(6):
                maker.add_marlin(bits, strategy)
            yield label, maker
    for form, kind in [("int-quantized", "int"), ("float-quantized", "float"), ("naive-quantized", "int"), ("naive-quantized", "float")]:
        for sparse in (None, "sparse-bitmask", "sparse-24-bitmask"):
            label, maker = made(f"{form} {kind}{' in ' + sparse if sparse else ''}", form, "0.14.0.1" if sparse else "0.20.0", sparse)
            for number in range(16):
                maker.add_naive(kind, 8 if kind == "float" else [8, 8, 4, 3][number % 4])
            yield label, maker
    for version in (None, "0.9.3", "0.14.0.1", "0.17.1", "0.18.0", "0.20.0"):
        label, maker = made(f"pack-quantized {version}", "pack-quantized", version)
        for bits in range(1, 9):
            for _ in range(4):
                maker.add_packed(bits)
            maker.add_packed(bits, stacked=True)
        yield label, maker
    for version in ("0.14.0.1", "0.20.0"):
        # Widths that fit either layout: only the version tells.
        label, maker = made(f"pack-quantized {version}, either width", "pack-quantized", version)
        for bits in (3, 5, 6, 7):
            for columns in either_width(bits)[:6]:
                maker.add_packed(bits, shape=(9, columns))
        yield label, maker
    label, maker = made("pack-quantized, index of groups", "pack-quantized", "0.14.0.1")
    for bits in (2, 3, 4, 8):
        for _ in range(4):
            maker.add_packed(bits, order=True)
    yield label, maker
    for form, version in [("nvfp4-pack-quantized", "0.20.0"), ("nvfp4-pack-quantized", "0.12.2"), ("mxfp4-pack-quantized", "0.20.0"),
                          ("mxfp4-pack-quantized", "0.13.0"), ("mxfp4-pack-quantized", "0.14.0"),
                          ("mxfp6-pack-quantized", "0.20.0"), ("mxfp8-quantized", "0.20.0")]:
        label, maker = made(f"{form} {version}", form, version)
        for _ in range(8):
            maker.add_float(form)
        yield label, maker
    label, maker = made("mixed-precision", "int-quantized", "0.20.0")
    for _ in range(4):
        maker.add_float("nvfp4-pack-quantized")
        maker.add_float("mxfp8-quantized")
        maker.add_packed(maker.pick(3, 4, 8))
        maker.add_naive("int")
    yield label, maker


def either_width(bits):
    """Columns up to 400 for which both layouts take as many words."""
    return [columns for columns in range(1, 400) if -(-columns * bits // 32) == -(-columns // (32 // bits))]


# Dense folders, to be made sparse


def dense_folder(path, tensors=None, file=None):
    """A folder of plain tensors, from a file or written."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"architectures": ["Golden"], "model_type": "golden"}, indent=2))
    if file is not None:
        shutil.copyfile(file, path / "model.safetensors")
    else:
        write(path / "model.safetensors", tensors, {"format": "pt"})
    return path


def random_dense(random, layout):
    """Weights of every type that fit the layout, and tensors that stay as they are."""
    tensors = {}
    for dtype in ["BF16", "F16", "F32", "F64", "F8_E4M3", "I8", "I16", "I32"]:
        for shape in [(1, 4), (8, 64), (5, 20), (33, 136), (64, 1024)] + ([(3, 7), (9, 257)] if layout == "bitmask" else []):
            bits = bits_with_zeros(random, dtype, shape, 0.6, negative_zeros=0.1)
            if layout == "nm:2:4":
                bits = prune_groups(random, bits, 2, 4)
                if dtype in SIGNS:
                    bits[(bits == 0) & (random.random(shape) < 0.05)] = LANES[dtype](SIGNS[dtype])
            if dtype[0] == "I":
                # Of the least integer the library takes the magnitude for the least of all.
                bits[bits == LANES[dtype](1 << (8 * bits.itemsize - 1))] = 1
            tensors[f"model.layers.{len(tensors)}.mlp.proj.weight"] = (dtype, bits)
    tensors["model.layers.0.mlp.proj.bias"] = ("F32", bits_with_zeros(random, "F32", (64,), 0.5))
    tensors["model.norm.weight"] = ("BF16", bits_with_zeros(random, "BF16", (64,), 0.9))
    tensors["lm_head.weight"] = ("BF16", bits_with_zeros(random, "BF16", (64, 32), 0.4))
    return tensors
