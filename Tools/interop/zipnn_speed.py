"""Measures ZipNN on the bytes of a file: ratio, and GB per CPU-second of one thread.

    zipnn_speed.py FILE TYPE ROUNDS RESULT      TYPE is bf16, f16 or f32

Writes `ratio compress decompress` to RESULT, the best of the rounds. ZipNN reads bytes, so that of torch and
safetensors, which it imports, nothing runs; stand-ins take their places where they are not installed. The script
starts itself again with an allocator that keeps its memory, as fresh pages cost more than ZipNN's decoder.
"""

import os
import sys
import time
import types

WARM = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 33), "MALLOC_TOP_PAD_": str(1 << 28)}
TYPES = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}


class StandIn(types.ModuleType):
    """A module whose every name is something."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "jit":
            return types.SimpleNamespace(script=lambda function: function)
        return type(name, (), {}) if name in ("Tensor", "dtype", "device") else "torch." + name


def zipnn():
    for name in ("torch", "safetensors", "safetensors.torch"):
        try:
            __import__(name)
        except ImportError:
            module = StandIn(name)
            for function in ("safe_open", "save_file", "load_file"):
                setattr(module, function, None)
            sys.modules[name] = module
    from zipnn import ZipNN

    return ZipNN


def seconds(work):
    start = time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
    result = work()
    return result, time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) - start


def main(path, element, rounds, result):
    maker = zipnn()
    with open(path, "rb") as file:
        data = file.read()
    compressing, decompressing, size = [], [], 0
    for number in range(int(rounds)):
        copy = bytearray(data)  # ZipNN reorders bits where they lie
        coder = maker(bytearray_dtype=TYPES[element], threads=1, input_format="byte")
        coded, took = seconds(lambda: coder.compress(copy))
        compressing.append(took)
        coded = bytes(coded)
        size = len(coded)
        decoder = maker(bytearray_dtype=TYPES[element], threads=1, input_format="byte")
        restored, took = seconds(lambda: decoder.decompress(coded))
        decompressing.append(took)
        if number == 0 and bytes(restored) != data:
            raise SystemExit("ZipNN does not restore the bytes")
        del restored
    count = len(data)
    with open(result, "w") as file:
        file.write(f"{size / count} {count / min(compressing) / 1e9} {count / min(decompressing) / 1e9}\n")


if any(os.environ.get(name) != value for name, value in WARM.items()):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **WARM})
main(*sys.argv[1:])
