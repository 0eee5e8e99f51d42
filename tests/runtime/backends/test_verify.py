"""Hashes and golden rows, on every backend that is here."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper

import bundles_made
from kd_edge_export.golden import golden_inputs
from kd_edge_export.onnx import bag
from kd_edge_export.onnx.graph import graph_bytes
from kd_edge_runtime import backends
from kd_edge_runtime.backends.verify import verify
from kd_edge_runtime.backends.verify_child import NATIVE
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError, BundleError, ParityError
from wrong_bundles import with_form, with_golden, with_wrong_rows

ROWS = len(golden_inputs(bundles_made.SENTENCES[:3]))
HERE = [name for name in backends.NAMES if not backends.missing(name)]


@pytest.fixture
def verified(tmp_path):
    """All that comes out of a bundle of these items."""

    def verified(*items, names=()):
        bundles_made.write(tmp_path / "a.kdz", items)
        with Bundle(tmp_path / "a.kdz") as bundle:
            return list(verify(bundle, names))

    return verified


def runs(entry):
    return [(name, form) for name in HERE for form in backends.forms(entry, name)]


def bad(results):
    return [(one.item_id, one.backend, one.form) for one in results if one.error]


def lacking(monkeypatch, *packages):
    installed = backends.is_installed
    monkeypatch.setattr(
        backends, "is_installed", lambda name: name not in packages and installed(name)
    )


def test_every_item_form_and_backend(verified):
    items = bundles_made.two_items()
    found = verified(*items)
    for item in items:
        entry = item.entry(dict.fromkeys(item.forms, ""), "", "")
        of_item = [(one.backend, one.form) for one in found if one.item_id == item.item_id]
        assert of_item == runs(entry)
    assert {"plain-int8", "onnx-int8", "onnx-fp32"} <= {one.form for one in found}
    assert [one.item_id for one in found] == sorted((one.item_id for one in found), reverse=True)
    for one in found:
        assert one.error is None
        assert (one.rows, one.tolerance, one.differing) == (ROWS, 1e-4, ())
        assert 0 <= one.greatest < 1e-6


def test_wrong_rows(verified):
    item = with_wrong_rows(bundles_made.item(), "onnx-int8", (3, 7))
    found = verified(bundles_made.item("spoon", seed=2), item)
    assert bad(found) == [("stove", "onnx", "onnx-int8")]
    (wrong,) = [one for one in found if one.error]
    assert isinstance(wrong.error, ParityError)
    assert (wrong.differing, wrong.rows) == ((3, 7), ROWS)
    assert wrong.greatest > 1e-3
    assert str(wrong.error) == (
        f"item 'stove', onnx-int8 on onnx: 2 of {ROWS} golden rows differ by up to "
        f"{wrong.greatest:.1e}, 1e-04 is allowed: 3, 7"
    )


def test_many_wrong_rows_are_not_all_named(verified):
    rows = (*range(1, ROWS + 1),)
    item = with_wrong_rows(bundles_made.item(), "plain-int8", rows)
    plain = verified(item)[0]
    assert plain.differing == rows
    assert str(plain.error).endswith(": " + ", ".join(map(str, range(1, 21))) + ", ...")


@pytest.mark.parametrize(("off", "good"), [(0.9e-4, True), (1.1e-4, False)])
def test_the_tolerance(verified, off, good):
    def change(content):
        content["outputs"]["plain-int8"][4][0] += off

    found = verified(with_golden(bundles_made.item(), change), names=["plain"])
    assert [one.error is None for one in found] == [good]
    assert found[0].greatest == pytest.approx(off, rel=1e-2)
    assert found[0].differing == (() if good else (5,))


def test_what_is_no_number_is_wrong(verified):
    weights = bundles_made.student().weights
    broken = bag.onnx_fp32(replace(weights, bias=(float("nan"),) * 8), "stove")
    found = verified(with_form(bundles_made.item(), "onnx-fp32", broken))
    assert bad(found) == [("stove", "onnx", "onnx-fp32")]
    assert isinstance(found[-1].error, ParityError)
    assert "the graph gave numbers that are no probabilities" in str(found[-1].error)


def graph(*nodes, **constants):
    """A graph that takes counts as the bag's does."""
    counts = helper.make_tensor_value_info("counts", TensorProto.FLOAT, ["N", 60])
    numbers = {name: np.array(array, dtype=np.int64) for name, array in constants.items()}
    return graph_bytes(nodes, [counts], 4, numbers, "stove")


def test_rows_that_do_not_come_are_wrong(verified):
    first = graph(
        helper.make_node("Slice", ["counts", "start", "end"], ["probabilities"]),
        start=[0, 0],
        end=[1, 4],
    )
    found = verified(with_form(bundles_made.item(), "onnx-fp32", first))
    assert bad(found) == [("stove", "onnx", "onnx-fp32")]
    assert isinstance(found[-1].error, BundleError)
    assert "do not have: Slice" in str(found[-1].error)


def test_a_form_that_does_not_load(verified):
    found = verified(with_form(bundles_made.item(), "onnx-fp32", b"no graph"))
    assert bad(found) == [("stove", "onnx", "onnx-fp32")]
    assert isinstance(found[-1].error, BundleError)
    assert str(found[-1].error) == (
        "item 'stove', onnx-fp32 on onnx: item 'stove': the graph 'onnx-fp32' is cut or damaged"
    )
    assert (found[-1].rows, found[-1].differing) == (0, ())


