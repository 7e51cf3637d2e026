"""Loads a folder with today's transformers and compressed-tensors, and compares its weights with the true ones."""

import contextlib
import dataclasses
import io
import re
import warnings

import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, CompressedTensorsConfig

warnings.simplefilter("ignore")
transformers.logging.set_verbosity_error()

# Scales of activations: transformers lists them when it makes plain weights of quantized ones at once.
ACTIVATIONS = re.compile(r"\.(input|output)_(scale|zero_point|global_scale)$")


@dataclasses.dataclass
class Loaded:
    """What came of loading a folder."""

    error: str = ""
    quantized: bool = False
    weights: dict = dataclasses.field(default_factory=dict)
    missing: set = dataclasses.field(default_factory=set)
    unexpected: set = dataclasses.field(default_factory=set)
    mismatched: set = dataclasses.field(default_factory=set)


def load(folder, dtype="auto", dequantize=False):
    """Loads a folder. Quantized weights are dequantized by the library, all at once while they load or afterwards."""
    options = {"quantization_config": CompressedTensorsConfig(dequantize=True)} if dequantize else {}
    noise = io.StringIO()
    try:
        with contextlib.redirect_stderr(noise), contextlib.redirect_stdout(noise):
            model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, output_loading_info=True, **options)
            quantizer = getattr(model, "hf_quantizer", None)
            if quantizer is not None and not dequantize and quantizer.compressor.quantization_config is not None:
                quantizer.compressor.decompress_model(model)
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return Loaded(error=f"{type(error).__name__}: {lines[0][:90]}")
    return Loaded(
        quantized=quantizer is not None or dequantize, weights=dict(model.state_dict()),
        missing=set(info["missing_keys"]), unexpected=set(info["unexpected_keys"]),
        mismatched={entry if isinstance(entry, str) else entry[0] for entry in info["mismatched_keys"]})


def bits(tensor):
    return tensor.detach().contiguous().view(torch.uint8)


def equal(left, right):
    """Whether two tensors are equal in type, shape and every bit."""
    return left.dtype == right.dtype and left.shape == right.shape and torch.equal(bits(left), bits(right))


def different(weights, truth, dtype=None):
    """The names of the true tensors that the weights are not equal to, the true ones cast first if asked."""
    return sorted(name for name, tensor in truth.items()
                  if name not in weights or not equal(weights[name], tensor if dtype is None else tensor.to(dtype)))


def complaints(loaded, truth, dtype=None, dequantize=False):
    """What is wrong with what was loaded; empty if nothing is."""
    if loaded.error:
        return [loaded.error]
    unexpected = {name for name in loaded.unexpected if not (dequantize and ACTIVATIONS.search(name))}
    found = [f"{what}: {len(names)}, such as {min(names)}" for what, names in
             [("missing", loaded.missing), ("unexpected", unexpected), ("mismatched", loaded.mismatched)] if names]
    differ = different(loaded.weights, truth, dtype)
    if differ:
        found.append(f"{len(differ)} of {len(truth)} tensors differ, such as {differ[0]}")
    return found


def true_weights(place):
    """The weights that must come back."""
    return load_file(place / "truth.safetensors")
