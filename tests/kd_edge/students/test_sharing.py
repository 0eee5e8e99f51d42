"""What enough students share, in the text stage of every kind of student."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from families import FAMILIES
from kd_edge.data.responses import Row
from kd_edge.distillation.options import DistilOptions
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.students.kept_out import kept_out
from kd_edge.students.sharing import Sharing, writers_of
from kd_edge.students.trimming import trim
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.vocabulary import grams, hash_gram, hash_word
from workshop import sentences

# A word, with its neighbour, that one student wrote in three responses, and three in one each.
ONCE, SHARED = "quokka quoll", "wombat bilby"
TEXTS = [*sentences(30), *[f"{ONCE} {at}" for at in range(3)], *[SHARED] * 3]
WRITERS = [*(f"s{at}" for at in range(30)), "anna", "anna", "Anna ", "x", "y", "z"]
BY_STUDENTS = Sharing(writers_of([Row("r", "i", "", student=name) for name in WRITERS]))
NEVER = Sharing(kept_out=kept_out(["Quokka", "BILBY"]))


def _known(kind, sharing, least=3):
    """Words, runs of characters and pairs that a text stage knows."""
    options = registry.get(kind).options({"min_responses": least})
    text = registry.get(kind).learn_text(TextSources(TEXTS, sharing=sharing), options)
    if kind == "rnn":
        return set(text.tokenizer.get_vocab())
    words = {word for one in TEXTS for word in one.lower().split()}
    vocabulary = text.vocabulary
    found = {word for word in words if hash_word(word) in {*vocabulary.words}}
    runs = {run for word in words for run in grams(word, vocabulary.gram)}
    found |= {run for run in runs if hash_gram(run) in {*vocabulary.grams}}
    codes = [*vocabulary.words]
    pairs = {(codes[code >> 16], codes[code & 0xFFFF]) for code in vocabulary.pairs}
    for pair in (ONCE, SHARED):
        if tuple(map(hash_word, pair.split())) in pairs:
            found.add(pair)
    return found


def _parts(kind, words):
    """What a student of this kind could know of two words: them, their pair, their runs."""
    if kind == "rnn":
        return {*words.split()}
    gram = registry.get(kind).options().gram
    return {*words.split(), words} | {run for word in words.split() for run in grams(word, gram)}


@pytest.mark.parametrize("kind", ["bag", "pairs", "rnn"])
def test_students_are_counted_where_they_are_known(kind):
    assert _known(kind, Sharing()) >= _parts(kind, ONCE) | _parts(kind, SHARED)
    known = _known(kind, BY_STUDENTS)
    assert known >= _parts(kind, SHARED)
    assert not known & _parts(kind, ONCE)
    assert not _known(kind, BY_STUDENTS, 4) & _parts(kind, SHARED)


@pytest.mark.parametrize("kind", ["bag", "pairs", "rnn"])
def test_listed_words_are_kept_out_with_all_that_tells_of_them(kind):
    known = _known(kind, NEVER)
    assert known >= _parts(kind, "wombat") | _parts(kind, "quoll")
    assert not known & (_parts(kind, ONCE) - _parts(kind, "quoll"))
    assert not known & (_parts(kind, SHARED) - _parts(kind, "wombat"))


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_pieces_of_words(name):
    tokenizer = FAMILIES[name][0]([*TEXTS, *["Quokka quokkas wombat"] * 9])
    vocabulary = tokenizer.get_vocab()
    pad = vocabulary.get("[PAD]", vocabulary.get("<pad>"))

    def known(texts, sharing):
        pieces = trim(tokenizer, texts, 3, pad, sharing).tokenizer.get_vocab()
        return {piece.strip("#\u0120\u2581").lower() for piece in pieces}

    assert {"quokka", "wombat"} <= known(TEXTS, Sharing())
    by_students = known(TEXTS, BY_STUDENTS)
    assert "quokka" not in by_students
    assert "wombat" in by_students
    # Not even where it is a part of other words, or of those that are merged from it.
    texts = [*TEXTS, *["quokkas"] * 3]
    never = known(texts, replace(NEVER, kept_out=kept_out(["QUOKKA"])))
    assert not {"quokka", "quokkas"} & never
    assert "wombat" in never


def test_rows_without_a_name_count_as_one_student():
    rows = [Row(str(at), "i", "", student=name) for at, name in enumerate(["a", None, None, " A"])]
    assert writers_of(rows) == ("a", "", "", "a")
    assert writers_of([Row("1", "i", "")]) == ()


def test_texts_that_share_nothing_name_what_was_counted():
    sources = TextSources(["ice"] * 3, sharing=Sharing(("a", "a", "b")))
    for kind in ("bag", "rnn"):
        options = registry.get(kind).options()
        with pytest.raises(InputError, match=r"3 of their 2 students share.*--student-column"):
            registry.get(kind).learn_text(sources, options)


@pytest.mark.parametrize("given", ["student_options", "second_options"])
def test_fewer_than_three_are_never_enough(given):
    with pytest.raises(InputError, match="no fewer than 3"):
        DistilOptions(student="both", **{given: {"min_responses": 2}})


def test_what_is_counted_has_a_hash():
    hashes = {one.sha256 for one in (BY_STUDENTS, NEVER, Sharing(("a", "b")))}
    assert len(hashes) == 3
    assert Sharing().sha256 == ""
    assert "quokka" not in json.dumps(NEVER.sha256)
