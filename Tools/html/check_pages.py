"""Checks pages of `lacuna inspect --html` in a browser: check_pages.py LACUNA CHROMIUM FOLDER."""

import pathlib
import subprocess
import sys
import urllib.parse

import models
from browser import Browser, Page

lacuna, chromium, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
failures = []


def expect(truth, what):
    if not truth:
        failures.append(what)
        print(f"html: FAILED: {what}", file=sys.stderr)


def make(name, tensors):
    path, page = folder / f"{name}.safetensors", folder / f"{name}.html"
    models.write(path, tensors)
    words = [lacuna, "inspect", "--headers-only", "--plain", path]
    count = len(subprocess.run(words, check=True, capture_output=True).stdout.splitlines()) - 1
    subprocess.run([lacuna, "inspect", "--html", page, "--force", path], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"html: {page.name}: {page.stat().st_size:,} bytes, {count:,} tensors")


def address(name, **state):
    return f"file://{folder}/{name}.html#{urllib.parse.urlencode(state)}"


def quiet(page, name):
    expect(page.said() == [], f"{name} says nothing on its console: {page.said()}")
    asked = [url for url in page.asked() if not url.startswith(("data:", f"file://{folder}/{name}.html"))]
    expect(asked == [], f"{name} loads nothing: {asked}")
    expect(page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is no wider than its window")


def names(page, count=1000):
    found = page.evaluate("[...document.querySelectorAll('.list tr.row .name')].map((one) => one.textContent)")
    return found[:count]


def pictures(browser):
    layer = "model.layers.5.mlp.gate_proj.weight"
    shots = [("dense", {}), ("2of4", {"filter": "17."}), ("90", {"filter": "layers.5.", "open": layer}), ("odd", {})]
    for name, state in shots:
        for width in (1280, 375):
            for scheme in ("light", "dark"):
                page = Page(browser, width, scheme=scheme, phone=width < 700)
                page.open(address(name, **state))
                page.picture(folder / f"{name}-{width}-{scheme}.png")
                quiet(page, name)
                page.close()


def table(browser):
    page = Page(browser)
    page.open(address("90"))
    click = "document.querySelectorAll('.list > thead button')[{}].click()"
    count = page.evaluate("document.querySelector('.count').textContent")
    expect(count == "272 tensors", f"all tensors are counted: {count}")
    expect(names(page, 3) == sorted(names(page, 3)), "the first order is by name")
    page.evaluate(click.format(4))
    shares = page.evaluate("[...document.querySelectorAll('.list td.zeros b')].map((one) => parseFloat(one.textContent))")
    expect(len(shares) > 50 and shares == sorted(shares, reverse=True), "a click sorts by zeros, the most first")
    page.evaluate(click.format(4))
    shares = page.evaluate("[...document.querySelectorAll('.list td.zeros b')].map((one) => parseFloat(one.textContent))")
    expect(shares == sorted(shares), "another click turns the order")
    page.evaluate("{const s = document.querySelector('input'); s.value = 'LAYERS.7. mlp'; s.dispatchEvent(new Event('input'))}")
    expect(len(names(page)) == 3 and all(".7.mlp." in one for one in names(page)), f"words filter: {names(page)}")
    page.evaluate("document.querySelector('.list tr.row').click()")
    expect(page.evaluate("document.querySelectorAll('.detail canvas').length") == 1, "a click opens a tensor with its map")
    painted = "{const c = document.querySelector('.detail canvas'); c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)}"
    expect(page.evaluate(painted), "the map is drawn")
    expect(page.evaluate("document.querySelectorAll('.detail .bars').length") == 3, "values, rows and columns have bars")
    expect("open=model.layers.7.mlp" in page.evaluate("location.hash"), "the address keeps what is open")
    page.evaluate("document.querySelector('.list tr.row').click()")
    expect(page.evaluate("document.querySelectorAll('.detail').length") == 0, "another click closes it")
    page.evaluate("{const s = document.querySelector('input'); s.value = 'zzz'; s.dispatchEvent(new Event('input'))}")
    expect(page.evaluate("!document.querySelector('.empty').hidden"), "where nothing fits it says so")
    quiet(page, "90")
    page.close()


def hostile(browser):
    page = Page(browser)
    page.open(address("odd"))
    text = page.evaluate("document.body.innerText")
    bad = [hex(ord(one)) for one in text if one in "\u202e\u200b\u2028\x07"]
    expect(bad == [], f"nothing invisible is shown: {bad}")
    expect(page.evaluate("document.images.length + document.querySelectorAll('main script, main b:not(.zeros b)').length") == 0, "no name becomes markup")
    expect("a\\u{202E}gpj.exe\\u{200B}\\u{7}" in names(page), "what reorders is spelled out")
    for name in models.HOSTILE:
        page.open(address("odd", open=name, filter=name[:5]))
        quiet(page, "odd")
    rows = page.evaluate("{for (const r of [...document.querySelectorAll('.list tr.row')]) r.click(); document.querySelectorAll('.detail').length}")
    expect(rows > 0, "rows of odd tensors open")
    quiet(page, "odd")
    page.close()


def advice(browser):
    texts = "[...document.querySelectorAll('{}')].map((one) => one.textContent)"
    found = {}
    for name in ("2of4", "dense", "experts"):
        page = Page(browser)
        page.open(address(name))
        found[name] = page.evaluate(texts.format(".advice li")), page.evaluate(texts.format(".experts p"))
        quiet(page, name)
        page.close()
    said = found["2of4"][0]
    expect(len(said) == 1 and "layers.17.mlp.down_proj" in said[0] and "not 2:4" in said[0], f"what breaks a pattern needs a look: {said}")
    expect(found["dense"] == ([], []), f"nothing of a dense model needs a look: {found['dense']}")
    kept = found["experts"][1]
    expect(kept == ["25 kept in each of 120 layers"], f"experts are counted: {kept}")


def speed(browser):
    page = Page(browser)
    drawn = page.open(address("experts"))
    for _ in range(3):
        for place in range(8):
            page.evaluate(f"document.querySelectorAll('.list > thead button')[{place}].click()")
        for word in ("7", "7 expert", "experts.12", ""):
            page.evaluate(f"{{const s = document.querySelector('input'); s.value = '{word}'; s.dispatchEvent(new Event('input'))}}")
    times = page.evaluate("performance.getEntriesByName('lacuna-table').map((one) => one.duration)")
    times.sort()
    print(
        f"html: 3,000 tensors: drawn after {drawn:.0f} ms; {len(times)} times sorted or filtered in {times[0]:.0f} to "
        f"{times[-1]:.0f} ms, half of them within {times[len(times) // 2]:.0f}"
    )
    expect(times[len(times) // 2] < 100, "sorting and filtering 3,000 tensors takes less than 100 ms")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    expect(len(names(page, 10_000)) >= 200, "further rows come as one scrolls")
    quiet(page, "experts")
    page.close()


for name, tensors in (
    ("dense", models.llama("dense")), ("2of4", models.llama("2of4")), ("90", models.llama("90")),
    ("experts", models.experts()), ("odd", models.odd()),
):
    make(name, tensors)
with Browser(chromium) as browser:
    for step in (table, hostile, advice, speed, pictures):
        step(browser)
sys.exit(1 if failures else 0)
