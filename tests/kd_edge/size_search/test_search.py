"""The most accurate student that fits into so many bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kd_edge.bundling.bundle import ExportItem, ExportOptions, export
from kd_edge.data.responses import Row
from kd_edge.size_search.search import SHAPES, Search
from kd_edge.size_search.tried import SLACK, Limits, TooSmallError
from kd_edge.students.bag import KIND, BagOptions
from kd_edge.students.base import TextSources
from kd_edge.students.student import Student
from kd_edge_runtime.errors import InputError
from workshop import item_of, sentences

TEXTS = sentences(300, seed=3)


def held_out():
    return [
        Row(f"r{at}", "made-bag", text, at % 3) for at, text in enumerate(sentences(60, seed=9))
    ]


def bag(text, dimensions=8, bits=8, seed=0):
    """A student with random weights."""
    options = BagOptions(ngrams=text.vocabulary.size, dimensions=dimensions, bits=bits)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = KIND.build(text, 3, options)
        for parameter in network.parameters():
            parameter.data.add_(torch.randn(parameter.shape) * 0.3)
    return Student(
        kind="bag",
        item_id="made-bag",
        scale=item_of().scale,
        decision="most-probable",
        options=options,
        text=text,
        network=network.eval(),
        provenance={"rows": 300, "variants": 0},
    )


@pytest.fixture(scope="module")
def whole():
    # Words of their own, so that there are n-grams enough to leave out.
    texts = [f"{text} w{at % 50}x w{at % 50}y w{at % 50}z" for at, text in enumerate(TEXTS)]
    return bag(KIND.learn_text(TextSources(texts), BagOptions()))


def retrained(student, dimensions, bits):
    return bag(student.text, dimensions, bits, seed=dimensions * 10 + bits)


def size_of(student, folder, forms=("plain-int8",), sources=()):
    path = folder / "x.kdz"
    item = ExportItem(student, sources, tuple(held_out()), sources)
    export([item], path, {}, ExportOptions(forms))
    return path.stat().st_size


def test_what_fits_is_taken_as_it_is(whole, tmp_path):
    size = size_of(whole, tmp_path)
    found = Search(Limits(size + 2 * SLACK), held_out()).retrained(whole, TEXTS, pytest.fail)
    assert found.student is whole
    assert found.tried == (found.chosen,)
    assert abs(found.chosen.bytes - size) <= SLACK
    assert found.chosen.fits
    assert Search(Limits(size + 2 * SLACK), held_out()).cut(whole, TEXTS).student is whole


def test_every_shape_is_as_large_as_fits(whole, tmp_path):
    limit = 6_500
    found = Search(Limits(limit), held_out()).retrained(whole, TEXTS, retrained)
    fitting = [one for one in found.tried if one.fits]
    assert {(one.dimensions, one.bits) for one in fitting} == set(SHAPES)
    for one in fitting:
        assert 0.8 * limit < one.bytes <= limit or one.ngrams == whole.text.vocabulary.size, one
    best = max(one.qwk for one in fitting)
    assert found.chosen.qwk == best
    assert abs(size_of(found.student, tmp_path) - found.chosen.bytes) <= SLACK
    assert size_of(found.student, tmp_path) <= limit
    assert found.chosen.parameters == found.student.parameters


def test_among_equals_the_smallest(whole):
    def alike(student, dimensions, bits):
        made = retrained(student, dimensions, bits)
        with torch.no_grad():
            made.network.head.weight.zero_()  # one class for all
        return made

    found = Search(Limits(6_500), held_out()).retrained(whole, TEXTS, alike)
    assert found.chosen.bytes == min(one.bytes for one in found.tried if one.fits)


def test_forms_and_golden_rows_count(whole, tmp_path):
    sources = ("Why does the ice melt so fast? Explain what you think. Give two reasons.",)
    forms = ("plain-int8", "onnx-int8")
    size = size_of(whole, tmp_path, forms, sources)
    assert size > size_of(whole, tmp_path) + 1000
    assert (
        len(Search(Limits(size + 2 * SLACK), held_out(), sources, forms).cut(whole, TEXTS).tried)
        == 1
    )
    assert len(Search(Limits(size - SLACK), held_out(), sources, forms).cut(whole, TEXTS).tried) > 1


def test_cutting_trains_nothing(whole):
    found = Search(Limits(6_500), held_out()).cut(whole, TEXTS)
    assert {one.dimensions for one in found.tried} == {8}
    assert {one.bits for one in found.tried[1:]} == {6, 4}
    assert found.chosen.bytes <= 6_500
    assert found.student.text.vocabulary.size == found.chosen.ngrams
    assert whole.options.bits == 8


def test_nothing_fits(whole):
    with pytest.raises(TooSmallError, match=r"no bundle fits into 2,000 bytes: the smallest") as e:
        Search(Limits(2_000), held_out()).retrained(whole, TEXTS, retrained)
    assert isinstance(e.value, InputError)
    assert len(e.value.tried) == 1 + len(SHAPES)
    assert not any(one.fits for one in e.value.tried)
    assert "with 30 n-grams" in str(e.value)


def test_a_float_table_is_measured_as_it_is_exported(whole):
    floats = replace(whole, options=replace(whole.options, bits=32))
    floats.network.options = floats.options
    found = Search(Limits(10**6), held_out()).cut(floats, TEXTS)
    assert found.chosen.bits == 32
    floats.network.options = whole.options
