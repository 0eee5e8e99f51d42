"""Text rules 2: as written, frozen, and the same as a slow second writing of them."""

from __future__ import annotations

import importlib.util
import json
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import naive2
from kd_edge_runtime.text import KNOWN_RULES, rules, rules2, words_by
from kd_edge_runtime.text.rules2 import words

ROOT = Path(__file__).parents[3]
EVERY = [*range(0x32000), *range(0x32000, 0x110000, 61), 0xDFFFF, 0xE0000, 0x10FFFF]
ANY = st.text(st.characters(exclude_categories=()))
# What is read by its neighbours, with a few letters of each class.
MEANT = st.text(
    st.sampled_from(
        " \u00a0;.,()-–−!~+*/=<>^√≠≈±%019abxAéα'²³⁻\u0338水ก\u0e31เ\u1000\u1037\u1039\u103aא\u064bक"
    ),
    max_size=20,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ""),
        (" \t\r\n\x00\x85\u00a0\u1680\u2003\u2028\u3000\u200b", ""),
        ("The ICE melts: don't rinse “twice”…", "the ice melts dont rinse twice"),
        # Signs.
        ("x = -5", "x = - 5"),
        ("x=−5 x = –5 x=-y -x", "x = - 5 x = - 5 x = - y - x"),
        ("well-known e-mail (-ing) (yes)-no - ", "well known e mail ing yes no -"),
        ("a-b 5-x 3x-y x−y", "a - b 5 - x 3 x - y x - y"),
        ("5 – 3, 2–3 — so", "5 - 3 2 3 so"),
        ("a -> b --> c → d ⟹ e", "a > b > c > d > e"),
        ("a<=b a≤b a!=b a≠b a=\u0338b", "a < = b a < = b a ≠ b a ≠ b a ≠ b"),
        ("∉ ∈\u0338 ± √2 π ∞ ~5 ~x ≅", "∈ ¬ ∈ ¬ ± √ 2 π ∞ ≈ 5 x ≈"),
        ("2(3+4) (yes) f(x) ( 5 ) :-) :(", "2 ( 3 + 4 ) yes f x ( 5 )"),
        ("(x+1)(x-1) -(3+4)", "x + 1 ) ( x - 1 ) - ( 3 + 4 )"),
        ("x² 10⁻³ Na⁺ SO₄²⁻ CO₂", "x ^ 2 10 ^ - 3 na ^ + so4 ^ 2 - co2"),
        ("½ 3×4÷2⋅6·7 30%", "1 / 2 3 * 4 / 2 * 6 * 7 30 %"),
        # Numbers.
        ("0.5 0,5 .5 -.5 x=.5 5. ...5", "0.5 0.5 0.5 - 0.5 x = 0.5 5 5"),
        ("1,000 1.000.000 1\u00a0000 1'000 1٬000", "1000 1000000 1000 1000 1000"),
        ("1,234.56 1.234,56 1.000 0,500", "1234.56 1234.56 1.000 0.500"),
        ("1.2.3 12.05.2020 1,2,3 1 000 1234,567", "1 2 3 12 05 2020 1 2 3 1 000 1234.567"),
        ("5kg 2x co2 h2o 1st ５％", "5 kg 2 x co2 h2o 1 st 5 %"),
        ("٣٫١٤ १२३ ๕ 𝟓", "3.14 123 5 5"),
        ("1" * 50, "1" * 40 + " " + "1" * 10),
        # Scripts.
        ("العَرَبِيَّة مدرسةٌ على؟ أإآٱ ﻻ العـربية", "العربيه مدرسه علي اااا لا العربيه"),
        ("می\u200cشود کتاب", "ميشود كتاب"),
        ("שָׁלוֹם־עולם צה״ל ץ", "שלומ עולמ צהל צ"),
        ("मेरा नाम है। \u0958 \u0915\u093c", "मेरा नाम है क\u093c क\u093c"),
        ("ሰላም፡ለዓለም።", "ሰላም ለዓለም"),
        ("Հայ ՀԱՅ ի՞նչ և", "հայ հայ ինչ եւ"),
        ("Აბ Ⴀბ ⴀბ", "აბ აბ აბ"),
        ("แมวกินปลา", "แม ว กิ น ป ลา"),
        ("ແມວກິນປາ", "ແມ ວ ກິ ນ ປາ"),
        ("ខ្ញុំស្រឡាញ់", "ខ្ញុំ ស្រ ឡា ញ់"),
        ("မြန်မာ ကမ္ဘာ", "မြန် မာ က မ္ဘာ"),
        ("བོད་སྐད།", "བོད སྐད"),
        ("水の温度は5℃・ガ カ\u3099 ｶﾞ", "水 の 温 度 は 5 c カ\u3099 カ\u3099 カ\u3099"),
        ("한", "\u1112\u1161\u11ab"),
        ("𝑥 ﬁre ＡＢ１ ok\U0001f600ok", "x fire ab1 ok ok"),
    ],
)
def test_the_rules_as_written(written, read):
    assert words(written) == read.split()
    assert naive2.words(written) == read.split()


