"""Sparse tensors in ONNX as we write them: the checker takes them, onnxruntime computes the same bits, they come back."""

import subprocess

import onnx

from harness import LACUNA, Check
from onnx_building import OPERATORS, TYPES, checked, data_for, outputs, product, runs_equal, weight
from onnx_reading import compared, stored

FORMS = {"sparse_value": ["--layout", "csr"], "bitmask": ["--layout", "bitmask"], "auto": ["--layout", "auto"],
         "sparse_initializer": ["--layout", "csr", "--sparse-initializers"]}


def convert(check, what, source, target, *options):
    """Whether a conversion succeeds; a failure counts against a rule and ends nothing."""
    done = subprocess.run([LACUNA, "convert", source, target, "--quiet", "--force", "--verify", *options], capture_output=True)
    return check.expect("conversions succeed", done.returncode == 0, f"{what}: {done.returncode} {done.stderr.decode()[:300]}")


def found_forms(path):
    """How the weight of a model is stored."""
    model = onnx.load(path)
    forms = {"sparse_initializer"} if model.graph.sparse_initializer else set()
    for node in model.graph.node:
        forms |= {"sparse_value"} if any(one.name == "sparse_value" for one in node.attribute) else set()
        forms |= {"bitmask"} if node.op_type == "CumSum" else set()
    return forms or {"dense"}


def check_form(check, form, source, data, expected, what):
    """A model in another form: of the same bits, in all readers."""
    target, back = source.with_name("sparse.onnx"), source.with_name("dense.onnx")
    before, _ = stored(source)
    if not convert(check, what, source, target, *FORMS[form]):
        return
    if form == "auto":
        check.expect("auto is never larger", target.stat().st_size <= source.stat().st_size, what)
    else:
        check.expect(f"the form that was asked for: {form}", found_forms(target) == {form}, f"{what}: {found_forms(target)}")
    if form == "sparse_initializer":
        onnx.checker.check_model(onnx.load(target))
    else:
        checked(check, f"check_model(full_check=True) passes: {form}", target, what)
    runs_equal(check, f"onnxruntime computes the same bits: {form}", target, data, expected, what)
    unfolded = outputs(source, data, folding=False)
    if form == "bitmask":  # The order in which products sum may differ, the weight may not.
        found = outputs(target, data, folding=False)
        check.expect(f"onnxruntime makes the same weight, unoptimized: {form}", found[1:] == unfolded[1:], what)
    else:
        runs_equal(check, f"onnxruntime computes the same bits, unoptimized: {form}", target, data, unfolded, what, folding=False)
        after, _ = stored(target)
        check.expect(f"numpy expands the same bits: {form}", {name: one.bits[0] + str(one.shape) + one.digest for name, one in after.items()}
                     == {name: one.bits[0] + str(one.shape) + one.digest for name, one in before.items()}, what)
    difference = subprocess.run([LACUNA, "diff", source, target], capture_output=True)
    check.expect(f"diff finds nothing: {form}", difference.returncode == 0, f"{what}: {difference.stdout.decode()[:300]}")
    if convert(check, f"{what} back", target, back, "--layout", "dense"):
        again, _ = stored(back)
        check.expect(f"dense again, bit for bit: {form}", found_forms(back) == {"dense"} and
                     {name: one.digest for name, one in again.items()} == {name: one.digest for name, one in before.items()}, what)
        checked(check, f"check_model(full_check=True) passes, dense again: {form}", back, what)
        runs_equal(check, f"onnxruntime computes the same bits, dense again: {form}", back, data, expected, what)


def check_products(check):
    """Each operator, type and share of zeros."""
    source = check.folder / "model.onnx"
    for name in OPERATORS:
        for dtype in TYPES:
            for zeros in (0.5, 0.9):
                product(source, name, dtype, weight(check.random, dtype, OPERATORS[name][3], zeros))
                data = data_for(check.random, name, dtype)
                expected = outputs(source, data)
                checked(check, "the dense models are right", source, name)
                for form in FORMS:
                    check_form(check, form, source, data, expected, f"{name} {dtype} {zeros} {form}")


with Check("onnx-sparse") as check:
    check_products(check)
    compared(check, *(f"onnxruntime computes the same bits: {form}" for form in FORMS), "diff finds nothing: bitmask",
             *(f"dense again, bit for bit: {form}" for form in FORMS), "check_model(full_check=True) passes: sparse_value",
             "check_model(full_check=True) passes: bitmask", "check_model(full_check=True) passes: auto")
