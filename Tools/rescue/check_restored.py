"""Restores every checkpoint with lacuna and loads it with today's stack.

    check_restored.py LACUNA CHECKPOINTS
"""

import pathlib
import subprocess
import sys
import tempfile

import torch

from cases import CASES
from today import complaints, different, load, true_weights

LACUNA, CHECKPOINTS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
TYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}


def convert(source, target, *options):
    """Runs lacuna; what it said if it failed, else nothing."""
    done = subprocess.run([LACUNA, "convert", source, target, "--to", "safetensors", *options], capture_output=True)
    return "" if done.returncode == 0 else f"exit {done.returncode}: {done.stderr.decode().strip()[:200]}"


def before(case, folder, truth):
    """What today's stack makes of the folder as it is, in words."""
    words = [outcome(folder, truth, dequantize=False)]
    if case.is_quantized and words != ["loads"]:
        words.append(f"asked to dequantize: {outcome(folder, truth, dequantize=True)}")
    return "; ".join(words)


def outcome(folder, truth, dequantize):
    """What came of loading a folder once, or twice if weights are wrong: random ones differ each time."""
    loaded = load(folder, dequantize=dequantize)
    if loaded.error:
        return f"does not load ({loaded.error})"
    differ = different(loaded.weights, truth)
    if not differ:
        return "loads"
    again = load(folder, dequantize=dequantize)
    random = different(again.weights, {name: loaded.weights[name] for name in differ if name in loaded.weights})
    return f"LOADS WITHOUT AN EXCEPTION, {len(differ)} of {len(truth)} tensors wrong, {len(random)} of them random"


def routes(case):
    """The ways to load the restored folder that today's stack has for its format: dequantize at once, or afterwards.

    Packed zero points do not load the one way and a mixture of formats the other, not even as the library itself
    writes them.
    """
    if not case.is_quantized:
        return [False]
    if case.second is not None:
        return [False]
    asymmetric = isinstance(case.weights, dict) and not case.weights["symmetric"]
    if asymmetric and case.name.startswith("pack"):
        return [True]
    return [False, True]


def side_files(source, target):
    """The files beside the weights that did not come along as they are."""
    ours = {"config.json", "model.safetensors.index.json"}
    return [path.name for path in source.iterdir() if path.suffix != ".safetensors" and path.name not in ours
            and not ((target / path.name).exists() and (target / path.name).read_bytes() == path.read_bytes())]


def restored(case, source, target, truth):
    """What is wrong with the folder that `--layout dense` makes."""
    failed = convert(source, target, "--layout", "dense")
    if failed:
        return [failed]
    found = [f"not carried over: {name}" for name in side_files(source, target)]
    for dequantize in routes(case):
        loaded = load(target, dequantize=dequantize)
        found += complaints(loaded, truth, dequantize=dequantize)
        if not loaded.error and loaded.quantized != case.is_quantized:
            found.append("loads as " + ("a quantized model" if loaded.quantized else "a plain model"))
    return found


def typed(case, source, target, truth, dtype):
    """What is wrong with the plain folder that `--type` makes."""
    failed = convert(source, target, "--type", dtype)
    if failed:
        return [failed]
    loaded = load(target, dtype=TYPES[dtype])
    found = complaints(loaded, truth, TYPES[dtype])
    return found + (["loads as a quantized model"] if loaded.quantized else [])


def check(case, place):
    """Prints the lines of one case; how many of them failed."""
    source, truth, failures = CHECKPOINTS / case.name / "checkpoint", true_weights(CHECKPOINTS / case.name), 0
    print(f"  {case.name}: before: {before(case, source, truth)}")
    tries = [("--layout dense", lambda target: restored(case, source, target, truth))] if case.quantized_today else []
    if case.is_quantized:
        # The type of the model gives the library's values as they are, another one those values rounded or widened.
        for dtype in dict.fromkeys([case.type if case.type != "f16" else "f32", "bf16"]):
            tries.append((f"--type {dtype}", lambda target, dtype=dtype: typed(case, source, target, truth, dtype)))
    for number, (what, attempt) in enumerate(tries):
        found = attempt(place / f"{case.name}-{number}")
        failures += bool(found)
        verdict = f"FAIL  {'; '.join(found)}" if found else f"ok    {len(truth)} tensors equal"
        print(f"  {case.name}: {what}: {verdict}", flush=True)
    return failures


def main():
    with tempfile.TemporaryDirectory(prefix="lacuna-rescue-") as folder:
        failures = sum(check(case, pathlib.Path(folder)) for case in CASES)
    print(f"rescue: {len(CASES)} checkpoints, {f'{failures} FAILED' if failures else 'all restored'}")
    sys.exit(1 if failures else 0)


main()
