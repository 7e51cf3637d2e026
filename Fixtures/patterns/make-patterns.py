"""Writes python-re.tsv: what Python 3.11's `re.match` says about patterns and texts.

One row a line, its fields between tabs:

    pattern  text  expected  position  message

`expected` is 1 (matches), 0 (does not), `error` (Python refuses the pattern), or `unsupported` (Python takes
it, but it holds what Lacuna refuses on purpose). Only an error has a position, in characters of the pattern,
and a message; both are empty where Python gives no position, or quotes a name that needs escapes.

Within a field, a backslash is written as \\\\, a tab as \\t, a newline as \\n, and a character outside of
printable ASCII as \\u{hex}; so is a # at the start of a pattern, because a line that starts with # is a comment.

    python3.11 make-patterns.py            writes the file beside the script
    python3.11 make-patterns.py 7 50000    writes 50,000 random rows of seed 7 to the standard output
"""

import pathlib
import random
import re
import sys
import warnings
from re import _constants, _parser

assert sys.version_info[:2] == (3, 11), "the rows are those of Python 3.11"
warnings.simplefilter("ignore")

UNSUPPORTED = {
    _constants.GROUPREF, _constants.GROUPREF_EXISTS, _constants.ATOMIC_GROUP, _constants.POSSESSIVE_REPEAT,
}

PATHS = [
    "lm_head", "model.lm_head", "lm_head.weight", "model.layers.0.mlp.gate", "model.layers.0.mlp.gate_proj",
    "model.layers.1.mlp.experts.7.down_proj", "model.layers.12.self_attn.q_proj",
    "model.layers.9.self_attn.o_proj", "model.layers.19.mlp.up_proj", "model.layers.21.mlp.up_proj",
    "model.vision_tower.blocks.3.attn.qkv", "model.norm", "",
]
REAL = [
    r".*lm_head", r".*mlp.gate$", r"^(?!.*experts).*$", r".*self_attn.(q|k|v)_proj$",
    r"model\.layers\.(\d|1\d)\.mlp.*", r".*\.(gate|up)_proj$", r".*experts\.\d+\.(?:up|gate|down)_proj",
    r"vision_tower.*", r"model.vision_tower.*", r".*", r"", r"lm_head", r"(?!lm_head$).*", r".*[kqv]_proj",
    r"model\.layers\.(?:[0-9]|1[0-2])\..*", r"(?i).*LM_HEAD$", r"^.*(?<!gate)$", r".*(?<=gate)$", r"[^.]+$",
    r"(?P<model>model)\.(?P<part>\w+)", r"^model\.layers\.(?!0\.)\d+\.mlp\.(gate|up)_proj$",
    r".*mlp\.(?!gate$).*", r"(model\.)?lm_head(\.weight)?\Z", r".*\bproj\b", r".*_proj\b",
]

