"""FORMAT.md says what the code does: its tables compared, its worked example computed again."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import fields
from pathlib import Path

import pytest

import naive
from format_doc import DOC, code_points, numbers, rule, section, tables
from kd_edge_runtime import backends
from kd_edge_runtime.backends.cascade import together
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.backends.probe import TIMEOUT
from kd_edge_runtime.bundle import archive, manifest
from kd_edge_runtime.bundle.manifest import (
    DECISIONS,
    FORMAT,
    PROTOCOL,
    Flags,
    ItemEntry,
    Manifest,
    Member,
)
from kd_edge_runtime.bundle.second import GREATEST_TEMPERATURE, LEAST_TEMPERATURE, Second
from kd_edge_runtime.flags import COPIED, EMPTY, FEW, NAMES, PROBES, pair_code
from kd_edge_runtime.graphs import limits as graphs
from kd_edge_runtime.scorer import decide, expectation
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.bag import BagStudent, BagWeights
from kd_edge_runtime.system import child_limits
from kd_edge_runtime.text import KNOWN_RULES, _context2, _rules2_tables, _symbols2, rules, words_by
from kd_edge_runtime.text import tokenizer_limits as tokens
from kd_edge_runtime.text._fold import LETTERS, SPELT_OUT
from kd_edge_runtime.text.vocabulary import MAX_WORD, MAX_WORDS, BagVocabulary, hash_gram, hash_word


def test_rule_1_what_is_deleted():
    assert code_points(rule(1).partition("(")[0]) == sorted(map(ord, rules._DELETED))


def test_rule_2_digits():
    assert sorted(code_points(rule(2))) == sorted(map(ord, rules._DIGITS[0]))


def test_rule_3_what_is_typed_otherwise():
    (table,) = tables(rule(3))
    written = {chr(code_points(cell)[0]): read.strip("`").replace("·", " ") for cell, read in table}
    assert written == rules._TYPED


def test_rule_4_letters():
    told = rule(4)
    assert f"{len(LETTERS)} code points of `LETTERS`" in told
    assert f"the {len(SPELT_OUT)}\n" in told
    ranges = re.findall(r"U\+([0-9A-F]+)–U\+([0-9A-F]+)", told)
    ends = [(int(first, 16), int(last, 16)) for first, last in ranges]
    assert (*ends[:3],) == naive.FOLDED
    assert ends[3] == rules._COMBINING
    spelt = re.search(r"and with (.+) spelt plainly", told, re.DOTALL).group(1).split()
    assert set(spelt) == set(naive.UNDIVIDED) - {"·", "ʼ"}


def test_rule_5_symbols():
    assert "".join(re.findall(r"`(.)`", rule(5))) == rules._SYMBOLS


def test_rules_7_to_10_ranges():
    assert code_points(rule(7)) == [*range(rules._COMBINING[0], rules._COMBINING[1] + 1)]
    for number, ranges in ((8, rules._SEPARATORS), (10, rules._SIGNS)):
        (table,) = tables(rule(number))
        written = [(code_points(row[0])[0], code_points(row[1])[0]) for row in table]
        assert (*written,) == ranges
    assert "U+FF10–U+FF5A" in rule(9)


# What the other sections name


def test_every_field_of_the_manifest_is_described():
    whole, member, item, forms, of_bag = tables(section(2))
    names = [[row[0].strip("`") for row in table] for table in (whole, member, item)]
    assert names[0] == ["format", *(field.name for field in fields(Manifest))]
    assert names[1] == [field.name for field in fields(Member)]
    assert names[2] == [field.name for field in fields(ItemEntry)]
    known = [form for one in backends._BACKENDS.values() for form in one.forms]
    assert [row[0].strip("`") for row in forms] == [*dict.fromkeys(known)]
    assert [row[0].strip("`") for row in of_bag] == ["rules", "gram", "sizes", "dimensions"]
    assert f"`{FORMAT}`" in whole[0][2]
    assert f"# The bundle format, protocol {PROTOCOL}\n" in DOC
    assert f"this format: {PROTOCOL}." in whole[1][2]
    assert "text rules: 1 (section 3) or 2 (section 13)." in of_bag[0][1]
    assert KNOWN_RULES == (1, 2)
    assert all(f"`{decision}`" in item[4][2] for decision in DECISIONS)


def test_limits():
    assert f"{archive.MAX_MANIFEST >> 20} MiB" in section(1)
    sizes = (archive.MAX_CARD, archive.MAX_GOLDEN, archive.MAX_VECTORIZER, archive.MAX_MEMBER)
    told = "; ".join(f"{size >> 20} MiB" for size in sizes)
    assert f"| {told}; {archive.MAX_TOGETHER >> 30} GiB |" in section(17)
    assert f"| {manifest.MAX_ITEMS:,}; {manifest.MAX_CLASSES:,} |" in section(17)
    assert f"2^{graphs.MAX_TENSOR.bit_length() - 1} numbers" in section(17)
    assert graphs.allowed(7, 3, 1) == (7 + 3 * 2**16, 4 * 7 + 8 * 3 * 2**16, 3 * (2**28 + 2 * 7))
    assert graphs.allowed(0, 1, 512).tensor == 16 * 512 * (512 + 256)
    packed = f"more than {archive.FREELY >> 20} MiB | {archive.MAX_PACKING} times the file |"
    assert packed in section(17)
    assert f"| 256; {golden.MAX_ROWS:,} |" in section(17)
    for most in (
        f"at most {tokens.MAX_VOCABULARY:,} words",
        f"{tokens.MAX_ADDED:,} `added_tokens` and {tokens.MAX_PARTS:,} rules",
        f"at most {tokens.MAX_TOKENS:,} tokens, `LongestFirst`",
        f"at most {tokens.MAX_WORD:,} characters to be cut",
        f"at most {tokens.MAX_AROUND} tokens around",
        f"at most {tokens.MAX_GROWTH}\ncharacters",
    ):
        assert most in section(17)
    assert f"at most {child_limits.MEMORY >> 30} GiB of memory, {TIMEOUT:g} s" in section(17)
    assert f"first {MAX_WORD} code points" in section(4)
    assert f"at most {MAX_WORDS:,}" in section(4)
    assert f"0x{zlib.crc32(b'123456789'):08X}" in section(4)


def test_flags():
    told = section(7)
    flags, limits = tables(told)
    assert [row[0].strip("`") for row in flags] == [*NAMES]
    assert [row[0].strip("`") for row in limits] == [field.name for field in fields(Flags)]
    assert told.count(f"n ≥ {FEW}") == 3
    assert f"that of `the ice` is 0x{pair_code('the', 'ice'):04X}." in told
    assert f"(n − 2) × s / {PROBES - 1}), s from 0 to {PROBES - 1}" in told
    assert "four fifths" in told
    assert COPIED == 0.8


def test_links_lead_somewhere():
    anchors = {
        re.sub(r"[^a-z0-9 \-]", "", line[3:].lower()).replace(" ", "-")
        for line in DOC.splitlines()
        if line.startswith("## ")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", DOC)) == anchors
    root = Path(__file__).resolve().parents[2]
    for name in re.findall(r"`(tests/[\w/]+\.py)`", DOC):
        assert (root / name).exists()
    for name in re.findall(r"`(kd_edge_runtime/[\w/]+\.py)`", DOC):
        assert (root / "runtime" / name).exists()
    for name in re.findall(r"`(kd_edge_export/[\w/]+\.py)`", DOC):
        assert (root / "export" / name).exists()


# The worked example

EXAMPLE = section(11)
NGRAMS, NUMBERS, STEPS = tables(EXAMPLE)
HEAD = next(line for line in EXAMPLE.splitlines() if line.startswith("| step |"))
RESPONSES = [cell.strip().strip("`") for cell in HEAD.strip("|").split("|")[1:]]


@pytest.fixture(scope="module")
def student():
    """The example's student, from its bytes as the document prints them."""
    blocks = re.findall(r"(?:^    (?:[0-9A-F]{2} +)*[0-9A-F]{2}\n)+", EXAMPLE, re.MULTILINE)
    vocabulary, weights = (bytes.fromhex(block) for block in blocks)
    return BagStudent(
        BagVocabulary.from_bytes(vocabulary, 4, [3, 2, 2]), BagWeights.from_bytes(weights, 7, 2, 3)
    )


