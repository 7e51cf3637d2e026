"""With --lenient, lacuna takes what the reference takes, and refuses what it refuses."""

import json
import subprocess

from safetensors import SafetensorError, deserialize, safe_open

from harness import FIXTURES, LACUNA, LANES, Check, bits_with_zeros, write

def reference_takes(path):
    """Whether both of the reference's readers take a file; they have to agree."""
    verdicts = []
    for read in (lambda: safe_open(path, framework="np").__enter__().keys(), lambda: deserialize(path.read_bytes())):
        try:
            read()
            verdicts.append(True)
        except (SafetensorError, OSError, ValueError):
            verdicts.append(False)
    return verdicts[0] if verdicts[0] == verdicts[1] else None


def lacuna_takes(paths, *options):
    """Which files lacuna takes, and what it says to the others; read in batches, to the last header byte."""
    taken, said = set(), {}
    for start in range(0, len(paths), 100):
        batch = [str(path) for path in paths[start : start + 100]]
        done = subprocess.run([LACUNA, "inspect", "--headers-only", "--json", *options, *batch], capture_output=True)
        if done.returncode not in (0, 65):
            raise RuntimeError(f"exit {done.returncode}: {done.stderr.decode()[-500:]}")
        if done.stdout:
            taken |= {model["path"] for model in json.loads(done.stdout)["models"]}
        for line in done.stderr.decode().splitlines():
            name, _, message = line.removeprefix("lacuna: ").partition(": ")
            said.setdefault(name.rpartition("/")[2], message)
    return taken, said


def with_header(header, data):
    """A file of these header and data bytes."""
    return len(header).to_bytes(8, "little") + header + data


def mutations(check, count):
    """Files whose headers were changed at random: bytes, tokens, numbers, whole members."""
    random = check.random
    source = check.folder / "seed.safetensors"
    write(source, {
        "a": ("F32", bits_with_zeros(random, "F32", (2, 3), 0.5)), "b.c": ("U8", bits_with_zeros(random, "U8", (0, 2), 0.5)),
        "d": ("BF16", bits_with_zeros(random, "BF16", (), 0.5)), "e": ("I64", bits_with_zeros(random, "I64", (1,), 0.5)),
    }, {"format": "pt"})
    whole = source.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    header, data = whole[8 : 8 + size].rstrip(), whole[8 + size :]
    tokens = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"0", b"1", b"-1", b"1e0", b"1.0", b"01", b"18446744073709551616",
              b"18446744073709551615", b"null", b"true", b'""', b"\\u0000", b"\\ud800", b"\\ud83d\\ude00", b"\\/", b"\xff",
              b"\xc3\xa9", b"\xed\xa0\x80", b"\x00", b" ", b"\n", b"\t", b"\xef\xbb\xbf", b'"dtype"', b'"F32"', b'"shape"',
              b'"x":1,', b'"__metadata__":{},', b'"extra":{"a":[1,{}]},', b'"a":', b"[0,24]", b"[2,3]", b'"I32"', b'"BF16"',
              b"\\", b"\x1f", b"\x7f", b"[0]", b"{}", b"[]", b"[[]]", b'"format":"x",', b'"k":null,', b'"k":1,']
    for number in range(count):
        text = bytearray(header)
        for _ in range(int(random.integers(1, 4))):
            place, kind = int(random.integers(0, len(text) + 1)), int(random.integers(0, 6))
            if kind == 0:
                text[place:place] = tokens[int(random.integers(len(tokens)))]
            elif kind == 1 and text:
                del text[place : place + int(random.integers(1, 6))]
            elif kind == 2 and text:
                text[place : place + 1] = bytes([int(random.integers(256))])
            elif kind == 3:
                digits = [index for index, byte in enumerate(text) if 48 <= byte <= 57]
                if digits:
                    index = digits[int(random.integers(len(digits)))]
                    text[index : index + 1] = tokens[int(random.integers(7, 15))]
            elif kind == 4:
                # A member twice, or two that change places.
                start = int(random.integers(0, len(text) + 1))
                piece = text[start : start + int(random.integers(1, 60))]
                text[place:place] = piece
            else:
                quote = bytes(text).find(b'"', place)
                if quote >= 0:
                    text[quote + 1 : quote + 1] = tokens[int(random.integers(len(tokens)))]
        tail = data
        if number % 17 == 0:
            tail = data[:-1] if number % 2 else data + b"\0"
        path = check.folder / f"m{number:05}.safetensors"
        path.write_bytes(with_header(bytes(text), tail))
        yield path