# Each construct, with texts that tell right from wrong.
CONSTRUCTS = [
    (["a.c", "(?s)a.c", "(?s:a.)c", "(?s)(?-s:a.)c"], ["abc", "a\nc", "ac", "a\r\n"]),
    (["[a-c]", "[^a-c]", "[]a]", "[^]a]", "[a-]", "[-a]", r"[\]]", r"[a\-c]", r"[\d-]", r"[\w-]", "[a^]",
      "[.*]", r"[\b]", r"[\x41-\x43]", r"[\101]", r"[\0]", r"[\7]", "[[]", "[a|b]", "[b-b]", r"[\D]", r"[^\S]",
      r"[\s\d]", r"[^\W_]", "[--a]", "[a-c-e]", "[a&&b]", "[\u00e9-\u00eb]", r"[\u00e9]", r"[\U0001F600]"],
     ["a", "b", "d", "]", "-", "^", ".", "5", "A", "\b", "\0", "\7", "[", "|", "_", " ", "&", "\u00ea", "\u00e9",
      "\U0001F600", "", "e"]),
    ([r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"(?a)\d", r"(?a)\D", r"(?a)\s", r"(?a)\w", r"(?a)\W",
      r"(?a:\w)", r"(?a)(?u:\w)", r"(?a)(?u:\d)\w?$"],
     ["a", "5", " ", "_", "\u0665", "\u00e9", "\u00bd", "\u2028", "\x1c", "\x85", "\u3000", "\u4e00", "-",
      "\u0300", "\u2460", "\u200b", "\x0b", "\u16ee", "\ufeff"]),
    ([r"\bab\b", r"\Bb", r"a\b", r"a\B", r"\b", r"\B", r"a\bb", r"(?a)\u00e9\b", r"\u00e9\b", r".\B.", r".\b."],
     ["ab", "ab ", "abc", "b", "a", "", " ", "a-", "\u00e9", "\u00e9a", "--"]),
    ([r"\Aa", r"a\Z", r"^a$", "a$", "a$\n", r"a\Z\n", "(?m)a$", "(?m)a$\n^b", "a\n^b", "^", "$", "^^a$$",
      "(?m)^$", "a\n$", r"(?m)\Aa\n\Ab", r"(?m)a\Z", "$a", "(?m:a$)", "a(?m:$)\n"],
     ["a", "a\n", "a\n\n", "a\nb", "", "\n", "ba", "a\r\n"]),
    ([r"\n", r"\t", r"\r", r"\f", r"\v", r"\a", r"\0", r"\01", r"\012", r"\0123", r"\101", r"\377", r"\x41",
      r"\u0041", r"\U00000041", r"\.", r"\-", r"\ ", r"\\", r"\/", r"\_", "\\\u00e9", "\\\n", r"\u00E9",
      r"\U0001F600", r"\08", r"\ud800"],
     ["\n", "\t", "\r", "\f", "\v", "\a", "\0", "\1", "\0123", "A", "\u00ff", ".", "-", " ", "\\", "/", "_",
      "\u00e9", "\U0001F600", "\0008", "x"]),
    (["a*", "a+", "a?", "a*?", "a+?", "a??", "a{2}", "a{2,}", "a{,2}", "a{1,2}", "a{2}?", "a{,2}?", "a{2,}?"],
     ["", "a", "aa", "aaa", "b"]),
    (["a*b", "a+b", "a?b", "a*?b", "a+?b", "a??b", "a{2}b", "a{2,}b", "a{,2}b", "a{1,2}b", "a{0}b", "a{0,0}b",
      "a{,}b", "(?:a{2}){2}b", "(?:a|b){3}$", "(?:ab?){2,3}$", "(a*)*b", "(a*)+b", "(?:a?){3}b", "(?:){5}b",
      "(?:^){3}b", "(?:(?=a)){2}ab", "(?:(?!a)){0,3}ab", "(?:a{0}){7}b", "(?:|a)+b", "(?:a|)*?b", "(?:a??)*?b",
      "(?:a*?b??)+c", "((a|b)*?c??)*$"],
     ["b", "ab", "aab", "aaab", "aaaab", "abab", "ba", "abb", "aac", ""]),
    (["a{", "a{}", "a{,", "a{1", "a{1,", "a{x}", "a{1,x}", "a{ 1}", "{", "{a}", "{}", "a{1}}", "a{{", "a|{", "({)",
      "a{-1}", "{,a"],
     ["a", "a{", "a{}", "a{,", "a{1", "a{1,", "a{x}", "a{1,x}", "a{ 1}", "{", "{a}", "{}", "a}", "a{{", "a{-1}"]),
    (["a|b", "|a", "a|", "(a|b)c", "(?:a|ab)c", "(?:a|ab)(?:c|bcd)$", "a|b|", "(|a)b", "(?P<x>a)b", "(a)(b)",
      "((a))", "()", "(?:)", "(?P<_x1>a)", "(?P<\u00e9>a)"],
     ["a", "b", "ac", "abc", "abcd", "ab", "", "c"]),
    (["(?i)ab", "(?i:a)b", "a(?i:b)", "(?i)a(?-i:b)", "(?i)[a-c]", "(?i)[^a]", "(?i)[Z-a]", "(?ia)k",
      "(?i)k", "(?i)s", "(?i)\u212a", "(?i)\u00e9", "(?ia)\u00e9", "(?i)\u03c3", "(?i)\u00df", "(?i)\u1e9e",
      "(?i)i", "(?i)\u0130", "(?i)\u0131", "(?i)[\u03b1-\u03c9]", "(?i)\u01c5", "(?i)[\U00010400-\U00010402]",
      "(?i)[^k]", "(?i)[j-l]", "(?i)\ufb05", "(?i)\u00b5", "(?i)\u0345", "(?ia)[j-l]", r"(?i)\w", r"(?i)[\W]",
      "(?i)1", "(?i)\u0390", "(?i)\u0432", "(?i)[\x00-\uffff]", "(?ia)[^k]"],
     ["ab", "AB", "aB", "Ab", "a", "A", "Z", "_", "k", "K", "\u212a", "s", "\u017f", "\u00e9", "\u00c9",
      "\u03c2", "\u03a3", "\u00df", "\u1e9e", "i", "I", "\u0130", "\u0131", "\u01c6", "\u01c4", "\u01c5",
      "\U00010428", "\U00010400", "\ufb06", "\u03bc", "\u00b5", "\u0399", "\u1fbe", "1", "\u1fd3", "\u1c80",
      "\u0412"]),
    (["(?x) a b", "(?x)a # c\nb", "(?x)a\\ b", "(?x)[a ]b", "(?x:a b)c d", "(?x)a(?-x: b)", "(?x)a {2}",
      "(?x) # only", "(?x)a #\\\nb\nc", "(?x) (?i) a b", "(?x)a\u00a0b", "(?x)a|\nb"],
     ["ab", "a b", "a", " b", "abc d", "aa", "", "AB", "ac", "a\u00a0b", "b"]),
    (["a(?#c)b", "a(?#c)*b", "(?#c)a", "(?#)", r"a(?#\))b", "(?#c)(?i)A", "(?i)(?s)A.", "(?u)a", "(?ims)^a.b$",
      "(?-i:a)", "(?i-s:A.)", "(?imsx-: a)", "(?m-is:a)"],
     ["ab", "a", "aab", "b", "", "a\n", "a\nB\n"]),
    (["(?=a)", "(?=a)a", "(?!a)b", "(?!a)", "a(?=b)b", "a(?!b)", "(?=a|b)..", "(?=(a+))ab", "(?!.*c)a", "(?=.*c)a",
      "(?=a)*b", "(?=a)+b", "(?!a)?ab", "(?:(?=a).)*b", "(?:(?!b).)*b", "(?=(?!ab)a)", "(?!(?=a)a)b", "(?!(?!a))a",
      "(?=)a", "(?!)", "(?=a(?=b(?=c)))", "(?=^a)a", "(?=a$)", "(?:a(?=a|b))*b", "(?=a{2})a{2}b"],
     ["a", "b", "ab", "aab", "abc", "ba", "", "ac", "aabc"]),
    (["a(?<=a)", "a(?<=a)b", "a(?<!b)b", "(?<=a)b", "(?<!a)b", "ab(?<=ab)", "ab(?<=a.)c", "a.(?<=b|c)", ".*(?<=ab)$",
      ".*(?<!ab)$", "(?<=)a", "(?<!)a", "a(?<=^a)b", "a(?<=(a))b", ".(?<=a(?=b))b", "..(?<=(?<=a)b)", "(?<=ab|cd)e",
      "aa(?<=a{2})", "(?:.(?<=a|b))*c", "(?:.(?<!a.))*$", r"..(?<=\b.b)", "a(?<=(?:a|b))", "(?<!a{2})b", ".{3}(?<!aab)",
      "a(?<!aa)a(?<!aa)", "(?<=(?:){3})a", "(?<!^)a"],
     ["a", "b", "ab", "ac", "abc", "abe", "aa", "aab", "bb", "", "cde", "aaa", "ba"]),
]