def test_the_examples_hashes_and_rows(student):
    known = student.vocabulary
    place = {}
    for ngram, kind, hashed, number, row in NGRAMS:
        ngram, hashed = ngram.strip("`"), hashed.strip("`")
        if kind == "pair":
            first, second = ngram.split()
            code = place[first] << 16 | place[second]
        else:
            code = {"word": hash_word, "gram": hash_gram}[kind](ngram)
            assert code == zlib.crc32(hashed.encode())
        place[ngram] = int(row)
        assert number == f"0x{code:08X}"
        assert [*known.words, *known.grams, *known.pairs][int(row)] == code
    assert [int(row[4]) for row in NGRAMS] == [*range(7)]


def test_the_examples_numbers(student):
    told = {what: numbers(cell) for what, cell in NUMBERS}
    weights = student.weights
    assert told["table"] == [*struct.unpack("14b", weights.table)]
    assert told["scale"] == [*weights.scale]
    assert told["bias"] == [*weights.bias]
    assert told["head"] == [share for row in weights.head for share in row]
    assert told["head bias"] == [*weights.head_bias]


@pytest.mark.parametrize("at", range(len(RESPONSES)))
def test_the_examples_steps(student, at):
    response = RESPONSES[at]
    told = {row[0].strip("`"): row[1 + at] for row in STEPS}
    weights = student.weights
    words = rules.words(response)
    assert told["words"].split() == words == naive.words(response)
    rows = [int(row) for row in told["rows"].split()]
    assert sorted(rows) == sorted(naive.rows(student.vocabulary, response))
    assert int(told["N"]) == len(rows)
    number, *lanes = PlainModel(student)._long_lanes(words) or [0] * (1 + weights.dimensions)
    sums = [lane - 128 * number for lane in lanes]
    assert (number, numbers(told["sum"])) == (len(rows), sums)
    factor = max(number, 1) ** -0.5
    mean = [one * scale * factor for one, scale in zip(sums, weights.scale, strict=True)]
    assert numbers(told["sum × scale / sqrt(max(N, 1))"]) == pytest.approx(mean, abs=6e-8)
    hidden = [max(0.0, one + bias) for one, bias in zip(mean, weights.bias, strict=True)]
    assert numbers(told["hidden"]) == pytest.approx(hidden, abs=6e-8)
    logits = [
        bias + sum(one * other for one, other in zip(row, hidden, strict=True))
        for row, bias in zip(weights.head, weights.head_bias, strict=True)
    ]
    assert numbers(told["logit"]) == pytest.approx(logits, abs=6e-8)
    (found,) = PlainModel(student).probabilities([response])
    assert numbers(told["p"]) == pytest.approx(found, abs=6e-8)
    assert found == pytest.approx(naive.probabilities(student, response), abs=1e-12)
    values = (0, 1, 2)
    assert numbers(told["expected"]) == pytest.approx([expectation(values)(found)], abs=6e-8)
    for decision in DECISIONS:
        assert int(told[decision]) == decide(found, values, decision)
    assert told["flag"] == ("" if words else EMPTY)


