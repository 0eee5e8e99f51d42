"""The backend that calls the core: what it refuses, and when it is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

import bundles_made
from kd_edge_runtime import backends
from kd_edge_runtime.backends import choose
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.item import LoadedItem

pytestmark = pytest.mark.skipif(
    bool(backends.missing("core")), reason="kd-edge-core is not installed"
)


@pytest.fixture
def item(tmp_path):
    path = tmp_path / "one.kdz"
    bundles_made.write(path)
    with Bundle(path) as bundle:
        yield LoadedItem(bundle, bundle.manifest.items[0])


def test_it_is_chosen_where_golden_rows_come_out(item):
    assert choose.load(item)[0] == choose.choose(item)[0] == "core"


def test_golden_rows_that_differ_in_their_last_digit(item, monkeypatch):
    from kd_edge_runtime.backends import with_core

    right = with_core.CoreModel.probabilities
    monkeypatch.setattr(
        with_core.CoreModel,
        "probabilities",
        lambda self, texts: [tuple(p + 2e-7 for p in row) for row in right(self, texts)],
    )
    assert choose.load(item)[0] == choose.choose(item)[0] == "plain"


def test_a_number_that_the_core_cannot_hold(item):
    far = replace(item.entry, values=(0, 1, 2, 1 << 60))
    with pytest.raises(BackendError, match="too large for the backend 'core'"):
        backends.load(replace(item, entry=far), "core")
    assert choose.load(replace(item, entry=far))[0] == "plain"


def test_wrong_sizes_are_refused(item):
    for sizes in ([1, 2], [-1, 25, 24], [24, 24, 13]):
        text = {**item.entry.text, "sizes": sizes}
        with pytest.raises(BundleError):
            backends.load(replace(item, entry=replace(item.entry, text=text)), "core")


def test_threads_of_a_scorer(tmp_path):
    path = tmp_path / "one.kdz"
    bundles_made.write(path)
    texts = [*bundles_made.SENTENCES] * 60
    with Scorer.open(path, "core", threads=3) as three, Scorer.open(path, "core") as one:
        assert three.score_many(texts) == one.score_many(texts)
        assert one.score_many(texts, threads=2) == one.score_many(texts)
        with pytest.raises(TypeError, match="response 1 must be a string, not int"):
            one.score_many(["a", 1])  # type: ignore[list-item]
        assert one.score("the ice \ud800 melts") == one.score("the ice , melts")
