"""Words for flags, where a backend gives probabilities only."""

from __future__ import annotations

from dataclasses import replace

import pytest

import bundles_made
from kd_edge_runtime.backends.read_words import reader
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.students.item import LoadedItem


class Model:
    """Gives every response the same probabilities."""

    def probabilities(self, texts):
        return [(0.5, 0.5)] * len(texts)


@pytest.fixture
def item(tmp_path):
    bundles_made.write(tmp_path / "one.kdz", [bundles_made.item()])
    with Bundle(tmp_path / "one.kdz") as bundle:
        yield LoadedItem(bundle, bundle.manifest.items[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({"tokens": 9}, ["x", "=", "5"]),
        ({"tokens": 9, "rules": 1}, ["x", "=", "5"]),
        ({"tokens": 9, "rules": 2}, ["x", "=", "-", "5"]),
        ({"tokens": 9, "rules": 102, "markup": 1}, ["x", "=", "-", "5"]),
    ],
)
def test_a_student_of_tokens_has_its_words_counted_by_its_rules(item, text, words):
    entry = replace(item.entry, student="rnn", text=text, flags=replace(item.entry.flags, known=()))
    assert [*reader(replace(item, entry=entry), Model())(["x = -5"])] == [(words, None, (0.5, 0.5))]


def test_rules_of_a_later_version_are_refused(item):
    entry = replace(item.entry, student="rnn", text={"tokens": 9, "rules": 3})
    with pytest.raises(BundleError, match="needs text rules 3"):
        reader(replace(item, entry=entry), Model())
