"""Every JSON report, and the manifest, keeps to its schema in Schemas/."""

import json

from jsonschema import Draft202012Validator
from safetensors import safe_open

from harness import FIXTURES, LANES, ROOT, Check, bits_with_zeros, report, run, write

SCHEMAS = {path.name.removesuffix(".schema.json"): json.loads(path.read_text()) for path in (ROOT / "Schemas").glob("*.schema.json")}


def closed(schema):
    """The schema that also refuses fields which the schema does not describe."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if isinstance(result.get("properties"), dict) and result.get("additionalProperties") is True:
        result["additionalProperties"] = False
    return result


def conforms(check, name, document, what):
    """Validates a document; the schema's own text is checked too."""
    for rule, schema in [("keeps to the schema", SCHEMAS[name]), ("has no field that the schema does not describe", closed(SCHEMAS[name]))]:
        Draft202012Validator.check_schema(schema)
        errors = list(Draft202012Validator(schema).iter_errors(document))
        detail = "; ".join(f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors[:3])
        check.expect(f"{name}: {rule}", not errors, f"{what}: {detail}")


def examine(check, name, *arguments, codes=(0,)):
    """Runs a command and validates what it prints."""
    document = report(name, *arguments, codes=codes)
    check.expect(f"{name}: names its schema", document["schema"] == f"lacuna.{name}/1", document["schema"])
    conforms(check, name, document, " ".join(map(str, arguments)))
    return document


def sharded(check):
    """A model folder with an index that lies about its total, for the warnings."""
    folder = check.folder / "model"
    folder.mkdir()
    names = {}
    for number in (1, 2):
        file = f"model-{number:05}-of-00002.safetensors"
        tensors = {f"model.layers.{number}.{dtype}.weight": (dtype, bits_with_zeros(check.random, dtype, (4, 8), 0.5, 0.2)) for dtype in LANES}
        write(folder / file, tensors, {"format": "pt"})
        names |= dict.fromkeys(tensors, file)
    (folder / "config.json").write_text('{"model_type": "test"}')
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 7}, "weight_map": names}))
    return folder


