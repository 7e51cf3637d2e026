"""Runs every command on every broken file: quick, small, the right exit code, one line. Needs no package.

    hostile.py LACUNA
"""

import os
import pathlib
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


failures, runs, slowest, largest = [], 0, 0.0, 0
files = sorted(path for path in (ROOT / "Fixtures" / "hostile").rglob("*") if path.is_file() and path.suffix != ".tsv")
with tempfile.TemporaryDirectory(prefix="lacuna-hostile-") as folder:
    output = pathlib.Path(folder) / "out.safetensors"
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
                if code not in ((0, 1, 65) if command[0] == "validate" else (0, 65)):
                    failures.append(f"{what}: exit {code}: {errors.strip()[-200:]}")
                elif code == 65 and not errors.startswith("lacuna: "):
                    failures.append(f"{what}: says nothing of what is wrong")
                elif code == 65 and output.exists():
                    failures.append(f"{what}: left an output behind")
                elif seconds >= SECONDS or peak >= BYTES:
                    failures.append(f"{what}: {seconds:.2f} s, {peak / 1e6:.0f} MB")
        leftovers = [name for name in os.listdir(folder) if name != output.name]
        if leftovers:
            failures.append(f"{path.name}: left {leftovers} behind")

for failure in failures[:40]:
    print(f"  FAIL  {failure}")
print(
    f"hostile: {len(files)} files, {runs} runs, slowest {slowest:.2f} s, largest {largest / 1e6:.1f} MB: "
    + (f"{len(failures)} FAILED" if failures or not files else "passed"))
sys.exit(1 if failures or not files else 0)
