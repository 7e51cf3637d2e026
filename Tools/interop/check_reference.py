"""Files of the reference library come back byte for byte, and our dense files open there."""

from safetensors import safe_open

from harness import FIXTURES, LANES, Check, bits_with_zeros, prune_groups, read, run, same, write

LAYOUTS = ["auto", "bitmask", "csr", "nm:1:2", "nm:2:4", "nm:3:7", "nm:4:8", "nm:8:16", "nm:1:32", "nm:31:32"]
SHAPES = [(), (1,), (7,), (0, 5), (5, 0), (1, 1), (3, 1), (4, 8), (5, 63), (5, 64), (3, 257), (2, 3, 5),
          (3, 4, 3, 3), (2, 0, 4), (17, 128)]


def files(check):
    """Files of the reference writer: random ones of every dtype, pruned ones, and the fixtures."""
    random = check.random
    for number, density in enumerate([0, 0.02, 0.1, 0.5, 0.9, 1]):
        tensors = {}
        for dtype in LANES:
            for shape in SHAPES:
                name = f"layers.{len(tensors)}.{dtype} \u00e9/\"{'x'.join(map(str, shape))}\""
                bits = bits_with_zeros(random, dtype, shape, density, negative_zeros=0.05 * (number % 2))
                if number >= 3 and shape and shape[-1]:
                    bits = prune_groups(random, bits, *[(2, 4), (3, 7), (8, 16)][len(tensors) % 3])
                tensors[name] = (dtype, bits)
        path = check.folder / f"random-{density}.safetensors"
        metadata = [None, {}, {"format": "pt"}, {"format": "pt", "a": "\u0000\"\\\u2028", "": "", "z": "\U0001f9ca"}]
        write(path, tensors, metadata[number % 4])
        yield path
    # Chunks: a tensor of several megabytes, and rows longer than 16-bit indices reach.
    wide = {
        "big": ("BF16", prune_groups(random, bits_with_zeros(random, "BF16", (1500, 2048), 0.4), 2, 4)),
        "long": ("F32", bits_with_zeros(random, "F32", (3, 70_001), 0.05, negative_zeros=0.1)),
        "bytes": ("I8", bits_with_zeros(random, "I8", (1, 3_000_001), 0.03)),
    }
    write(check.folder / "wide.safetensors", wide, {"format": "pt"})
    yield check.folder / "wide.safetensors"
    yield from sorted((FIXTURES / "safetensors").glob("*.safetensors"))
    yield from sorted((FIXTURES / "real").glob("*.safetensors"))


with Check("reference") as check:
    for source in files(check):
        original = source.read_bytes()
        expected = read(source)
        target, back = check.folder / "out.safetensors", check.folder / "back.safetensors"
        for layout in ["keep", "dense"]:
            run("convert", source, target, "--layout", layout, "--force", "--quiet")
            check.expect(f"--layout {layout} leaves the file as it is", target.read_bytes() == original, source.name)
        for layout in LAYOUTS:
            what = f"{source.name}, {layout}"
            run("convert", source, target, "--layout", layout, "--force", "--quiet", "--verify")
            run("convert", target, back, "--layout", "dense", "--force", "--quiet")
            check.expect("sparse and back is byte for byte", back.read_bytes() == original, what)
            with safe_open(target, framework="np") as opened:
                check.expect("the reference opens and lists a sparse file", set(opened.keys()) == set(read(target)), what)
            restored = read(back)
            check.expect(
                "the reference reads the same bits from a restored file",
                restored.keys() == expected.keys() and all(same(restored[name], expected[name]) for name in expected),
                what)
            if target.read_bytes() == original:
                continue
            # From one sparse layout to another, without a dense file between them.
            other = check.folder / "other.safetensors"
            next_layout = LAYOUTS[(LAYOUTS.index(layout) + 1) % len(LAYOUTS)]
            run("convert", target, other, "--layout", next_layout, "--force", "--quiet")
            run("convert", other, back, "--layout", "dense", "--force", "--quiet")
            check.expect("sparse, sparse and back is byte for byte", back.read_bytes() == original, what)
        threads = check.folder / "threads.safetensors"
        run("convert", source, target, "--layout", "auto", "--force", "--quiet", "--threads", 1)
        run("convert", source, threads, "--layout", "auto", "--force", "--quiet", "--threads", 7, "--memory", "1M")
        check.expect("threads and memory change nothing", target.read_bytes() == threads.read_bytes(), source.name)
