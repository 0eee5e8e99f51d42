"""A network that items share is compared with PyTorch on all of their responses."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.bundling.parity import Gate, Limits, Sample
from kd_edge.bundling.shared_parity import SharedParity
from kd_edge.data.responses import Scale
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE
from kd_edge_runtime.errors import ParityError

SCALE = Scale.from_classes(("0", "1", "2"))


def gate(name, count, scored=True, limits=None):
    """The gate of an item with two golden rows; PyTorch is certain that all are of class 1."""
    sample = Sample(
        ("golden 0", "golden 1"),
        tuple(f"text {at}" for at in range(count)),
        tuple(f"{name}-{at}" for at in range(count)),
        (np.arange(count) < 40).astype(np.int64) if scored and count else None,
    )
    return Gate(name, SCALE, MOST_PROBABLE, sample, certain(2 + count), limits or Limits())


def certain(count, moved=()):
    found = np.tile([0.1, 0.8, 0.1], (count, 1))
    found[list(moved)] = [0.8, 0.1, 0.1]
    return found


def shared(*items, **more):
    """What items gave: of each its name, its number of responses, and the rows that differ."""
    found = SharedParity()
    for name, count, moved in items:
        outputs = {"onnx-int8": certain(2 + count, moved)}
        found.add("cross", gate(name, count, **more), outputs)
    return found


def test_one_of_eight_responses_may_differ_where_all_items_have_a_hundred():
    limits = Limits(qwk_loss=2)
    shared(("ice", 8, [5]), ("sun", 100, []), limits=limits).check()
    with pytest.raises(ParityError, match=r"'ice': .* 87\.5% of 8 classes .* 'ice-3'"):
        shared(("ice", 8, [5]), limits=limits).check()


def test_too_many_of_all_are_told_with_some_of_them():
    found = shared(("ice", 50, []), ("sun", 50, [2, 9]), ("sea", 0, [0, 1]))
    with pytest.raises(ParityError, match=r"'ice and 1 more': .* 98\.0% of 100 .* 'sun-0', .*-7'"):
        found.check()


def test_agreement_with_people_is_that_of_all():
    many = [*range(2, 12)]
    found = shared(("ice", 60, many), ("sun", 60, []), limits=Limits(equal=0))
    with pytest.raises(ParityError, match="QWK on held-out responses"):
        found.check()
    shared(("ice", 60, many), ("sun", 60, []), limits=Limits(equal=0), scored=False).check()


def test_golden_rows_are_compared_where_there_are_no_responses():
    shared(("ice", 0, []), ("sun", 0, [])).check()
    with pytest.raises(ParityError, match=r"75\.0% of 4 classes .* golden row 4"):
        shared(("ice", 0, []), ("sun", 0, [1])).check()


def test_kinds_are_compared_by_themselves():
    found = shared(("ice", 300, []))
    found.add("pairs", gate("ice", 20), {"plain-int8": certain(22, [3])})
    with pytest.raises(ParityError, match="plain-int8"):
        found.check()