def test_rules_2_classes_and_signs():
    told = section(13)
    classes, signs = tables(told)
    assert {row[0].strip("`") for row in classes} == {
        entry[-1] for entry in _rules2_tables.CLASSES.split()
    }
    assert {row[0].strip("`") for row in signs} - {""} == set("-–()~") < set(_symbols2.CONTEXT)
    operators = told.partition("*operator*, which are the signs")[2].partition(";")[0]
    assert set(re.findall(r"`(.)`", operators)) == set(_context2._OPERATORS)
    assert f"U+{ord(_symbols2._OVERLAY):04X}, which strikes out" in told


def test_rules_2_examples_of_each_line():
    """A text for each line of the table of signs: a word there, a gap beside it."""
    lines = {
        "-": ["-5 -.5 -√", "x-(y", "=-y", "a - b", " -x b-c"],
        "–": ["a – b", "(–5"],
        "(": ["2(x", "(5", "x-(y", "(-x", "a ( b"],
        ")": ["5)", "a)5", "a)-x", "a ) b"],
        "~": ["~5"],
    }
    words = words_by(2)
    for sign, texts in lines.items():
        read = {"–": "-", "~": "≈"}.get(sign, sign)
        assert all(read in words(text) for text in texts), sign
        assert words(f"ab{sign}cd") == ["ab", "cd"]


def test_markup_rules():
    from kd_edge_runtime.text.markup import plain_text

    [examples] = tables(section(14))
    for response, plain in ([cell.strip("`") for cell in row] for row in examples):
        assert plain_text(response) == plain
    assert f"rules: {rules.MARKUP_RULES} (section 14)" in DOC
    assert f"{rules.AFTER_MARKUP} more where `markup` is there" in DOC


def test_two_students():
    """The fields of `second`, and its worked example computed again."""
    told = section(15)
    names, steps = tables(told)
    assert [row[0].strip("`") for row in names] == [field.name for field in fields(Second)]
    assert f"T, {LEAST_TEMPERATURE:g} to {GREATEST_TEMPERATURE:g}" in names[8][2]
    weight, temperature, below = map(
        float,
        re.search(r"w = ([\d.]+) and T = ([\d.]+), and a `below` of ([\d.]+):", told).groups(),
    )
    step = {row[0].strip("`"): row[1:] for row in steps}
    first, second = numbers(step["first"][0]), numbers(step["second"][0])
    shares = together(first, second, weight, temperature)
    assert numbers(step["p"][0]) == pytest.approx(shares, abs=6e-8)
    mixed = [(1 - weight) * one + weight * two for one, two in zip(first, second, strict=True)]
    powers = [share ** (1 / temperature) for share in mixed]
    assert numbers(step["q"][0]) == pytest.approx(powers, abs=6e-8)
    sure = [max(numbers(cell)) for cell in step["first"]]
    assert sure == [float(cell) for cell in step["confidence` of the first"]]
    assert sure[0] < below <= sure[1]
    assert step["p"][1] == step["first"][1]
