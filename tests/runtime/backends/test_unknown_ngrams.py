"""How much of a response a student does not know, against a count by hand."""

from __future__ import annotations

import pytest

import bundles_made
import seconds_made
from bundles_made import GRAM, SENTENCES
from kd_edge_runtime.backends.unknown_ngrams import unknown_ngrams
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import hash_gram, hash_word

TEXTS = [*SENTENCES[:3], "", "a", "the the the", "Xyzzy " * 3 + "x" * 100]


def by_hand(text, known):
    """What FORMAT.md says, n-gram by n-gram."""
    found = words(text)
    places = [known.words.index(hash_word(w)) if hash_word(w) in known.words else -1 for w in found]
    runs = [
        f"<{word[:40]}>"[start : start + GRAM]
        for word in found
        for start in range(len(word[:40]) + 3 - GRAM)
    ]
    pairs = [*zip(places, places[1:], strict=False)]
    seen = sum(place >= 0 for place in places) + sum(hash_gram(run) in known.grams for run in runs)
    seen += sum(a >= 0 and b >= 0 and (a << 16 | b) in known.pairs for a, b in pairs)
    total = len(found) + len(runs) + len(pairs)
    return total - seen, total


@pytest.mark.parametrize("text", TEXTS)
def test_of_a_bag_every_ngram_counts(text, tmp_path):
    bundles_made.write(tmp_path / "x.kdz")
    with Bundle(tmp_path / "x.kdz") as bundle:
        loaded = LoadedItem(bundle, bundle.manifest.item())
        count, known = unknown_ngrams(loaded), loaded.vocabulary()
    assert count(text) == by_hand(text, known)


def test_of_a_tokenizer_unknown_pieces_count(tmp_path):
    bundles_made.write(tmp_path / "x.kdz", [seconds_made.item()])
    with Bundle(tmp_path / "x.kdz") as bundle:
        count = unknown_ngrams(LoadedItem(bundle, of_second(bundle.manifest.item())))
    assert count("the ice 7") == (1, 3)  # a digit is in no piece
    assert count("") == (0, 0)