def composed(check, count):
    """Files whose headers are put together from members that are mostly right, in unusual spellings."""
    random = check.random

    def chance(share):
        return random.random() < share

    def pick(items):
        return items[int(random.integers(len(items)))]

    def string(text):
        if chance(0.2):
            return '"' + "".join(f"\\u{ord(letter):04x}" if chance(0.5) else letter for letter in text) + '"'
        return json.dumps(text)

    def space():
        return pick([" ", "\n", "\t", "\r", "  "]) if chance(0.05) else ""

    def join(opening, items, closing):
        return opening + space() + ",".join(space() + item + space() for item in items) + closing + space()

    def anything(depth=0):
        if depth > 3 or chance(0.6):
            return pick(["0", "-0", "-1.5e3", "1E400", "true", "false", "null", '"x"', '"\\u0000"', "[]", "{}"])
        if chance(0.5):
            return join("[", [anything(depth + 1) for _ in range(int(random.integers(3)))], "]")
        return join("{", [string(pick("ab")) + ":" + anything(depth + 1) for _ in range(int(random.integers(3)))], "}")

    def number(value):
        return pick([f"{value}.0", f"0{value}", f"-{value}", f"{value}e0", "null", f'"{value}"']) if chance(0.003) else str(value)

    widths = {name: lane().itemsize * 8 for name, lane in LANES.items()} | {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}
    for index in range(count):
        members, place = [], 0
        for _ in range(int(random.integers(0, 6))):
            dtype = pick(list(widths))
            shape = [int(random.integers(0, 5)) for _ in range(int(random.integers(0, 4)))]
            size = widths[dtype]
            for extent in shape:
                size *= extent
            end = place + (size + 7) // 8 + (1 if chance(0.005) else 0)
            fields = [string(dtype.lower() if chance(0.003) else dtype), join("[", map(number, shape), "]"),
                      join("[", [number(place), number(end)], "]")]
            if chance(0.05):
                info = join("[", fields + ([anything()] if chance(0.1) else []), "]")
            else:
                pairs = [string(key) + space() + ":" + space() + value for key, value in zip(["dtype", "shape", "data_offsets"], fields)]
                if chance(0.1):
                    pairs.append(string(pick(["extra", "", "Dtype"])) + ":" + anything())
                if chance(0.01):
                    pairs.append(pick(pairs))
                if chance(0.01):
                    pairs.remove(pick(pairs))
                info = join("{", [pairs[int(item)] for item in random.permutation(len(pairs))], "}")
            name = string(pick(["a", "b", "c", "d", "e", "f", "\u00e9", "\U0001f9ca", "", "../x", "__metadata", "\0"]))
            members.append(name + space() + ":" + info)
            if chance(0.02):
                members.append(members[-1])
            place = end
        if chance(0.4):
            pairs = [string(pick("abc")) + ":" + (anything() if chance(0.03) else string(pick(["", "pt", "\u00e9"])))
                     for _ in range(int(random.integers(4)))]
            members.append(string("__metadata__") + ":" + pick([join("{", pairs, "}"), join("{", pairs, "}"), "null"]))
        text = join("{", [members[int(item)] for item in random.permutation(len(members))], "}")
        path = check.folder / f"c{index:05}.safetensors"
        path.write_bytes(with_header((space() + text + " " * int(random.integers(8))).encode(), bytes(place)))
        yield path


def compare(check, paths, rule):
    """Compares verdicts on some files."""
    lenient, said = lacuna_takes(paths, "--lenient")
    strict, _ = lacuna_takes(paths)
    for path in paths:
        wanted = reference_takes(path)
        what = f"{path.name}: reference {wanted}, lacuna {str(path) in lenient}: {said.get(path.name)} {path.read_bytes()[8:400]!r}"
        check.expect("the reference agrees with itself", wanted is not None, path.name)
        check.expect(rule, (str(path) in lenient) == wanted, what)
        check.expect("strict takes no more than lenient", str(path) not in strict or str(path) in lenient, path.name)


with Check("verdicts") as check:
    hostile = sorted((FIXTURES / "hostile" / "safetensors").glob("*.safetensors"))
    compare(check, hostile, "broken files: same verdict")
    compare(check, sorted((FIXTURES / "safetensors").glob("*.safetensors")), "whole files: same verdict")
    for rule, paths in [
        ("mutated headers: same verdict", list(mutations(check, 5000))),
        ("composed headers: same verdict", list(composed(check, 5000))),
    ]:
        compare(check, paths, rule)
        taken = sum(reference_takes(path) is True for path in paths)
        print(f"  {rule}: of {len(paths)} the reference takes {taken}")