with Check("reports") as check:
    model = sharded(check)
    paths = [model, *sorted((FIXTURES / "real").glob("*.safetensors")), *sorted((FIXTURES / "safetensors").glob("*.safetensors"))]
    broken = sorted((FIXTURES / "hostile" / "safetensors").glob("*.safetensors"))
    for path in paths:
        for options in [(), ("--digest",), ("--headers-only",), ("--exclude", "never"), ("--limit", 1), ("--all",), ("--deep", "--histogram")]:
            examine(check, "inspect", path, *options)
        # Beside itself, and beside a model that has other tensors.
        for reference in [path, paths[0], paths[-1]]:
            examine(check, "inspect", path, "--against", reference)
        for options in [(), ("--axis", "last"), ("--axis", 0, "--tail", "pad"), ("--limit", 3, "--zeros")]:
            examine(check, "validate", path, "--pattern", "2:4", *options, codes=(0, 1))
        for runtime in ["tensorrt", "cusparselt", "torch", "asp", "compressed-tensors", "any"]:
            examine(check, "validate", path, "--for", runtime, "--permutations", codes=(0, 1))
        for layout in ["keep", "auto", "dense", "bitmask", "csr", "nm:2:4"]:
            output = check.folder / f"out-{layout.replace(':', '-')}-{path.name}"
            examine(check, "convert", path, output, "--layout", layout, "--dry-run")
            examine(check, "convert", path, output, "--layout", layout, "--verify")
            examine(check, "inspect", output, "--digest")
            examine(check, "verify", output)
            examine(check, "diff", path, output)
            for file in [output] if output.is_file() else output.glob("*.safetensors"):
                with safe_open(file, framework="np") as opened:
                    text = (opened.metadata() or {}).get("lacuna.manifest")
                if text is not None:
                    conforms(check, "manifest", json.loads(text), f"{path.name} {layout}")
        examine(check, "verify", path)
        if path.is_dir() or b"weight" in path.read_bytes():
            examine(check, "inspect", path, "--tensors", "*weight*")
            examine(check, "validate", path, "--tensors", "*", "--pattern", "4:8", codes=(0, 1))
    for path in paths:
        export = check.folder / f"export-{path.name}"
        examine(check, "compress", path, "-o", export, "--dry-run")
        examine(check, "compress", path, "-o", export, "--verify")
        examine(check, "inspect", export, "--headers-only")
        examine(check, "verify", export)
        examine(check, "decompress", export, "-o", check.folder / f"back-{path.name}", "--verify")
    # The last one's data are cut and changed.
    damaged = check.folder / "damaged"
    bits = bytearray(export.read_bytes())
    bits[len(bits) * 3 // 4] ^= 1
    damaged.write_bytes(bits[: len(bits) * 9 // 10])
    examine(check, "decompress", damaged, "-o", check.folder / "salvaged", "--salvage", codes=(1,))
    # Differences of every kind, and several models in one document.
    bits = bits_with_zeros(check.random, "F32", (3, 4), 0.8)
    write(check.folder / "a.safetensors", {"same": ("F32", bits), "type": ("F32", bits), "shape": ("F32", bits), "bits": ("F32", bits), "a": ("F32", bits)})
    write(check.folder / "b.safetensors", {"same": ("F32", bits), "type": ("I32", bits), "shape": ("F32", bits.T), "bits": ("F32", bits ^ 1), "b": ("F32", bits)})
    document = examine(check, "diff", check.folder / "a.safetensors", check.folder / "b.safetensors", codes=(1,))
    kinds = {difference["kind"] for difference in document["differences"]}
    check.expect("diff: finds every kind", kinds == {"only_in_first", "only_in_second", "dtype", "shape", "values"}, kinds)
    for name, options in [("inspect", ()), ("validate", ("--pattern", "2:4")), ("verify", ())]:
        document = examine(check, name, *paths, *options, codes=(0, 1))
        check.expect(f"{name}: all models in one document", len(document["models"]) == len(paths), len(document["models"]))
        document = examine(check, name, "--lenient", *paths, *broken, *options, codes=(65,))
        check.expect(f"{name}: broken files do not stop the others", len(document["models"]) > len(paths), len(document["models"]))
    for path in sorted((FIXTURES / "compressed-tensors").glob("1*")):
        against = examine(check, "inspect", path, "--against", path / "input.safetensors")["models"][0]["against"]
        check.expect("inspect: is told what it is compared with", against["path"] == str(path / "input.safetensors"), against["path"])
    examine(check, "inspect", FIXTURES / "gguf" / "types" / "q4_K.gguf", "--against", FIXTURES / "gguf" / "types" / "q8_0.gguf")
    # A graph's weights, which are stopped by every rule.
    for path in sorted((FIXTURES / "onnx").glob("nm*.onnx")) + sorted((FIXTURES / "onnx").glob("*sparse_weight*.onnx")):
        for runtime in ["tensorrt", "torch"]:
            examine(check, "validate", path, "--for", runtime, "--permutations", codes=(0, 1))
    # Heads, experts, and all that needs a look.
    folder = check.folder / "mixture"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "mixtral", "hidden_size": 16, "num_attention_heads": 2, "num_local_experts": 3}')
    halves = lambda *extents: ("F32", bits_with_zeros(check.random, "F32", extents, 0.5))
    full = lambda *extents: ("F32", bits_with_zeros(check.random, "F32", extents, 1))
    tensors = {"embed_tokens.weight": halves(20, 16), "lm_head.weight": halves(20, 16), "conv.weight": halves(8, 3, 2, 2), "score.weight": halves(4, 16)}
    for layer in range(5):
        fill = full if layer == 2 else halves
        tensors |= {f"layers.{layer}.moe.experts.{expert}.w1.weight": fill(16, 16) for expert in range(3)}
        tensors |= {f"layers.{layer}.moe.gate.weight": halves(3, 16), f"layers.{layer}.self_attn.q_proj.weight": full(16, 16)}
    write(folder / "model.safetensors", tensors)
    document = examine(check, "inspect", folder, "--deep")
    rules = {found["rule"] for found in document["models"][0]["advice"]}
    wanted = {"dense_among_sparse", "dense_kind", "pruned_embedding", "pruned_output_head", "pruned_router", "pruned_first_layer", "pruned_classifier"}
    check.expect("inspect: advice on all of it", rules >= wanted, rules)
    # A name that is all escapes.
    odd = check.folder / 'odd "\u202e\n.safetensors'
    write(odd, {'\x00\x1b[31m"\\\u202e\U0001f9ca': ("BF16", bits_with_zeros(check.random, "BF16", (4, 4), 0.5, 0.5))})
    document = examine(check, "inspect", odd)
    check.expect("inspect: names stand as the file has them", document["models"][0]["tensors"][0]["name"] == '\x00\x1b[31m"\\\u202e\U0001f9ca')
    shown = run("inspect", odd).decode()
    check.expect("inspect: names are escaped where people read them", not any(sign in shown for sign in "\x00\x1b\u202e"), repr(shown))
