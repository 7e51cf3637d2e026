"""Lets compressed-tensors itself read what lacuna wrote.

    check_writers.py LACUNA CHECKPOINTS

Under 0.20: random folders of every quantized format, restored, layer by layer. Under 0.14, the last release that
reads them: sparse folders made of dense ones, and of the dense weights of CHECKPOINTS.
"""

import collections
import contextlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file

import compressed_tensors
from compressed_tensors.compressors import BaseCompressor

LACUNA, CHECKPOINTS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ["LACUNA"] = str(LACUNA)
sys.path.append(str(ROOT / "Tools" / "interop"))

from compressed_tensors_reader import read_checkpoint, scheme, settings_of  # noqa: E402
from compressed_tensors_writer import dense_folder, makers, random_dense  # noqa: E402
from harness import read  # noqa: E402

TYPES = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32, "F64": torch.float64, "I8": torch.int8,
         "I16": torch.int16, "I32": torch.int32, "I64": torch.int64, "U8": torch.uint8, "F8_E4M3": torch.float8_e4m3fn}
SEED = int(os.environ.get("LACUNA_INTEROP_SEED", "20250801"))
counts, failures = collections.Counter(), []


def expect(rule, holds, detail):
    """Notes whether a rule holds for one case."""
    counts[rule] += bool(holds)
    if not holds:
        failures.append(f"{rule}: {detail}")


def convert(rule, what, *arguments):
    """Whether lacuna converts."""
    done = subprocess.run([LACUNA, "convert", *map(str, arguments), "--force", "--quiet"], capture_output=True)
    if done.returncode:
        expect(rule, False, f"{what}: exit {done.returncode}: {done.stderr.decode().strip()}")
    return done.returncode == 0


def tensor(dtype, lanes):
    """Lanes as a tensor of torch."""
    flat = np.frombuffer(np.ascontiguousarray(lanes).tobytes(), dtype=np.uint8).copy()
    return torch.from_numpy(flat).view(TYPES[dtype]).reshape(lanes.shape)


def alike(left, right):
    """Whether two tensors are equal in type, shape and every bit; of NaN only that it is one."""
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    raw = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[left.element_size()]
    differ = left.contiguous().view(raw) != right.contiguous().view(raw)
    return not differ.any() or (left.dtype.is_floating_point
                                and bool((left.float().isnan() & right.float().isnan())[differ].all()))


def all_tensors(folder):
    """Every tensor of a folder as torch has it."""
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(path)
    return tensors


# Today's library


def check_quantized(place):
    """Every layer that is restored has, for the library, the value that it had before."""
    from compressed_tensors.quantization import QuantizationConfig

    for number, (label, maker) in enumerate(makers(np.random.default_rng(SEED))):
        if not maker.codes or "index of groups" in label:
            continue  # Of indexed groups the library has no reader any more.
        source, target = place / f"source-{number}", place / f"target-{number}"
        maker.save(source, shards=1 + number % 2)
        rule = f"0.20 reads what is restored: {maker.form}{' in ' + maker.sparse if maker.sparse else ''}"
        if not convert(rule, label, source, target, "--to", "safetensors", "--layout", "dense"):
            continue
        config = json.loads((target / "config.json").read_text())
        QuantizationConfig.model_validate(settings_of(config))
        expected, tensors = read_checkpoint(source).layers, all_tensors(target)
        for module, layer in expected.items():
            try:
                value = library_value(config, module, tensors)
            except Exception as error:
                expect(rule, False, f"{label}: {module}: {type(error).__name__}: {error}")
                continue
            expect(rule, alike(value, tensor(*layer.weight)), f"{label}: {module}")


def library_value(config, module, tensors):
    """What the library takes the weight of a layer for."""
    from compressed_tensors.quantization import QuantizationScheme

    group, form = scheme(settings_of(config), module)
    own = {name.removeprefix(f"{module}."): value for name, value in tensors.items() if name.rpartition(".")[0] == module}
    if form == "pack-quantized" and "weight_zero_point" in own:
        # Eight rows or fewer make one word, whose stride the library trips over; here it is 1.
        own["weight_zero_point"] = own["weight_zero_point"].t().clone(memory_format=torch.contiguous_format).t()
    return BaseCompressor.get_value_from_registry(form).decompress(own, QuantizationScheme.model_validate(group))["weight"]


