"""Runs every command on every broken file: quick, small, the right exit code, one line. Needs no package.

    hostile.py LACUNA
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS, BYTES = 1.0, 64_000_000
lacuna = pathlib.Path(sys.argv[1]).resolve()


def measure(*arguments):
    """Exit code, seconds, peak resident bytes and standard error of a run."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen([lacuna, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return process.returncode, seconds, peak, errors.read().decode(errors="replace")


def huge(path, rows, columns):
    """A few bytes that claim to be terabytes: a CSR tensor of 3 values whose rows have billions of columns."""
    parts = {"crow_indices": "r", "col_indices": "c", "values": "v"}
    entry = {"name": "w", "dtype": "F32", "shape": [rows, columns], "layout": "csr", "parts": parts}
    end = 4 * (rows + 1)
    header = json.dumps({
        "__metadata__": {"lacuna.version": "1", "lacuna.manifest": json.dumps({"tensors": [entry]})},
        "r": {"dtype": "U32", "shape": [rows + 1], "data_offsets": [0, end]},
        "c": {"dtype": "U32", "shape": [3], "data_offsets": [end, end + 12]},
        "v": {"dtype": "F32", "shape": [3], "data_offsets": [end + 12, end + 24]},
    }).encode()
    data = struct.pack("<I", 0) + struct.pack("<I", 3) * rows + struct.pack("<III", 0, 1, columns - 1) + bytes(range(1, 13))
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return path


def field(number, content):
    """A field of bytes of a protobuf message."""
    length, varint = len(content), bytearray()
    while length >= 0x80:
        varint.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2]) + bytes(varint) + bytes([length]) + content


def onnx(path, graph):
    """A model file around the bytes of a graph."""
    path.write_bytes(b"\x08\x0a" + field(7, graph) + field(8, b"\x10\x15"))
    return path


def deep(levels):
    """A graph in an attribute of a node of a graph, and so on: what overflows the stack of protobuf-c."""
    graph = b""
    for _ in range(levels):
        graph = field(1, field(5, field(6, graph)))
    return graph


failures, runs, slowest, largest = [], 0, 0.0, 0
files = sorted(path for path in (ROOT / "Fixtures" / "hostile").rglob("*") if path.is_file() and path.suffix != ".tsv")
with tempfile.TemporaryDirectory(prefix="lacuna-hostile-") as folder:
    output = pathlib.Path(folder) / "out.safetensors"
    claims = [(1, 1 << 32), (256, 1 << 32), (3, 5), (1000, 1 << 31)]
    made = [huge(pathlib.Path(folder) / f"huge-{rows}x{columns}.safetensors", rows, columns) for rows, columns in claims]
    made += [
        onnx(pathlib.Path(folder) / "deep.onnx", deep(3000)),
        onnx(pathlib.Path(folder) / "empty-nodes.onnx", field(1, b"") * 5_000_000),
        onnx(pathlib.Path(folder) / "small-nodes.onnx", field(1, field(4, b"A")) * 2_000_000),
        onnx(pathlib.Path(folder) / "initializers.onnx", field(5, b"\x08\x01\x10\x01" + field(9, b"1234")) * 700_000),
    ]
    files += made
    for path in files:
        for lenient in [(), ("--lenient",)]:
            for command in [
                ("inspect", path), ("inspect", "--headers-only", "--json", path), ("verify", path), ("diff", path, path),
                ("validate", "--pattern", "2:4", path), ("convert", path, output, "--layout", "auto"),
            ]:
                output.unlink(missing_ok=True)
                code, seconds, peak, errors = measure(*command, *lenient)
                if seconds >= SECONDS:
                    # The machine may have been busy: what counts is the better of two.
                    output.unlink(missing_ok=True)
                    code, seconds, peak, errors = measure(*command, *lenient)
                runs += 1
                slowest, largest = max(slowest, seconds), max(largest, peak)
                what = f"{command[0]} {' '.join(lenient)} {path.name}"
                allowed = {0, 65}
                if command[0] in ("validate", "verify"):
                    allowed.add(1)
                if command[0] == "convert" and "has no type" in errors:
                    # Elements of a type that the other container lacks: the output cannot be made.
                    allowed.add(73)
                if path.name == "ext_missing.onnx":
                    allowed.add(66)
                if code not in allowed:
                    failures.append(f"{what}: exit {code}: {errors.strip()[-200:]}")
                elif code >= 65 and not errors.startswith("lacuna: "):
                    failures.append(f"{what}: says nothing of what is wrong")
                elif code >= 65 and output.exists():
                    failures.append(f"{what}: left an output behind")
                elif seconds >= SECONDS or peak >= BYTES:
                    failures.append(f"{what}: {seconds:.2f} s, {peak / 1e6:.0f} MB")
        leftovers = [name for name in os.listdir(folder) if name not in {path.name for path in [output, *made]}]
        if leftovers:
            failures.append(f"{path.name}: left {leftovers} behind")

for failure in failures[:40]:
    print(f"  FAIL  {failure}")
print(
    f"hostile: {len(files)} files, {runs} runs, slowest {slowest:.2f} s, largest {largest / 1e6:.1f} MB: "
    + (f"{len(failures)} FAILED" if failures or not files else "passed"))
sys.exit(1 if failures or not files else 0)
