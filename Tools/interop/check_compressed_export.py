"""Compressed exports are valid files of others: safetensors lists them, `zstd` tests and unpacks their data, and they restore."""

import hashlib
import json
import shutil
import subprocess

from jsonschema import Draft202012Validator
from safetensors import safe_open

from harness import FIXTURES, LANES, ROOT, Check, bits_with_zeros, report, run, write

SCHEMA = json.loads((ROOT / "Schemas" / "export-manifest.schema.json").read_text())
ZSTD = shutil.which("zstd")


def sample(check):
    """A file with every dtype, dense, half zero and nearly all zero, larger than a chunk and empty."""
    tensors = {}
    for dtype in LANES:
        for number, (shape, density) in enumerate([((7, 5), 1.0), ((0, 3), 1.0), ((), 1.0), ((600, 512), 0.5), ((300, 999), 0.05)]):
            tensors[f"{dtype}.{number}"] = (dtype, bits_with_zeros(check.random, dtype, shape, density, 0.1))
    path = check.folder / "sample.safetensors"
    write(path, tensors, {"format": "pt"})
    return path, set(tensors)


def examine(check, source, names=None):
    """Compresses one file and looks at the export with everything but lacuna."""
    export, again = check.folder / "export.zst.safetensors", check.folder / "again"
    seen = report("compress", source, "-o", export, "--force", "--lenient")
    bytes_of = source.read_bytes()
    digest = hashlib.sha256(bytes_of).hexdigest()
    what = str(source)
    check.expect("the report has the SHA-256 and the sizes", seen["files"][0]["sha256"] == digest
                 and seen["output_bytes"] == export.stat().st_size and seen["input_bytes"] == len(bytes_of), what)
    with safe_open(export, "np") as file:
        metadata, keys = file.metadata(), set(file.keys())
        views = {key: bytes(file.get_tensor(key)) for key in list(keys)[:40]}
    manifest = json.loads(metadata["lacuna.manifest"])
    errors = list(Draft202012Validator(SCHEMA).iter_errors(manifest))
    check.expect("the manifest keeps to its schema", not errors, f"{what}: {errors[:2]}")
    check.expect("the manifest names the source", manifest["source"] == {
        "name": source.name, "format": manifest["source"]["format"], "bytes": len(bytes_of), "sha256": digest}, what)
    if names is not None:
        check.expect("safetensors lists the tensors' names", keys == names | {"lacuna.source"}, what)
    raw = export.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    if ZSTD:
        done = subprocess.run([ZSTD, "-t", "-q"], input=raw[start:], capture_output=True)
        check.expect("`zstd -t` takes the whole data section", done.returncode == 0, f"{what}: {done.stderr}")
        for key, data in views.items():
            done = subprocess.run([ZSTD, "-t", "-q"], input=data, capture_output=True)
            check.expect("`zstd -t` takes each tensor by itself", not data or done.returncode == 0, f"{what}: {key}")
    run("decompress", export, "-o", again, "--force")
    check.expect("the source comes back byte for byte", again.read_bytes() == bytes_of, what)
    check.expect("verify finds it whole", report("verify", "--lenient", export)["whole"], what)
    check.expect("diff finds it the same", report("diff", "--lenient", source, export)["equal"], what)


with Check("compressed export") as check:
    if not ZSTD:
        print("interop: compressed export: no zstd here, so its data are not tested by it")
    examine(check, *sample(check))
    fixtures = [*(FIXTURES / "real").glob("*.safetensors"), *(FIXTURES / "gguf" / "types").glob("*.gguf"), *(FIXTURES / "onnx").glob("nm*.onnx")]
    for path in sorted(fixtures):
        examine(check, path)