def test_a_form_that_does_not_run(verified):
    seven = graph(
        helper.make_node("Reshape", ["counts", "shape"], ["whole"]),
        helper.make_node("Slice", ["whole", "start", "end"], ["probabilities"]),
        shape=[7, 60],
        start=[0, 0],
        end=[7, 4],
    )
    found = verified(with_form(bundles_made.item(), "onnx-fp32", seven))
    assert bad(found) == [("stove", "onnx", "onnx-fp32")]
    assert isinstance(found[-1].error, BundleError)
    assert "\n" not in str(found[-1].error)
    assert len(str(found[-1].error)) < 300


def test_a_package_that_does_not_import(verified, monkeypatch, tmp_path):
    # As a wheel for another processor or Python does.
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('\\n\\nmade for   another\\n')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("onnxruntime", "kd_edge_runtime.backends.with_onnx"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    found = verified(bundles_made.item())
    broken = [one for one in found if one.error]
    assert {one.backend for one in broken} == {"onnx"}
    assert len(broken) < len(found)
    for one in broken:
        assert isinstance(one.error, BackendError)
        assert "does not work here (ImportError: made for another)" in str(one.error)


def test_a_student_that_nothing_runs(verified):
    oracle = replace(bundles_made.item("oracle"), student="oracle")
    found = verified(bundles_made.item(), oracle)
    assert bad(found) == [("oracle", "auto", "")]
    assert isinstance(found[-1].error, BackendError)
    assert "item 'oracle', any form on auto" in str(found[-1].error)
    assert "nor does any other" in str(found[-1].error)
    assert len(found) > 1
    assert bad(verified(oracle)) == [("oracle", "auto", "")]


def test_forms_that_nothing_reads(verified):
    item = bundles_made.item()
    newer = replace(item, forms={"plain-int2": ("bag.int2", b"12")})
    found = verified(newer)
    assert bad(found) == [("stove", "auto", "")]
    assert "the bundle has plain-int2" in str(found[0].error)
    # Beside a form that is known, it is no reason to complain.
    both = replace(item, forms={**item.forms, **newer.forms})
    assert bad(verified(both)) == []


def test_a_backend_that_is_not_here(verified, monkeypatch):
    lacking(monkeypatch, "onnxruntime")
    assert "onnx" not in {one.backend for one in verified(bundles_made.item())}
    found = verified(bundles_made.item(), names=["plain", "onnx"])
    assert bad(found) == [("stove", "onnx", "onnx-int8"), ("stove", "onnx", "onnx-fp32")]
    assert all(isinstance(one.error, BackendError) for one in found[1:])
    assert str(found[1].error).endswith("pip install onnxruntime")


def test_an_item_whose_backend_is_not_here(verified, monkeypatch):
    item = bundles_made.item()
    only = replace(item, forms={"onnx-fp32": item.forms["onnx-fp32"]})
    assert bad(verified(only)) == []
    lacking(monkeypatch, "onnxruntime")
    found = verified(only)
    assert bad(found) == [("stove", "auto", "")]
    assert str(found[0].error).endswith("pip install onnxruntime")


def test_named_backends_and_no_others(verified):
    assert {one.backend for one in verified(bundles_made.item(), names=["numpy"])} == {"numpy"}


def test_a_named_backend_has_to_run_every_item(verified):
    item = bundles_made.item()
    only = replace(item, item_id="spoon", forms={"onnx-fp32": item.forms["onnx-fp32"]})
    found = verified(item, only, names=["plain", "onnx"])
    assert bad(found) == [("spoon", "plain", "")]
    assert "has no form 'plain-int8'" in str(found[-2].error)
    rnn = replace(item, item_id="spoon", student="rnn")
    assert "does not run small models of kind 'rnn'" in str(verified(rnn, names=["plain"])[0].error)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("inputs"),
        lambda content: content["outputs"]["onnx-fp32"].pop(),
        lambda content: content.update(tolerance=2),
    ],
)
def test_golden_rows_that_are_none(verified, change):
    found = verified(with_golden(bundles_made.item(), change))
    assert len(bad(found)) == len(found) > 2
    assert all(isinstance(one.error, BundleError) for one in found)


def test_a_form_without_golden_rows(verified):
    item = with_golden(bundles_made.item(), lambda content: content["outputs"].pop("onnx-fp32"))
    found = verified(item)
    assert bad(found) == [("stove", "onnx", "onnx-fp32")]
    assert isinstance(found[-1].error, BundleError)
    assert "'items/0/golden.json' has no golden rows for the form" in str(found[-1].error)


def test_text_rules_of_a_later_version(verified):
    item = bundles_made.item()
    found = verified(replace(item, text={**item.text, "rules": 99}))
    assert len(bad(found)) == len(found) > 2
    assert all("update kd-edge-runtime" in str(one.error) for one in found)


def test_a_damaged_member(tmp_path):
    path = tmp_path / "a.kdz"
    bundles_made.write(path)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x03\x04") + 80] ^= 0xFF  # within the last member, the golden rows
    path.write_bytes(data)
    with Bundle(path) as bundle, pytest.raises(BundleError, match=r"golden\.json"):
        next(verify(bundle))


def test_each_result_comes_when_it_is_known(tmp_path):
    bundles_made.write(tmp_path / "a.kdz", bundles_made.two_items())
    with Bundle(tmp_path / "a.kdz") as bundle:
        results = verify(bundle)
        assert next(results).item_id == "stove"
    # The rest was not read before the file was closed; graphs are read by another process.
    rest = [one for one in results if one.backend not in NATIVE]
    assert rest
    assert all(isinstance(one.error, BundleError) for one in rest)