# The last library with the sparse formats


def check_sparse(place):
    """A dense folder that is made sparse is, for the library, what it was; as the library, its own tensors too."""
    for layout in ("bitmask", "nm:2:4"):
        source = dense_folder(place / "dense", random_dense(np.random.default_rng(SEED), layout))
        options = ["--to", "compressed-tensors", "--layout", layout, "--ignore", "lm_head"]
        for more in ([], ["--as-reference"]):
            rule = f"0.14 reads what is written: {' '.join([layout, *more])}"
            target = place / "written"
            if convert(rule, "random weights", source, target, *options, *more):
                wanted = {name: tensor(*value) for name, value in read(source / "model.safetensors").items()}
                compare(rule, wanted, library_dense(target), signs=not more)
    for name, layout in [("sparse-bitmask-bf16", "bitmask"), ("sparse-bitmask-f32", "bitmask"), ("sparse-24-bf16", "nm:2:4"),
                         ("sparse-24-f32", "nm:2:4")]:
        check_model(place, name, layout)


def check_model(place, name, layout):
    """The same for a model."""
    checkpoint, source, target = CHECKPOINTS / name / "checkpoint", place / f"{name}-dense", place / f"{name}-written"
    shutil.copytree(checkpoint, source)
    shutil.copyfile(CHECKPOINTS / name / "truth.safetensors", source / "model.safetensors")
    config = json.loads((source / "config.json").read_text())
    del config["quantization_config"]
    (source / "config.json").write_text(json.dumps(config))
    rule = f"0.14 decompresses a model that is written: {layout}"
    options = ["--to", "compressed-tensors", "--layout", layout, "--ignore", "lm_head", "--ignore", "model.embed_tokens"]
    if not convert(rule, name, source, target, *options, "--as-reference"):
        return
    written, own = all_tensors(target), all_tensors(checkpoint)
    differ = sorted(key for key in written.keys() | own.keys()
                    if key not in written or key not in own or not alike(written[key], own[key]))
    expect("--as-reference gives the library's own tensors", not differ, f"{name}: {differ[:3]}")
    if convert(rule, name, source, target, *options):
        compare(rule, all_tensors(source), model_weights(target, config), signs=True)


def library_dense(folder):
    """The tensors of a folder as the library expands them."""
    form = json.loads((folder / "config.json").read_text())["quantization_config"]["sparsity_config"]["format"]
    return dict(BaseCompressor.load_from_registry(form, config=None).decompress(str(folder)))


def model_weights(folder, config):
    """The weights of a model that the library decompresses the folder into."""
    from compressed_tensors.compressors import ModelCompressor
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LlamaForCausalLM(LlamaConfig(**config)).to(getattr(torch, config["torch_dtype"]))
    plain = {name: value for name, value in all_tensors(folder).items() if name in model.state_dict()}
    model.load_state_dict(plain, strict=False)
    with contextlib.redirect_stderr(io.StringIO()):
        ModelCompressor.from_pretrained(str(folder)).decompress(str(folder), model)
    return dict(model.state_dict())


def compare(rule, wanted, found, signs):
    """Compares by tensor; without signs, zeros of either sign are equal."""
    for name, value in wanted.items():
        if name not in found:
            expect(rule, False, f"{name} is absent")
        elif signs:
            expect(rule, alike(found[name], value), f"{name}, {value.dtype}")
        else:
            floating = value.dtype.is_floating_point
            left, right = (found[name].double(), value.double()) if floating else (found[name], value)
            holds = left.shape == right.shape and found[name].dtype == value.dtype
            expect(rule, holds and bool(((left == right) | ((left != left) & (right != right))).all()), f"{name}, {value.dtype}")


def main():
    with tempfile.TemporaryDirectory(prefix="lacuna-rescue-") as folder:
        (check_quantized if compressed_tensors.__version__ == "0.20.0" else check_sparse)(pathlib.Path(folder))
    for rule, count in counts.items():
        print(f"  ok    {count:6}  {rule}")
    for failure in failures[:40]:
        print(f"  FAIL  {failure[:300]}")
    verdict = f"{len(failures)} FAILED" if failures else "passed"
    print(f"rescue: compressed-tensors {compressed_tensors.__version__} as the reader: {verdict} (seed {SEED})")
    sys.exit(1 if failures or not counts else 0)


main()