REFUSED = [
    "*", "+a", "?", "a**", "a*{2}", "a{2}{3}", "a+*", "a??*", "a{1}??", "a*??", "^*", "$+", r"\b*", r"\A?", r"\B{2}",
    "(*)", "(?:+)", "a|*", "(?i)*", "(?=*)", "{2}", "a(?#c)**", "a*(?#c)*", "(?x)a* *",
    "(", ")", "a)", "(a", "((a)", "(a))", "(?:a", "(?=a", "(?<=a", "(?P<a>b", "(?#c", "a|(", "(?i:a",
    "[", "[a", "[]", "[^]", "[a-", "[^", "[\\]", "[b-a]", r"[a-\d]", r"[\d-a]", r"[\w-\d]", r"[z-\x41]", "[\u00e9-a]",
    "\\", "a\\", "[\\", r"\q", r"\c", r"\E", r"\z", r"\G", r"\p", r"[\q]", r"[\A]", r"[\B]", r"[\Z]", r"[\8]", r"[\z]",
    r"\x", r"\x4", r"\xg1", r"\u", r"\u004", r"\U0000004", r"\U00110000", r"[\x4]", r"[\u12]", r"\U0010FFFFF\q",
    r"\400", r"\777", r"[\400]", r"\1", r"\9", r"(a)\2", r"\18", r"\99",
    "a{3,2}", "a{4294967295}", "a{1,4294967295}", "a{99999999999999999999}", "(a{3,2})", "{3,2}",
    "(?", "(?P", "(?<", "(?P<", "(?P<a", "(?P<>a)", "(?P<1>a)", "(?P<a b>a)", "(?P<a-b>a)", "(?P>a)", "(?Px)", "(?<a>b)",
    "(?<x", "(?P<a>b)(?P<a>c)", "(?a", "(?i", "(?i-", "(?-", "(?-)", "(?-i)", "(?-i", "(?-:a)", "(?i-i:a)", "(?k)", "(?ik)",
    "(?i1)", "(?-k:a)", "(?-1:a)", "(?-ik:a)", "(?-i1:a)", "(?L)a", "(?L:a)", "(?au)", "(?ua:b)", "(?a-u:b)", "(?i-a:b)",
    "(?a)(?u)b", "a(?i)b", "a|(?i)b", "((?i)a)", "(?:(?i)a)", "(?i)a(?s)", "(?x) a (?i)", "(?~a)", "(?&a)", "(?\\a)",
    "(?@)", "(?P\\)", "(?<\\)", "(?i\\)", "(?*a)",
    "(?<=a*)", "(?<=a+)b", "(?<!a|bc)", "(?<=a{1,2})", "(?<=ab?)", "(?<=(a|bc))", "(?<=.*)a", "(?<=(?=a*)b?)",
]
LEFT_OUT = [
    r"(a)\1", r"(?P<x>a)(?P=x)", "(a)?(?(1)b|c)", "(?>a)b", "(?>a*)a", "a*+b", "a++", "a?+b", "a{2}+", "a{1,2}+b",
    r"\N{EM DASH}", r"[\N{EM DASH}]", "(?t)a", r"(a)(b)\2", r"(?i)(a)\1",
]