def test_the_conformance_corpus():
    corpus = ROOT / "tests" / "conformance" / "words-2.jsonl"
    told = [json.loads(line) for line in corpus.read_text(encoding="ascii").splitlines()]
    assert [one for one in told if words(one["text"]) != one["words"]] == []
    assert len(told) > 1000


def test_the_rules_by_their_number():
    assert KNOWN_RULES == (1, 2)
    assert words_by(1) is rules.words
    assert words_by(2) is words
    with pytest.raises(ValueError, match="no text rules 3"):
        words_by(3)


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the tables' own Unicode")
def test_the_tables_are_what_unicode_says():
    path = ROOT / "runtime" / "make_rules2.py"
    spec = importlib.util.spec_from_file_location("make_rules2", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.tables() == module.TABLES.read_text(encoding="ascii")


def test_every_code_point_is_read_as_the_second_writing_reads_it():
    for code in EVERY:
        text = f"{chr(code)} ab{chr(code)}b 5{chr(code)}5"
        assert words(text) == naive2.words(text), hex(code)


def test_all_code_points_at_once():
    found = words("".join(map(chr, EVERY)))
    assert len(found) > 50_000
    assert words(" ".join(found)) == found


@given(ANY | MEANT)
@example("5!=\u0338\u0338")
@example("က.5 -ကက်")
@example("²4≠.9(±.(0*'–")
def test_any_string_has_words_and_they_are_clean(text):
    found = words(text)
    assert found == naive2.words(text)
    for word in found:
        assert word
        assert not any(char.isspace() or "A" <= char <= "Z" for char in word)
        word.encode("utf-8")
    # Words that are written with spaces between them are the same words: signs and brackets too,
    # which count between spaces.
    assert words(" ".join(found)) == found
    assert words(text + " \n" + text) == found * 2


@given(
    st.text(st.characters(max_codepoint=255), max_size=60), st.sampled_from(["", "’", "–", "水"])
)
def test_the_quick_way_of_latin_letters_reads_what_the_other_reads(text, far):
    assert words(text + far) == naive2.words(text + far)


@given(st.lists(st.text(st.sampled_from("abcdefgh'-’“”. ")), max_size=8))
def test_hyphens_of_ordinary_text(parts):
    text = " ".join(parts)
    assert words(text) == naive2.words(text)


# Greek, Cyrillic, Arabic, Devanagari, Bengali, Tamil, kana and Hangul, composed and taken apart.
COMPOSED = "éñάйأؤئ\u0959\u09df\u0bca\u0ccbガぱ한각ủ≠∉≰Å"


@given(st.lists(st.sampled_from(COMPOSED)).map("b".join), st.sampled_from(["NFC", "NFD"]))
def test_composed_and_decomposed_text_is_the_same(text, form):
    assert words(unicodedata.normalize(form, text)) == words(text)


@pytest.mark.parametrize(
    "piece", ["-", "(", "1,", "1", ".", "1.", "a-", "~", "²", "ก", "เ", "က်", "=\u0338", "(-", "-("]
)
def test_hostile_texts_take_steps_in_proportion_to_their_length(piece):
    def steps(number):
        """The lines of Python that reading takes: the same on every machine."""
        count = 0

        def trace(*_):
            nonlocal count
            count += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            words(piece * number)
        finally:
            sys.settrace(before)
        return count

    steps(10)
    assert steps(20_000) <= 11 * steps(2_000)


@pytest.mark.parametrize("piece", ["ab-cd ", "ab-c ", "a-bc ", "ab-cd-"])
def test_many_hyphens_that_fit_before_one_that_does_not(piece):
    """A pattern in which they fit in two ways is tried for ever, and has no lines to count."""
    text = piece * 500 + " -x"
    assert words(text) == naive2.words(text)


def test_what_is_read_at_first_sight_needs_no_tables(monkeypatch):
    def refused():
        raise AssertionError("a second look")

    monkeypatch.setattr(rules2, "_second_look", refused)
    assert words("It’s “well-known”: ice melts…") == ["its", "well", "known", "ice", "melts"]
