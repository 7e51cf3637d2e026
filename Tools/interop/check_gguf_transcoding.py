"""Between compressed-tensors and GGUF without quantizing again: PyPI's gguf and numpy decode both sides to the same numbers."""

import shutil

import numpy as np

from compressed_tensors_reader import read_checkpoint, spread
from compressed_tensors_writer import Maker, pack
from gguf_comparing import attempt, compared
from gguf_files import Stored, random_blocks, read_gguf, sizes, write_gguf
from harness import Check, read, run
from small_floats import E4M3, lanes, numbers

# The blocks that hold the codes of each form, and how many elements have one scale at least.
INTEGERS = {"Q8_0": 8, "Q4_0": 4, "Q5_0": 5}
REACH = {"Q8_0": 32, "Q4_0": 32, "Q5_0": 32, "MXFP4": 32, "NVFP4": 16}


def exact_scales(random, shape):
    """Scales that BF16, F16 and F32 hold alike."""
    values = (random.integers(1, 256, size=shape) / 128 * np.exp2(random.integers(-10, 3, size=shape))).astype(np.float32)
    return values * random.choice([1, -1], size=shape).astype(np.float32)


def add_integers(maker, kind, size):
    """Symmetric integers in groups of `size`, or with one scale for a row."""
    random, bits = maker.random, INTEGERS[kind]
    shape, module = (int(random.integers(1, 40)), (size or 32) * int(random.integers(1, 6))), maker.name()
    if size is None and shape[1] % 32:
        shape = (shape[0], 32)
    codes = maker.integers(bits, shape)
    scale = exact_scales(random, (shape[0], shape[1] // size if size else 1))
    dtype = maker.pick("F16", "BF16", "F32")
    maker.tensors[f"{module}.weight_scale"] = (dtype, lanes(dtype, scale))
    if kind == "Q8_0" and maker.pick(True, False):
        maker.tensors[f"{module}.weight"], form = ("I8", codes.astype(np.int8).view(np.uint8)), "int-quantized"
    else:
        maker.tensors[f"{module}.weight_packed"], form = ("I32", pack(codes, bits, maker.padded)), "pack-quantized"
        maker.tensors[f"{module}.weight_shape"] = ("I64", np.array(shape, np.uint64))
    arguments = {"num_bits": bits, "type": "int", "symmetric": True, "strategy": "group" if size else "channel", "group_size": size}
    maker.group(module, arguments, form)
    return module, codes * spread(scale, shape, arguments)


def add_floats(maker, kind):
    """4-bit floats; a global scale is a power of two, whose reciprocal is one as well."""
    maker.add_float("mxfp4-pack-quantized" if kind == "MXFP4" else "nvfp4-pack-quantized")
    module = next(reversed(maker.codes))
    codes, (_, scale) = maker.codes[module], maker.tensors[f"{module}.weight_scale"]
    if kind == "NVFP4":
        # Four groups make a block.
        dtype, packed = maker.tensors[f"{module}.weight_packed"]
        codes, scale = np.tile(codes, (1, 4)), np.tile(scale, (1, 4))
        maker.tensors |= {f"{module}.weight_packed": (dtype, np.tile(packed, (1, 4))), f"{module}.weight_scale": ("F8_E4M3", scale)}
    if kind == "MXFP4":
        # Smaller exponents leave numbers that single precision has no room for.
        scale[:] = np.clip(scale, 8, 246)
        factors = np.exp2(scale.astype(np.float64) - 127)
    else:
        whole = np.exp2(maker.random.integers(0, 12, size=1)).astype(np.float32)
        maker.tensors[f"{module}.weight_global_scale"] = ("F32", whole.view(np.uint32))
        factors = E4M3[scale].astype(np.float64) / whole
    return module, (codes * np.repeat(factors, REACH[kind], axis=1)).astype(np.float32)


def check_from(check, kind, version):
    """Weights of compressed-tensors as blocks that gguf decodes."""
    maker = Maker(check.random, "pack-quantized", version)
    maker.add_plain()
    expected = {}
    for place in range(8):
        module, values = add_integers(maker, kind, [32, 64, 128, None][place % 4]) if kind in INTEGERS else add_floats(maker, kind)
        expected[module] = values.astype(np.float32)
    folder, target, what = check.folder / "packed", check.folder / "blocks.gguf", f"{kind} of {version}"
    shutil.rmtree(folder, ignore_errors=True)
    maker.save(folder, shards=check.random.integers(1, 3))
    if not attempt(check, f"{kind} from compressed-tensors", what, folder, target):
        return
    _, tensors = read_gguf(target)
    for module, values in expected.items():
        tensor = tensors.get(f"{module}.weight")
        if not check.expect("weights have the blocks that hold them", tensor is not None and tensor.type == kind,
                            f"{what}: {module}: {tensor and tensor.type}"):
            continue
        check.expect(f"{kind} from compressed-tensors", np.array_equal(whole_numbers(tensors, module), values), f"{what}: {module}: {values.shape}")
    for name, (dtype, values) in maker.plain.items():
        tensor = tensors.get(name)
        check.expect("what is not quantized stays", tensor == Stored(dtype, values.shape, values.tobytes()), f"{what}: {name}")


def whole_numbers(tensors, module):
    """What a model's blocks stand for, with the factor beside them."""
    values = tensors[f"{module}.weight"].decoded()
    factor = tensors.get(f"{module}.scale")
    return values if factor is None else values * np.frombuffer(factor.data, np.float32)[0]


def random_stored(random, kind):
    """Blocks whose scales are finite numbers."""
    elements, size = sizes(kind)
    rows, blocks = int(random.integers(1, 40)), int(random.integers(1, 12))
    data = np.frombuffer(random_blocks(random, kind, rows * blocks, False), np.uint8).reshape(-1, size).copy()
    if kind == "MXFP4":
        data[:, 0] = random.integers(8, 246, size=len(data))
    elif kind == "NVFP4":
        data[:, :4] = random.integers(0, 0x7F, size=(len(data), 4))
    return Stored(kind, (rows, blocks * elements), data.tobytes())


def check_to(check, number):
    """Blocks as weights that numpy decodes after the library's formats, and as the same blocks again."""
    tensors, metadata = {}, {"general.architecture": ("str", "llama"), "general.name": ("str", f"Model {number}")}
    for kind in REACH:
        for _ in range(4):
            module = f"blk.{len(tensors)}.proj"
            tensors[f"{module}.weight"] = random_stored(check.random, kind)
            if kind == "NVFP4" and number:
                # A factor of 1 is not written again.
                factor = np.exp2(check.random.integers(-12, 0, size=1)).astype(np.float32)
                tensors[f"{module}.scale"] = Stored("F32", (1,), factor.tobytes())
    tensors["norm.weight"] = Stored("F32", (16,), check.random.bytes(64))
    source, folder, back = check.folder / "source.gguf", check.folder / "unpacked", check.folder / "again.gguf"
    write_gguf(source, metadata, tensors)
    if not attempt(check, "blocks become compressed-tensors", number, source, folder, "--to", "compressed-tensors"):
        return
    checkpoint = read_checkpoint(folder)
    for name, tensor in tensors.items():
        if tensor.type not in REACH:
            continue
        module, kind = name.removesuffix(".weight"), tensor.type
        layer = checkpoint.layers.get(module)
        if not check.expect("each weight is a layer", layer is not None, name):
            continue
        scale = np.exp2(layer.scale[1].astype(np.float64) - 127) if kind == "MXFP4" else numbers(*layer.scale).astype(np.float64)
        values = layer.codes * np.repeat(scale, REACH[kind], axis=-1)
        if kind == "NVFP4":
            values = values / global_scale(folder, module)
        check.expect(f"{kind} to compressed-tensors", np.array_equal(values.astype(np.float32), whole_numbers(tensors, module)), f"{number}: {name}")
    check.expect("what is not quantized stays", checkpoint.plain.get("norm.weight", ("", np.zeros(0)))[1].tobytes() == tensors["norm.weight"].data)
    if attempt(check, "and blocks again", number, folder, back):
        _, found = read_gguf(back)
        for name, tensor in tensors.items():
            check.expect("through compressed-tensors they are the same blocks", found.get(name) == tensor, f"{number}: {name}: {tensor.type}")


def global_scale(folder, module):
    """The divisor beside a layer of NVFP4."""
    for path in sorted(folder.glob("*.safetensors")):
        found = read(path).get(f"{module}.weight_global_scale")
        if found is not None:
            return found[1].view(np.float32)[0]
    raise KeyError(module)


def check_impossible(check):
    """Zero points, blocks with minimums and the like are refused; with `--type` they are encoded anew."""
    target = check.folder / "impossible"
    for kind in ("Q4_1", "Q5_1", "Q4_K", "Q6_K", "IQ4_XS", "TQ1_0"):
        source = check.folder / "minimum.gguf"
        elements, _ = sizes(kind)
        write_gguf(source, {"general.architecture": ("str", "llama")},
                   {"a.weight": Stored(kind, (2, 2 * elements), random_blocks(check.random, kind, 4, False))})
        try:
            run("convert", source, target, "--to", "compressed-tensors", "--quiet")
            refused, said = False, ""
        except RuntimeError as error:
            refused, said = "exit 65" in str(error), str(error)
        check.expect("what has no exact form is refused", refused and "a.weight" in said and not target.exists(), f"{kind}: {said}")
        shutil.rmtree(target, ignore_errors=True)


with Check("gguf-transcoding") as check:
    for version in ("0.14.0.1", "0.20.0"):
        for kind in REACH:
            check_from(check, kind, version)
    for number in range(3):
        check_to(check, number)
    check_impossible(check)
    compared(check, *[f"{kind} from compressed-tensors" for kind in REACH], *[f"{kind} to compressed-tensors" for kind in REACH],
             "what is not quantized stays", "through compressed-tensors they are the same blocks", "what has no exact form is refused")
