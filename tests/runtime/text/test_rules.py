"""The text rules: as written, frozen, and the same as a slow second writing of them."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import naive
from kd_edge_runtime.text import rules as text_module
from kd_edge_runtime.text._fold import LETTERS, PLAIN, SPELT_OUT
from kd_edge_runtime.text.rules import TEXT_RULES, words

# Every code point of the planes with letters, many of the others, and where ranges end.
CODE_POINTS = [
    *range(0x32000),
    *range(0x32000, 0x110000, 61),
    *(0x3FFFF, 0x40000, 0xDFFFF, 0xE0000, 0x10FFFF),
]

# Any string at all: what st.text leaves out by default are the surrogates.
ANY = st.text(st.characters(exclude_categories=()))
LETTERS_TO_FOLD = [
    chr(code)
    for first, last in naive.FOLDED
    for code in range(first, last + 1)
    if unicodedata.category(chr(code)).startswith("L")
]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", []),
        (" \t\r\n\x0b\x0c\x00\x1f\x7f\x85\xa0\u1680\u2003\u2028\u3000", []),
        ("The ICE melts", ["the", "ice", "melts"]),
        ("don't dont don’t don`t don´t don‘t donʼt", ["dont"] * 7),
        ("f′ soft\u00adhyphen \ufeffmark", ["f", "softhyphen", "mark"]),
        (
            "well-known, (yes); a_b a.b 3.5 [x] {y} ~z ^w #1 @b $5 a&b a|b a\\b",
            [
                "well",
                "known",
                "yes",
                "a",
                "b",
                "a",
                "b",
                "3",
                "5",
                "x",
                "y",
                "z",
                "w",
                "1",
                "b",
                "5",
                "a",
                "b",
                "a",
                "b",
                "a",
                "b",
            ],
        ),
        ('"so" she said: why? now!', ["so", "she", "said", "why", "now"]),
        ("1+2=3*4/5<6>7%", list("1+2=3*4/5<6>7%")),
        ("3×4÷2", ["3", "*", "4", "/", "2"]),
        ("1⁄2 1∕2", ["1", "/", "2", "1", "/", "2"]),
        ("a→b←c a≤b a≥b", ["a", ">", "b", "<", "c", "a", "<", "=", "b", "a", ">", "=", "b"]),
        ("½¼¾", ["1", "/", "2", "1", "/", "4", "3", "/", "4"]),
        ("⅓⅔⅛", ["1", "/", "3", "2", "/", "3", "1", "/", "8"]),
        ("１＋２＝３＊４／５＜６＞７％", list("1+2=3*4/5<6>7%")),
        ("CO₂ x² m³ 10⁻³ H₂O", ["co2", "x2", "m3", "10", "3", "h2o"]),
        ("⁰¹²³⁴⁵⁶⁷⁸⁹ ₀₁₂₃₄₅₆₇₈₉", ["0123456789", "0123456789"]),
        (
            "5 µm, 5 μm, 5 Ω, 5 \u2126, 3 \u212a, 2 \u212b, 25 °C",
            ["5", "μm", "5", "μm", "5", "ω", "5", "ω", "3", "k", "2", "a", "25", "c"],
        ),
        (
            "Größe naïve CAFÉ señor Øre Łódź Æon œuvre Straße STRASSE Þing",
            [
                "grosse",
                "naive",
                "cafe",
                "senor",
                "ore",
                "lodz",
                "aeon",
                "oeuvre",
                "strasse",
                "strasse",
                "thing",
            ],
        ),
        ("İstanbul ısı ŀl ŉ ƒ", ["istanbul", "isi", "ll", "n", "f"]),
        ("Ωμέγα ΣΑΣ σας", ["ωμεγα", "σασ", "σασ"]),
        ("Привет Ёлка Йод", ["привет", "елка", "иод"]),
        ("日本語とカナ", list("日本語とカナ")),
        ("水の温度は5℃", ["水", "の", "温", "度", "は", "5"]),
        ("ＡＢＣ１２３ｚ！", ["abc123z"]),
        ("한국어 العربية हिन्दी", ["한국어", "العربية", "हिन्दी"]),
        ("ok🙂ok \U0001f600", ["ok", "ok"]),
        ("a\ud800b \udfff", ["a", "b"]),
        ("a\ue000b\ufffdc\U000f0000d\U0010ffffe", ["a", "b", "c", "d", "e"]),
        ("e\u0301te\u0301", ["ete"]),
        ("\u0301\u0302", []),
    ],
)
def test_the_rules_as_written(written, read):
    assert words(written) == read
    assert naive.words(written) == read


def test_the_conformance_corpus():
    corpus = Path(__file__).parents[2] / "conformance" / "words-1.jsonl"
    told = [json.loads(line) for line in corpus.read_text(encoding="ascii").splitlines()]
    assert [one for one in told if words(one["text"]) != one["words"]] == []
    assert len(told) > 1000


def test_the_rules_have_the_number_that_bundles_name():
    assert TEXT_RULES == 1


def test_the_table_of_letters_is_what_unicode_says():
    derived = {char: naive.fold(char) for char in LETTERS_TO_FOLD if naive.fold(char) != char}
    frozen = {**dict(zip(LETTERS, PLAIN, strict=True)), **SPELT_OUT}
    assert frozen == derived
    assert len(LETTERS) + len(SPELT_OUT) == len(frozen)  # no letter twice


def test_every_code_point_is_read_as_the_second_writing_reads_it():
    table = text_module._table()
    for code in CODE_POINTS:
        char = chr(code)
        assert char.translate(table) == naive.read_as(char), hex(code)


def test_the_latin_part_of_the_table_is_what_the_table_says():
    table = text_module._table()
    for code, read in enumerate(text_module._LATIN):
        plain = chr(code).translate(table)
        single = len(plain) == 1 and plain.isascii()
        assert read == (ord(plain) if single else 0 if plain else ord("'")), hex(code)


def test_all_code_points_at_once():
    found = words("".join(map(chr, CODE_POINTS)))
    assert len(found) > 50_000
    assert words(" ".join(found)) == found
    assert not any(char.isspace() for char in set("".join(found)))


@given(ANY)
@example("ͺ\u0345ẚʾ")
def test_any_string_has_words_and_they_are_clean(text):
    found = words(text)
    assert found == naive.words(text)
    assert all(found)
    for word in found:
        assert " " not in word
        assert not any("A" <= char <= "Z" for char in word)
        assert not any(char.isspace() for char in word)
        word.encode("utf-8")
    assert words(" ".join(found)) == found
    assert words(text + " " + text) == found * 2


@given(st.text(st.sampled_from(LETTERS_TO_FOLD + list("abc "))))
@example("Å")
@example("\u212b")
@example("\u2126")
def test_composed_and_decomposed_letters_are_the_same_words(text):
    read = words(text)
    assert words(unicodedata.normalize("NFC", text)) == read
    assert words(unicodedata.normalize("NFD", text)) == read


def test_each_letter_alone_composed_and_decomposed():
    for char in [*LETTERS_TO_FOLD, "\u2126", "\u212a", "\u212b"]:
        assert words(char) == words(unicodedata.normalize("NFD", char)), hex(ord(char))
        assert words(char) == words(unicodedata.normalize("NFC", char)), hex(ord(char))


@given(st.text(st.sampled_from([char for char in LETTERS_TO_FOLD if len(char.lower()) == 1])))
def test_case_makes_no_difference(text):
    assert words(text.lower()) == words(text)


def test_no_text_fills_the_memory():
    table = text_module._table.__wrapped__()
    start = len(table)
    "".join(map(chr, range(0x400, 0x20000))).translate(table)
    assert start < len(table) <= table._KEPT
    assert words("\u4e00\u4e01") == ["\u4e00", "\u4e01"]
    # What is no longer kept is still read by the rules.
    assert "\U00020000a".translate(table) == " \U00020000 a"


LATIN = st.text(st.characters(max_codepoint=255), max_size=60)


MARKS = [*text_module._TYPOGRAPHIC]


@given(LATIN, st.sampled_from(["", *MARKS, "\u4e00", "\ud800"]), LATIN)
def test_the_quick_way_of_latin_letters_reads_what_the_other_reads(text, far, rest):
    assert words(text + far + rest) == naive.words(text + far + rest)


def test_each_typographic_mark_is_read_as_the_table_reads_it():
    for mark in MARKS:
        text = f"don{mark}t {mark}so it is{mark}"
        assert words(text) == text.translate(text_module._table()).split(), hex(ord(mark))


def test_each_latin_letter_within_a_word():
    for code in range(256):
        text = f"don't {chr(code)} a{chr(code)}B {chr(code)}2"
        assert words(text) == naive.words(text), hex(code)
