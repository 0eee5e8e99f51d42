"""What the backends of exported graphs share."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

import bundles_made
from kd_edge_runtime.backends.graph_backends import CountsInput, check
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.students.item import LoadedItem

VECTORIZER = hashlib.sha256(bundles_made.vocabulary().to_bytes()).hexdigest()


@pytest.fixture(scope="module")
def item(tmp_path_factory):
    path = tmp_path_factory.mktemp("graphs") / "item.kdz"
    bundles_made.write(path)
    with Bundle(path) as bundle:
        yield LoadedItem(bundle, bundle.manifest.items[0])


def test_counts(item):
    source = CountsInput(item)
    assert source.widths == {"counts": [60]}
    ((name, counts),) = source.feed(["the ice", "", "zq"]).items()
    assert (name, counts.shape, counts.dtype) == ("counts", (3, 60), np.float32)
    number = (counts[0] > 0).sum()
    # 1 / sqrt(N) each of N n-grams
    assert number > 2
    assert counts[0].sum() == pytest.approx(number**0.5)
    assert not counts[1:].any()


@pytest.mark.parametrize(
    "metadata", [{}, {"kd-edge.item": "other"}, {"kd-edge.vectorizer": VECTORIZER}]
)
def test_a_graph_that_is_the_items(item, metadata):
    check(item, "form", True, metadata)
    with pytest.raises(BundleError, match="item 'stove': the graph 'form' does not match the man"):
        check(item, "form", False, metadata)


@pytest.mark.parametrize("digest", ["", "ab" * 32, VECTORIZER.upper()])
def test_a_graph_of_another_vectorizer(item, digest):
    with pytest.raises(
        BundleError, match="item 'stove': the graph 'form' was exported for another v"
    ):
        check(item, "form", True, {"kd-edge.vectorizer": digest})