def random_pattern(rng, depth=0):
    def atom():
        if depth < 3 and rng.random() < 0.4:
            inner = random_pattern(rng, depth + 1)
            opening = rng.choice(["(", "(?:", "(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?i:", "(?P<n%d>" % rng.randrange(99)])
            return opening + inner + ")"
        return rng.choice(
            ["a", "b", "c", "a", "b", "A", ".", "[ab]", "[^a]", "[a-c]", r"\w", r"\W", r"\d", r"\b", r"\B", "^", "$", "1", "\n",
             r"\s", r"\Z", "[^\\w]"])

    def piece():
        quantifiers = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{2,}", "{0,3}?", "{0}"]
        return atom() + (rng.choice(quantifiers) if rng.random() < 0.35 else "")

    branches = ["".join(piece() for _ in range(rng.randrange(0 if depth else 1, 4))) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    return "|".join(branches)


def random_soup(rng):
    parts = list("aab()[]{}*+?|^$\\.,-:=!<>Pimsx#012 \n") + ["(?", "(?:", "\\d", "\\b", "[^", "(?i)", "a{1,2}", "(?P<", ")", ")", "]"]
    return "".join(rng.choice(parts) for _ in range(rng.randrange(1, 10)))


def random_text(rng):
    return "".join(rng.choice("aaabbbcA1 \n") for _ in range(rng.randrange(0, 8)))


def unsupported(pattern):
    if pattern.startswith("(?t"):
        return True

    def walk(value):
        if isinstance(value, (list, tuple, _parser.SubPattern)):
            return any(walk(part) for part in value)
        return value in UNSUPPORTED if isinstance(value, _constants._NamedIntConstant) else False

    return walk(_parser.parse(pattern)) or "\\N" in pattern


def row(pattern, text):
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        # Python escapes a name that it quotes.
        placed = error.pos is not None and not ("name" in error.msg and "\\" in error.msg)
        return (pattern, text, "error", str(error.pos) if placed else "", error.msg if placed else "")
    except (OverflowError, ValueError, RuntimeError):
        return (pattern, text, "error", "", "")
    if unsupported(pattern):
        return (pattern, text, "unsupported", "", "")
    return (pattern, text, "1" if compiled.match(text) else "0", "", "")


def random_rows(seed, count):
    rng = random.Random(seed)
    rows = []
    while len(rows) < count:
        soup = rng.random() < 0.3
        pattern = random_soup(rng) if soup else random_pattern(rng)
        if len(pattern) > 60:
            continue
        entry = row(pattern, random_text(rng))
        # What is wrong twice is refused for either reason.
        if entry[2] == "error" and re.search(r"\\[1-9]|\(\?>|\(\?\(|\(\?P=|[*+?}]\+|\\N|\(\?[a-z]*t", pattern):
            continue
        rows.append(entry)
        if entry[2] in "01":
            rows += [row(pattern, random_text(rng)) for _ in range(2)]
    return rows[:count]


def escape(field, first=False):
    out = ""
    for index, character in enumerate(field):
        code = ord(character)
        if character in "\\\t\n":
            out += {"\\": "\\\\", "\t": "\\t", "\n": "\\n"}[character]
        elif not 0x20 <= code < 0x7F or first and index == 0 and character == "#":
            out += "\\u{%x}" % code
        else:
            out += character
    return out


def write(rows, file):
    for entry in dict.fromkeys(rows):
        file.write("\t".join(escape(field, index == 0) for index, field in enumerate(entry)) + "\n")


if len(sys.argv) == 3:
    write(random_rows(int(sys.argv[1]), int(sys.argv[2])), sys.stdout)
else:
    rows = [row(pattern, path) for pattern in REAL for path in PATHS]
    rows += [row(pattern, text) for patterns, texts in CONSTRUCTS for pattern in patterns for text in texts]
    rows += [row(pattern, "a") for pattern in REFUSED + LEFT_OUT]
    rows += random_rows(20240607, 2000)
    path = pathlib.Path(__file__).parent / "python-re.tsv"
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write("# Made by make-patterns.py, which explains the fields.\n")
        write(rows, file)
